// SPDX-License-Identifier: Apache-2.0
internal import CSystemd
internal import Glibc
package import LinuxKernel

/// Sockets that the service manager listens on and hands over with the start (sd_listen_fds_with_names(3)). Clients that
/// connect while the daemon is away wait in their queues.
package struct ActivatedSockets {
    private var numbers: [String: CInt] = [:]

    /// Those of this process; none where no manager hands any over. The environment is cleared of them, so that no child
    /// takes them for its own, and the descriptors are closed on exec.
    package static func inherited() -> ActivatedSockets {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        guard count > 0, let names else { return ActivatedSockets() }
        defer {
            for index in 0..<Int(count) { free(names[index]) }
            free(names)
        }
        return ActivatedSockets(names: (0..<Int(count)).map { names[$0].map { String(cString: $0) } ?? "" })
    }

    private init() {}

    /// The descriptors from SD_LISTEN_FDS_START on have these names. One without a name, or with a name that another has,
    /// can never be asked for and is closed.
    init(names: [String]) {
        for (index, name) in names.enumerated() {
            let number = CInt(SD_LISTEN_FDS_START) + CInt(index)
            guard !name.isEmpty, numbers[name] == nil else {
                close(number)
                continue
            }
            numbers[name] = number
        }
    }

    /// Hands over the socket that the unit calls `name` (FileDescriptorName=); nil where there is none.
    package mutating func take(_ name: String) -> OwnedDescriptor? {
        numbers.removeValue(forKey: name).map { OwnedDescriptor(owning: $0) }
    }
}
