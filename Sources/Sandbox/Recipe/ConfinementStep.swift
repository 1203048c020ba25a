// SPDX-License-Identifier: Apache-2.0

/// The steps of a sandbox, in the only order that works. Each is one function of `Confinement`.
package enum ConfinementStep: String, Hashable, Sendable, CaseIterable {
    /// 1. Nothing that was not given on purpose is open.
    case descriptors
    /// 2. No program can raise privileges from here; Landlock and seccomp ask for it.
    case noNewPrivileges
    /// 3. Other processes of the same user cannot read its memory or attach to it; no core dump.
    case notDumpable
    /// 4. Bounds that hold where control groups cannot be written.
    case limits
    /// 5. No right on any file, port or abstract socket, even if a call slips through the filter.
    case landlock
    /// 6. No capability, and none that could come back. After Landlock, which needs none under no_new_privs.
    case capabilities
    /// 7. The allow-list; last, because it takes away the calls of the steps before.
    case systemCalls
}
