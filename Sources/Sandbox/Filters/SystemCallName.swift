// SPDX-License-Identifier: Apache-2.0
internal import CSeccomp
internal import Glibc

/// Names and numbers of system calls, as libseccomp knows them.
package enum SystemCallName {
    /// The number that a call has on this processor; nil where it has none, or the library is older than the call.
    package static func number(of name: String) -> Int? {
        let number = seccomp_syscall_resolve_name(name)
        return number >= 0 ? Int(number) : nil
    }

    /// The name of `number` in the call table of `architecture` (AUDIT_ARCH); the number where there is none.
    package static func name(of number: Int32, architecture: UInt32) -> String {
        guard let text = seccomp_syscall_resolve_num_arch(architecture, number) else { return "call \(number)" }
        defer { free(text) }
        return String(cString: text)
    }
}
