// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import CSeccomp
internal import Glibc
package import LinuxKernel

/// A profile as the kernel takes it, compiled once and loaded by any number of children with one call each.
package struct CompiledFilter: Sendable {
    /// `struct sock_filter`s, 8 bytes each.
    package let program: [UInt8]

    /// Stands for the process's own id until `load` knows it. No system call argument of a profile has this value.
    private static let ownProcessPlaceholder: UInt64 = 0x6f77_6e70
    /// The kernel's own bound on the length of a filter.
    private static let maximumInstructions = 4096

    /// Compiles `profile` through libseccomp for the processor that this runs on, or for another one.
    package init(
        _ profile: SystemCallProfile, unlisted: UnlistedCalls, for processor: ProcessorFamily = .native
    ) throws(SandboxError) {
        guard let context = seccomp_init(Self.action(of: unlisted)) else {
            throw .step(name: "seccomp_init", SystemCallError("seccomp_init", code: ENOMEM))
        }
        defer { seccomp_release(context) }
        // A binary tree of numbers: the cost of a call does not grow with the length of the list.
        seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2)
        seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)
        if processor != .native {
            seccomp_arch_add(context, processor.token)
            seccomp_arch_remove(context, seccomp_arch_native())
        }
        for rule in profile.rules { try Self.add(rule, to: context, unlisted, processor) }
        program = try Self.export(context)
        let count = program.count / 8
        guard count > 0, count <= Self.maximumInstructions else { throw .filterTooLarge(instructions: count) }
    }

    /// Confines the calling thread and all that it starts. Needs no_new_privs.
    ///
    /// Where an outer filter refuses seccomp(2), the older entrance, which needs no such call, is tried.
    package func load() throws(SystemCallError) {
        let own = forOwnProcess()
        do throws(SystemCallError) {
            try systemCall("seccomp") { own.withUnsafeBytes { clinux_seccomp_install($0.baseAddress, $0.count, 0) } }
        } catch {
            guard error.code == EPERM || error.code == ENOSYS || error.code == EACCES else { throw error }
            try systemCall("prctl", "PR_SET_SECCOMP") {
                own.withUnsafeBytes { clinux_seccomp_install_by_prctl($0.baseAddress, $0.count) }
            }
        }
    }

    /// The same for a filter of `UnlistedCalls.held`. The result is the listener on which its calls arrive; whoever
    /// holds it decides, so it must leave this process.
    package func loadWithListener() throws(SystemCallError) -> OwnedDescriptor {
        let own = forOwnProcess()
        let listener = try systemCall("seccomp", "with a listener") {
            own.withUnsafeBytes { clinux_seccomp_install($0.baseAddress, $0.count, CLINUX_SECCOMP_NEW_LISTENER) }
        }
        return OwnedDescriptor(owning: listener)
    }

    private static func action(of unlisted: UnlistedCalls) -> UInt32 {
        switch unlisted {
        case .held: SCMP_ACT_NOTIFY
        case .ended: SCMP_ACT_KILL_PROCESS
        case .passed: SCMP_ACT_ALLOW
        }
    }

    /// nil where the rule says what happens to unlisted calls anyway, which libseccomp takes for a mistake.
    private static func action(of rule: SystemCallRule, _ unlisted: UnlistedCalls) -> UInt32? {
        switch rule.action {
        case .allow: unlisted == .passed ? nil : SCMP_ACT_ALLOW
        case .refuse(let code): 0x0005_0000 | UInt32(code)  // SCMP_ACT_ERRNO, a macro that is not imported
        case .ask: unlisted == .ended ? SCMP_ACT_ALLOW : nil
        case .end: unlisted == .ended ? nil : SCMP_ACT_KILL_PROCESS
        }
    }

    private static func add(
        _ rule: SystemCallRule, to context: scmp_filter_ctx, _ unlisted: UnlistedCalls, _ processor: ProcessorFamily
    ) throws(SandboxError) {
        let number = seccomp_syscall_resolve_name_arch(processor.token, rule.name)
        // A name that this library does not know cannot be allowed; denying it is the default anyway. Below -1 are
        // stand-ins for calls that this processor does not have.
        guard number >= 0, let action = action(of: rule, unlisted) else { return }
        let arguments = rule.conditions.map { condition in
            switch condition {
            case .equals(let argument, let value):
                scmp_arg_cmp(arg: argument, op: SCMP_CMP_EQ, datum_a: value, datum_b: 0)
            case .masked(let argument, let mask, let value):
                scmp_arg_cmp(arg: argument, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)
            case .ownProcess(let argument):
                scmp_arg_cmp(arg: argument, op: SCMP_CMP_EQ, datum_a: ownProcessPlaceholder, datum_b: 0)
            case .otherProcess(let argument):
                scmp_arg_cmp(arg: argument, op: SCMP_CMP_NE, datum_a: ownProcessPlaceholder, datum_b: 0)
            }
        }
        let native = seccomp_syscall_resolve_name(rule.name)
        let result = seccomp_rule_add_array(context, action, native, UInt32(arguments.count), arguments)
        guard result == 0 else { throw .rule(name: rule.name, code: result) }
    }

    private static func export(_ context: scmp_filter_ctx) throws(SandboxError) -> [UInt8] {
        do throws(SystemCallError) {
            let file = try MemoryFile.unsealed(name: "seccomp-filter")
            let result = seccomp_export_bpf(context, file.rawValue)
            guard result == 0 else { throw SystemCallError("seccomp_export_bpf", code: -result) }
            let size = try file.fileSize()
            var bytes = [UInt8](repeating: 0, count: size)
            let count = try systemCall("pread") { pread(file.rawValue, &bytes, size, 0) }
            guard count == size else { throw SystemCallError("pread", code: EIO) }
            return bytes
        } catch {
            throw .step(name: "seccomp_export_bpf", error)
        }
    }

    /// The program with the placeholder replaced in the operand `k` (bytes 4 to 7) of its comparisons.
    private func forOwnProcess() -> [UInt8] {
        var own = program
        let process = UInt32(getpid())
        own.withUnsafeMutableBytes { bytes in
            for offset in stride(from: 4, to: bytes.count, by: 8)
            where bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) == UInt32(Self.ownProcessPlaceholder) {
                bytes.storeBytes(of: process, toByteOffset: offset, as: UInt32.self)
            }
        }
        return own
    }
}

/// The processors whose system calls the profiles name.
package enum ProcessorFamily: Hashable, Sendable, CaseIterable {
    case x86, arm

    /// That of this program.
    package static var native: ProcessorFamily {
        #if arch(x86_64)
            .x86
        #else
            .arm
        #endif
    }

    /// AUDIT_ARCH of its 64-bit calls: what a filter sees, and libseccomp's own token.
    package var token: UInt32 {
        switch self {
        case .x86: 0xC000_003E
        case .arm: 0xC000_00B7
        }
    }
}
