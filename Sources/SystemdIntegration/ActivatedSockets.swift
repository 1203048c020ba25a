// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import LinuxKernel

/// Sockets that the service manager listens on and hands over with the start: LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES.
/// Clients that connect while the daemon is away wait in their queues.
package struct ActivatedSockets {
    /// The first number that a manager uses.
    private static let first: CInt = 3
    /// Far more than any unit of the project has.
    private static let limit = 16

    private var numbers: [String: CInt] = [:]

    /// Those of this process. The environment is cleared of them, so that no child takes them for its own.
    package static func inherited() -> ActivatedSockets {
        let environment = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"].map { name in
            defer { unsetenv(name) }
            return getenv(name).map { String(cString: $0) }
        }
        guard environment[0].flatMap(Int32.init) == getpid(), let count = environment[1].flatMap(Int.init),
            (1...limit).contains(count)
        else { return ActivatedSockets() }
        let names = (environment[2] ?? "").split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        return ActivatedSockets(count: count, names: names)
    }

    private init() {}

    /// Names beyond `count` are ignored; descriptors without one can only be closed.
    init(count: Int, names: [String]) {
        for index in 0..<count {
            let number = Self.first + CInt(index)
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
            guard index < names.count, !names[index].isEmpty, numbers[names[index]] == nil else {
                close(number)
                continue
            }
            numbers[names[index]] = number
        }
    }

    /// Hands over the socket that the unit calls `name` (FileDescriptorName=); nil where there is none.
    package mutating func take(_ name: String) -> OwnedDescriptor? {
        numbers.removeValue(forKey: name).map { OwnedDescriptor(owning: $0) }
    }
}
