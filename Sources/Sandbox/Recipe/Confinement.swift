// SPDX-License-Identifier: Apache-2.0
internal import CCapability
internal import CLinux
internal import Glibc
internal import LinuxKernel

/// What a confined process may take of the machine.
struct ResourceLimits {
    var descriptors: UInt
    /// Bytes that it may make a file long.
    var fileSize: UInt
    /// Bytes of private writable memory: many times what an engine's working memory and its threads' stacks need.
    var privateMemory: UInt = 4 << 30
    /// Threads and processes of its user, which are those of a template and all its children.
    var threadsOfUser: UInt = 16_384
}

/// Carries out the steps of a sandbox on the calling process, in the order of `ConfinementStep`.
///
/// A step that every kernel can do and that fails ends the attempt with an error. One that this kernel, an outer
/// sandbox or the daemon's privileges do not allow is noted in `report` with its reason, never skipped in silence.
struct Confinement {
    private(set) var report = SandboxReport()
    /// Whether the process has a user that nobody but its template's family has.
    private var hasOwnUser = false

    // Macros that Swift's Glibc module does not carry.
    private static let setParentDeathSignal: CInt = 1
    private static let setDumpable: CInt = 4
    private static let setNoNewPrivileges: CInt = 38
    private static let limitOfThreads: UInt32 = 6
    private static let limitOfLockedMemory: UInt32 = 8

    /// Step 1. Without CAP_SETPCAP the set stays as inherited, which is harmless under no_new_privs.
    mutating func emptyBoundingSet() {
        var capability: cap_value_t = 0
        while true {
            let state = cap_get_bound(capability)
            guard state >= 0 else { return }
            if state > 0, cap_drop_bound(capability) != 0 {
                report.remarks.append("the capability bounding set is inherited, which no_new_privs makes harmless")
                return
            }
            capability += 1
        }
    }

    /// Step 2. Only root can, and only root needs to: another daemon's children have its own user.
    mutating func takeIdentity(_ identity: ProcessIdentity?) {
        if geteuid() == 0, let identity {
            optional(.identity, "setresuid") { clinux_drop_identity(identity.user, identity.group) }
        }
        let user = geteuid()
        hasOwnUser = user != 0 && identity?.user == user
        report.identity = hasOwnUser ? "a user of its own" : "user \(user), the daemon's"
        if user == 0, identity == nil {
            report.missing.append(.init(step: .identity, reason: "it was started as root without a user to become"))
        }
    }

    /// Steps 3 and 4.
    mutating func renouncePrivileges() throws(SandboxError) {
        try step(.noNewPrivileges, "prctl") { clinux_prctl(Self.setNoNewPrivileges, 1, 0, 0, 0) }
        try step(.notDumpable, "prctl") { clinux_prctl(Self.setDumpable, 0, 0, 0, 0) }
    }

    /// Step 5. `parent` is who it was before: where it has changed since, the keeper is dead already.
    mutating func endWithParent(_ parent: Int32) throws(SandboxError) {
        try step(.parentWatch, "prctl") { clinux_prctl(Self.setParentDeathSignal, UInt(SIGKILL), 0, 0, 0) }
        guard getppid() == parent else { throw .keeperGone }
    }

    /// Step 6: no core file, no file growth, few descriptors, no locked memory, memory and threads within reason.
    mutating func setLimits(_ limits: ResourceLimits) throws(SandboxError) {
        var wanted: [(UInt32, UInt)] = [
            (RLIMIT_CORE.rawValue, 0), (RLIMIT_FSIZE.rawValue, limits.fileSize),
            (RLIMIT_NOFILE.rawValue, limits.descriptors), (Self.limitOfLockedMemory, 0),
            (RLIMIT_DATA.rawValue, limits.privateMemory),
        ]
        // Counted for all processes of a user: one who has others too is not to be hindered by them.
        if hasOwnUser { wanted.append((Self.limitOfThreads, limits.threadsOfUser)) }
        for (resource, value) in wanted {
            var limit = rlimit()
            try step(.limits, "getrlimit") { getrlimit(__rlimit_resource_t(resource), &limit) }
            // One that is narrower already is nobody's to widen.
            let narrowest = min(value, limit.rlim_max)
            limit = rlimit(rlim_cur: narrowest, rlim_max: narrowest)
            try step(.limits, "setrlimit") { setrlimit(__rlimit_resource_t(resource), &limit) }
        }
    }

