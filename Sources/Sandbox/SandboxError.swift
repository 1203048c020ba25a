// SPDX-License-Identifier: Apache-2.0
package import LinuxKernel

/// Why a process could not be confined. It must not go on without.
package enum SandboxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// libseccomp refused a rule: a defect of the profile.
    case rule(name: String, code: Int32)
    case filterTooLarge(instructions: Int)
    case step(name: String, SystemCallError)
    case outOfMemory
    /// Nobody is left to work for.
    case keeperGone

    package var description: String {
        switch self {
        case .rule(let name, let code): "seccomp rule for '\(name)' was refused with \(code): the profile is wrong"
        case .filterTooLarge(let count): "seccomp filter has \(count) instructions, the kernel takes 4096"
        case .step(let name, let error): "sandbox step '\(name)' failed: \(error)"
        case .outOfMemory: "capabilities could not be dropped: out of memory"
        case .keeperGone: "the keeper ended before this process began to watch it"
        }
    }
}
