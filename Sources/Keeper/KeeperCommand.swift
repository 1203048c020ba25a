// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Sandbox
internal import ServingModel

/// The command line of `deepflow-keeper`. Node daemons start it; people rarely do.
package enum KeeperCommand {
    private static let help = """
        deepflow-keeper: parent of a node's templates and instances

        usage: deepflow-keeper --socket PATH [--engine PATH] [--identity UID:GID]

        A node daemon starts its keeper by itself where none runs. It ends when the
        daemon orders it, on SIGTERM, 60 s after the daemon and the last
        instance are gone, or 10 minutes after the daemon alone is.

          --socket PATH   where the node daemon attaches (file mode 0600)
          --engine PATH   the engine's executable; flowserve beside this one
          --identity UID:GID   where it is root: user and group of all templates and
                          instances; each template has its own otherwise
          --version       print the version
          --help          print this

        """

    /// Runs the keeper; the result is the process's exit status (0, 64 usage, 69 for a socket that is taken).
    package static func run(arguments: [String]) -> Int32 {
        switch Array(arguments.dropFirst()) {
        case ["--help"], ["-h"]:
            TextOutput.write(help, to: STDOUT_FILENO)
            return 0
        case ["--version"]:
            TextOutput.write("deepflow-keeper \(Release.version)\n", to: STDOUT_FILENO)
            return 0
        case let rest:
            guard let options = KeeperOptions(arguments: rest) else {
                TextOutput.write("deepflow-keeper: unknown arguments; see deepflow-keeper --help\n", to: STDERR_FILENO)
                return 64
            }
            return keep(options)
        }
    }

    private static func keep(_ options: KeeperOptions) -> Int32 {
        do throws(SystemCallError) {
            let engine = if let engine = options.engine { engine } else { try ProcessLaunch.sibling("flowserve") }
            try KeeperProcess(socketPath: options.socket, engine: engine, identity: options.identity).run()
            return 0
        } catch {
            TextOutput.write("deepflow-keeper: \(error)\n", to: STDERR_FILENO)
            return error.code == EADDRINUSE ? 69 : 1
        }
    }
}

/// What a keeper is told on its command line.
struct KeeperOptions: Hashable {
    var socket = ""
    var engine: String?
    var identity: String?

    /// nil where an argument is unknown, lacks its value, or the socket is missing.
    init?(arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard let value = rest.popFirst() else { return nil }
            switch argument {
            case "--socket": socket = value
            case "--engine": engine = value
            case "--identity":
                guard ProcessIdentity(value) != nil else { return nil }
                identity = value
            default: return nil
            }
        }
        if socket.isEmpty { return nil }
    }
}
