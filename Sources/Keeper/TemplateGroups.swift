// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import ServingModel

/// Control groups of templates, where this user may make any.
///
/// A group is a template's and not an instance's: to move a process costs some 10 ms after a pause, which every single
/// fork would pay, while a child that is forked in a group is there at once. So the group is made with the template,
/// which mostly is a pre-warmed one that nobody waits for.
struct TemplateGroups {
    /// The keeper's against that of all templates and instances together.
    private static let keeperWeight = 1000

    private let top: ControlGroup?
    /// Controllers that its groups have; nil where there are no groups.
    let controllers: [String]?

    /// Makes the group of all groups. Where the keeper is alone in a group of its own, as under systemd, it moves into a
    /// leaf of it first, since controllers go only to groups below one that has no process.
    init() {
        guard let own = ControlGroup.own(), let top = try? own.child("deepflow-\(getpid())") else {
            (self.top, controllers) = (nil, nil)
            return
        }
        if !own.isTop, own.processes == [getpid()], let leaf = try? own.child("keeper") { try? leaf.add(getpid()) }
        for controller in ["cpu", "memory"] {
            // A hierarchy without it, or one that others live in, has groups all the same.
            try? own.enable(controller)
            try? top.enable(controller)
        }
        try? ControlGroup(path: own.path + "/keeper").setProcessorWeight(Self.keeperWeight)
        self.top = top
        controllers = top.enabledControllers
    }

    /// The group of a template that was just started, with the template in it; nil where there is none.
    func make(for id: TemplateID, _ process: Int32) -> TemplateGroup? {
        guard let made = try? top?.child("\(id)") else { return nil }
        let group = TemplateGroup(made)
        do {
            try made.add(process)
            return group
        } catch {
            return nil
        }
    }

    /// Kills what is left in any of them.
    func killAll() {
        try? top?.killAll()
    }

    /// Removes the group of all groups, when all others are gone.
    func remove() {
        top?.remove()
    }
}

/// Where a template and its children are. Removed with the last record of one of them.
final class TemplateGroup {
    private let group: ControlGroup
    private var outOfMemoryKills = 0

    init(_ group: ControlGroup) {
        self.group = group
    }

    deinit { group.remove() }

    /// Whether the kernel has killed one of its processes for want of memory since this was last asked.
    func hasLackedMemory() -> Bool {
        guard let kills = group.outOfMemoryKills else { return false }
        defer { outOfMemoryKills = kills }
        return kills > outOfMemoryKills
    }
}
