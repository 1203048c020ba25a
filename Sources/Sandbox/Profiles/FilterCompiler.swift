// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import CSeccomp
internal import Glibc
internal import LinuxKernel

/// A profile as the kernel takes it, compiled once and loaded by any number of children with one call each.
package struct CompiledFilter: Sendable {
    /// `struct sock_filter`s, 8 bytes each.
    private var program: [UInt8]

    /// Stands for the process's own id until `load` knows it. No system call argument of a profile has this value.
    private static let ownProcessPlaceholder: UInt64 = 0x6f77_6e70

    /// Compiles `profile` through libseccomp.
    package init(_ profile: SystemCallProfile) throws(SandboxError) {
        guard let context = seccomp_init(SCMP_ACT_KILL_PROCESS) else {
            throw .step(name: "seccomp_init", SystemCallError("seccomp_init", code: ENOMEM))
        }
        defer { seccomp_release(context) }
        // A binary tree of numbers: the cost of a call does not grow with the length of the list.
        seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2)
        seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)
        for rule in profile.rules { try Self.add(rule, to: context) }
        program = try Self.export(context)
        let count = program.count / 8
        guard count > 0, count <= 4096 else { throw .filterTooLarge(instructions: count) }
    }

    /// Confines the calling thread and all that it starts. Needs no_new_privs.
    package func load() throws(SandboxError) {
        var own = program
        Self.patch(&own, from: UInt32(Self.ownProcessPlaceholder), to: UInt32(getpid()))
        do {
            try systemCall("seccomp") {
                own.withUnsafeBytes { clinux_seccomp_install($0.baseAddress, $0.count) }
            }
        } catch {
            throw .step(name: "seccomp", error)
        }
    }

    private static func add(_ rule: SystemCallRule, to context: scmp_filter_ctx) throws(SandboxError) {
        let number = seccomp_syscall_resolve_name(rule.name)
        // A name that this library does not know cannot be allowed; denying it is the default anyway.
        guard number != -1 else { return }
        let arguments = rule.conditions.map { condition in
            switch condition {
            case .equals(let argument, let value):
                scmp_arg_cmp(arg: argument, op: SCMP_CMP_EQ, datum_a: value, datum_b: 0)
            case .masked(let argument, let mask, let value):
                scmp_arg_cmp(arg: argument, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)
            case .ownProcess(let argument):
                scmp_arg_cmp(arg: argument, op: SCMP_CMP_EQ, datum_a: ownProcessPlaceholder, datum_b: 0)
            }
        }
        let action =
            switch rule.action {
            case .allow: SCMP_ACT_ALLOW
            case .refuse(let code): 0x0005_0000 | UInt32(code)  // SCMP_ACT_ERRNO, a macro that is not imported
            }
        let result = seccomp_rule_add_array(context, action, number, UInt32(arguments.count), arguments)
        // -EDOM: the call does not exist on this processor (open on arm64): nothing to allow.
        guard result == 0 || result == -EDOM else { throw .rule(name: rule.name, code: result) }
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

    /// Replaces the operand `k` (bytes 4 to 7) of comparisons with the placeholder.
    private static func patch(_ program: inout [UInt8], from placeholder: UInt32, to value: UInt32) {
        program.withUnsafeMutableBytes { bytes in
            for offset in stride(from: 4, to: bytes.count, by: 8)
            where bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) == placeholder {
                bytes.storeBytes(of: value, toByteOffset: offset, as: UInt32.self)
            }
        }
    }
}
