// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import ServingModel

/// The command line of `deepflow-keeper`. Node daemons start it; people rarely do.
package enum KeeperCommand {
    private static let help = """
        deepflow-keeper: parent of a node's templates and instances

        usage: deepflow-keeper --socket PATH [--engine PATH]

        A node daemon starts its keeper by itself where none runs. It ends when the
        daemon orders it, on SIGTERM, 60 s after the daemon and the last
        instance are gone, or 10 minutes after the daemon alone is.

          --socket PATH   where the node daemon attaches (file mode 0600)
          --engine PATH   the engine's executable; flowserve beside this one
          --version       print the version
          --help          print this

        """

    /// Runs the keeper; the result is the process's exit status (0, 64 usage, 69 for a socket that is taken).
    package static func run(arguments: [String]) -> Int32 {
        switch Array(arguments.dropFirst()) {
        case ["--help"], ["-h"]:
            write(help, to: STDOUT_FILENO)
            return 0
        case ["--version"]:
            write("deepflow-keeper \(Release.version)\n", to: STDOUT_FILENO)
            return 0
        case let rest where rest.count == 2 && rest[0] == "--socket":
            return keep(at: rest[1], engine: nil)
        case let rest where rest.count == 4 && rest[0] == "--socket" && rest[2] == "--engine":
            return keep(at: rest[1], engine: rest[3])
        default:
            write("deepflow-keeper: unknown arguments; see deepflow-keeper --help\n", to: STDERR_FILENO)
            return 64
        }
    }

    private static func keep(at path: String, engine: String?) -> Int32 {
        do throws(SystemCallError) {
            let engine = if let engine { engine } else { try ProcessLaunch.sibling("flowserve") }
            try KeeperProcess(socketPath: path, engine: engine).run()
            return 0
        } catch {
            write("deepflow-keeper: \(error)\n", to: STDERR_FILENO)
            return error.code == EADDRINUSE ? 69 : 1
        }
    }

    private static func write(_ text: String, to descriptor: CInt) {
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
