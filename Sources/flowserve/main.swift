// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Packing
internal import ServingModel
internal import TemplateProcess

let help = """
    flowserve: the engine of DeepFlow

    usage: flowserve template      serve fork orders of a keeper
           flowserve pack          turn a checkpoint into an artefact
           flowserve verify        compare an artefact with its checksums

    All are started by the node's daemons with the descriptors that they need;
    people use the command deepflow.

    """

func write(_ text: String, to descriptor: CInt) {
    _ = Array(text.utf8).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
}

switch CommandLine.arguments.dropFirst().first {
case "template": exit(TemplateMain.run(arguments: CommandLine.arguments.dropFirst(2)))
case "pack": exit(PackCommand.run(arguments: Array(CommandLine.arguments.dropFirst(2))))
case "verify": exit(VerifyCommand.run(arguments: Array(CommandLine.arguments.dropFirst(2))))
case "--version":
    write("flowserve \(Release.version)\n", to: STDOUT_FILENO)
    exit(0)
case "--help", "-h", nil:
    write(help, to: STDOUT_FILENO)
    exit(0)
default:
    write("flowserve: unknown arguments; see flowserve --help\n", to: STDERR_FILENO)
    exit(64)
}
