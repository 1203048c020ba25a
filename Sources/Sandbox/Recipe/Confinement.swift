// SPDX-License-Identifier: Apache-2.0
internal import CCapability
internal import CLinux
internal import Glibc
internal import LinuxKernel

/// Carries out the steps of a sandbox on the calling process. A step that fails ends the attempt with an error; one
/// that this kernel or these privileges do not offer is listed in `missing` and never skipped in silence.
package struct Confinement {
    /// Steps that are not in force, by name; empty on the kernels that the project is made for.
    package private(set) var missing: [String] = []

    // Macros that Swift's Glibc module does not carry.
    private static let setNoNewPrivileges: CInt = 38
    private static let setDumpable: CInt = 4
    private static let limitOfLockedMemory: UInt32 = 8

    package init() {}

    /// Step 1: closes every descriptor except the first `count`.
    package mutating func closeDescriptors(from first: UInt32) throws(SandboxError) {
        try step(.descriptors, "close_range") { clinux_close_range(first, UInt32.max, 0) }
    }

    /// Steps 2 and 3.
    package mutating func renouncePrivileges() throws(SandboxError) {
        try step(.noNewPrivileges, "prctl") { clinux_prctl(Self.setNoNewPrivileges, 1, 0, 0, 0) }
        try step(.notDumpable, "prctl") { clinux_prctl(Self.setDumpable, 0, 0, 0, 0) }
    }

    /// Step 4: no core file, no file growth, few descriptors, no locked memory.
    package mutating func setLimits(descriptors: UInt, fileSize: UInt) throws(SandboxError) {
        for (resource, value) in [
            (RLIMIT_CORE.rawValue, 0), (RLIMIT_FSIZE.rawValue, fileSize), (RLIMIT_NOFILE.rawValue, descriptors),
            (Self.limitOfLockedMemory, 0),
        ] {
            var limit = rlimit(rlim_cur: value, rlim_max: value)
            try step(.limits, "setrlimit") { setrlimit(__rlimit_resource_t(resource), &limit) }
        }
    }

    /// Step 5: Landlock with every right handled and none granted.
    package mutating func denyFiles() throws(SandboxError) {
        let abi = clinux_landlock_abi()
        guard abi > 0 else {
            missing.append(ConfinementStep.landlock.rawValue)
            return
        }
        try step(.landlock, "landlock_restrict_self") { clinux_landlock_deny_all(abi) }
    }

    /// Step 6: empties bounding, ambient, permitted, effective and inheritable sets. Without CAP_SETPCAP the bounding
    /// set stays as inherited, which is harmless under no_new_privs and therefore no missing step.
    package mutating func dropCapabilities() throws(SandboxError) {
        var capability: cap_value_t = 0
        while cap_get_bound(capability) >= 0 {
            if cap_drop_bound(capability) != 0 { break }
            capability += 1
        }
        _ = cap_reset_ambient()
        guard let empty = cap_init() else { throw .capability("cap_init: out of memory") }
        defer { cap_free(UnsafeMutableRawPointer(empty)) }
        try step(.capabilities, "capset") { cap_set_proc(empty) }
    }

    /// Step 7: from here on only the profile's calls exist.
    package mutating func allowOnly(_ filter: CompiledFilter) throws(SandboxError) {
        try filter.load()
    }

    private func step(_ step: ConfinementStep, _ call: String, _ body: () -> CInt) throws(SandboxError) {
        do {
            try systemCall(call, step.rawValue, body)
        } catch {
            throw .step(name: step.rawValue, error)
        }
    }
}

/// Landlock's ABI of the running kernel; 0 where it has none or it is switched off.
package enum Landlock {
    package static var abi: Int { max(0, Int(clinux_landlock_abi())) }
}
