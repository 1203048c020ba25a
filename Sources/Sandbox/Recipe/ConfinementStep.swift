// SPDX-License-Identifier: Apache-2.0

/// The steps of a sandbox, in the only order that works. Each is one function of `Confinement`.
package enum ConfinementStep: String, Hashable, Sendable, CaseIterable {
    /// 1. Capabilities that no later program could get back. First, since it needs one that the next step takes away.
    case boundingSet = "bounding set"
    /// 2. A user of its own in place of root's. Before the steps that a change of user undoes.
    case identity
    /// 3. No program can raise privileges from here; Landlock and seccomp ask for it.
    case noNewPrivileges = "no new privileges"
    /// 4. Other processes of the same user cannot read its memory or attach to it; no core dump.
    case notDumpable = "not dumpable"
    /// 5. It is killed when its keeper ends: nobody would name and end its denied calls any more.
    case parentWatch = "end with the keeper"
    /// 6. Bounds that hold where control groups cannot be written.
    case limits
    /// 7. No right on any file, port or abstract socket, even if a call slips through the filter.
    case landlock
    /// 8. No capability in force. After Landlock, which needs none under no_new_privs.
    case capabilities
    /// 9. Nothing that was not given on purpose is open.
    case descriptors
    /// 10. The allow-list; last, because it takes away the calls of the steps before.
    case systemCalls = "system call filter"
}

/// What of a sandbox is in force in a process, and what is not and why.
package struct SandboxReport: Hashable, Sendable {
    /// A step that the kernel or the daemon's privileges do not allow.
    package struct Missing: Hashable, Sendable {
        package let step: ConfinementStep
        package let reason: String
    }

    /// Steps that are not in force; empty on the kernels that the project is made for.
    package internal(set) var missing: [Missing] = []
    /// Where a step did less than it can, without harm.
    package internal(set) var remarks: [String] = []
    /// What becomes of unlisted calls; nil where no filter could be loaded.
    package internal(set) var unlisted: UnlistedCalls?
    /// As whom the process runs, in words.
    package internal(set) var identity = ""
}

/// User and group that a root daemon's confined processes run as.
package struct ProcessIdentity: Hashable, Sendable {
    package let user: UInt32
    package let group: UInt32

    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }

    /// Ids between those of containers and the upper half, which nobody gives to anyone.
    private static let firstOwn: UInt32 = 0x70DF_0000

    /// The `number`th id of a range that has 65,536: for a template and its children alone.
    package static func own(_ number: UInt16) -> ProcessIdentity {
        ProcessIdentity(user: firstOwn + UInt32(number), group: firstOwn + UInt32(number))
    }

    /// Reads `USER:GROUP` in numbers; neither may be root's.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let user = UInt32(parts[0]), let group = UInt32(parts[1]), user != 0, group != 0,
            user != .max, group != .max
        else { return nil }
        self.init(user: user, group: group)
    }

    /// `USER:GROUP`, as `init(_:)` reads it.
    package var text: String { "\(user):\(group)" }
}