    /// Step 7: Landlock with every right of the kernel's ABI handled and none granted, and its scopes where it has them.
    mutating func denyFiles() {
        optional(.landlock, "landlock_restrict_self") {
            let abi = clinux_landlock_abi()
            return abi > 0 ? clinux_landlock_deny_all(abi) : -1
        }
    }

    /// Step 8: empties the ambient, permitted, effective and inheritable sets.
    mutating func dropCapabilities() throws(SandboxError) {
        _ = cap_reset_ambient()
        guard let empty = cap_init() else { throw .outOfMemory }
        defer { cap_free(UnsafeMutableRawPointer(empty)) }
        optional(.capabilities, "capset") { cap_set_proc(empty) }
        // An outer filter may refuse the call to those who have nothing to drop.
        if report.missing.last?.step == .capabilities, Self.hasNoCapability { report.missing.removeLast() }
    }

    private static var hasNoCapability: Bool {
        guard let current = cap_get_proc(), let empty = cap_init() else { return false }
        defer {
            cap_free(UnsafeMutableRawPointer(current))
            cap_free(UnsafeMutableRawPointer(empty))
        }
        return cap_compare(current, empty) == 0
    }

    /// Step 9: closes every descriptor except the first `count`.
    mutating func closeDescriptors(from first: UInt32) throws(SandboxError) {
        try step(.descriptors, "close_range") { clinux_close_range(first, UInt32.max, 0) }
    }

    /// Step 10 with a keeper to ask, else without, else not at all. The result is the listener, which must leave this
    /// process before it does anything that an attacker could influence.
    mutating func allowOnly(_ list: CompiledAllowList) -> SharedDescriptor? {
        if let held = list.held {
            do throws(SystemCallError) {
                let listener = try held.loadWithListener()
                report.unlisted = .held
                return SharedDescriptor(listener)
            } catch {
                report.remarks.append("denied calls cannot be named here: \(error)")
            }
        }
        do throws(SystemCallError) {
            try list.ended.load()
            report.unlisted = .ended
        } catch {
            report.missing.append(.init(step: .systemCalls, reason: error.description))
        }
        return nil
    }

    private func step(_ step: ConfinementStep, _ call: String, _ body: () -> CInt) throws(SandboxError) {
        do {
            try systemCall(call, step.rawValue, body)
        } catch {
            throw .step(name: step.rawValue, error)
        }
    }

    private mutating func optional(_ step: ConfinementStep, _ call: String, _ body: () -> CInt) {
        do throws(SystemCallError) {
            try systemCall(call, step.rawValue, body)
        } catch {
            report.missing.append(.init(step: step, reason: "\(error)"))
        }
    }
}

/// An allow-list in both forms, compiled before the steps that take away what compiling needs.
struct CompiledAllowList {
    /// For a keeper that hears of denied calls; nil where none is wanted.
    let held: CompiledFilter?
    let ended: CompiledFilter

    init(_ profile: SystemCallProfile, prefersListener: Bool) throws(SandboxError) {
        held = prefersListener ? try CompiledFilter(profile, unlisted: .held) : nil
        ended = try CompiledFilter(profile, unlisted: .ended)
    }
}

/// Landlock's ABI of the running kernel; 0 where it has none or it is switched off.
package enum Landlock {
    package static var abi: Int { max(0, Int(clinux_landlock_abi())) }
}
