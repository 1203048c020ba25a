// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Keeper

exit(KeeperCommand.run(arguments: CommandLine.arguments))
