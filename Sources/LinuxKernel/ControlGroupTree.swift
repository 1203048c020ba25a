// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Control groups that this process makes for others below its own, where this user may make any.
package struct ControlGroupTree {
    private let top: ControlGroup?
    /// Controllers that its groups have; nil where there are no groups.
    package let controllers: [String]?

    /// Makes the group of all groups, `name`. Where this process is alone in a group of its own, as under systemd, it
    /// moves into a leaf of it first, `leaf`, since controllers go only to groups below one that has no process.
    /// `weight` is this process's share of the processor against that of all others in the tree together.
    package init(name: String, leaf: String, weight: Int) {
        guard let own = ControlGroup.own(), let top = try? own.child(name) else {
            (self.top, controllers) = (nil, nil)
            return
        }
        if !own.isTop, own.processes == [getpid()], let leaf = try? own.child(leaf) { try? leaf.add(getpid()) }
        for controller in ["cpu", "memory"] {
            // A hierarchy without it, or one that others live in, has groups all the same.
            try? own.enable(controller)
            try? top.enable(controller)
        }
        try? ControlGroup(path: own.path + "/" + leaf).setProcessorWeight(weight)
        self.top = top
        controllers = top.enabledControllers
    }

    /// A group with a process in it, and with all that this will fork; nil where there is none.
    package func make(_ name: String, for process: Int32) -> OwnedControlGroup? {
        guard let made = try? top?.child(name) else { return nil }
        let group = OwnedControlGroup(made)
        return (try? made.add(process)) == nil ? nil : group
    }

    /// Kills what is left in any of them.
    package func killAll() {
        try? top?.killAll()
    }

    /// Removes the group of all groups, when all others are gone.
    package func remove() {
        top?.remove()
    }
}

/// A control group that is removed with its last owner.
package final class OwnedControlGroup {
    private let group: ControlGroup
    private var outOfMemoryKills = 0

    init(_ group: ControlGroup) {
        self.group = group
    }

    deinit { group.remove() }

    /// Whether the kernel has killed one of its processes for want of memory since this was last asked.
    package func hasLackedMemory() -> Bool {
        guard let kills = group.outOfMemoryKills else { return false }
        defer { outOfMemoryKills = kills }
        return kills > outOfMemoryKills
    }
}
