// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A group of processes in the kernel's unified hierarchy (cgroup2), by its directory.
package struct ControlGroup: Hashable, Sendable {
    /// Its directory below the hierarchy's mount point.
    package let path: String

    package init(path: String) {
        self.path = path
    }

    /// The calling process's own; nil where the hierarchy is not mounted.
    package static func own() -> ControlGroup? {
        guard let groups = KernelFile.text(of: "/proc/self/cgroup"),
            let mounts = KernelFile.text(of: "/proc/self/mountinfo")
        else { return nil }
        return own(groups: groups, mounts: mounts)
    }

    /// The same from what the kernel says in `/proc/self/cgroup` and `/proc/self/mountinfo`.
    static func own(groups: String, mounts: String) -> ControlGroup? {
        guard let line = groups.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return nil }
        let name = String(line.dropFirst("0::".count))
        for mount in mounts.split(separator: "\n") {
            // number, parent, device, root, mount point, options, optional fields, "-", type, ...
            let fields = mount.split(separator: " ")
            guard fields.count > 6, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count,
                fields[dash + 1] == "cgroup2"
            else { continue }
            let (root, point) = (String(fields[3]), String(fields[4]))
            let tail = root == "/" ? name : name.hasPrefix(root) ? String(name.dropFirst(root.count)) : "/"
            return ControlGroup(path: tail == "/" ? point : point + tail)
        }
        return nil
    }

    /// Whether it is the top of what is mounted, where processes may live beside groups.
    package var isTop: Bool { access("\(path)/cgroup.type", F_OK) != 0 }

    /// A group below it, made where it is missing.
    package func child(_ name: String) throws(SystemCallError) -> ControlGroup {
        let child = ControlGroup(path: "\(path)/\(name)")
        guard mkdir(child.path, 0o755) == 0 || errno == EEXIST else { throw SystemCallError("mkdir", child.path) }
        return child
    }

    /// Moves a process into it. Costs the first mover after a pause some 10 ms, since the kernel waits for all
    /// processors; a process that is forked in it costs nothing.
    package func add(_ process: Int32) throws(SystemCallError) {
        try write("cgroup.procs", "\(process)")
    }

    /// Gives groups below it a controller, such as `cpu`.
    package func enable(_ controller: String) throws(SystemCallError) {
        try write("cgroup.subtree_control", "+\(controller)")
    }

    /// Controllers that are in force for groups below it.
    package var enabledControllers: [String] {
        (KernelFile.text(of: "\(path)/cgroup.subtree_control") ?? "").split { $0 == " " || $0 == "\n" }.map(String.init)
    }

    /// Its share of the processor against its siblings; 100 is what a group has otherwise.
    package func setProcessorWeight(_ weight: Int) throws(SystemCallError) {
        try write("cpu.weight", "\(weight)")
    }

    /// Kills every process in it and below, also those that are just being forked.
    package func killAll() throws(SystemCallError) {
        try write("cgroup.kill", "1")
    }

    /// How many of its processes the kernel has killed for want of memory; nil without the memory controller.
    package var outOfMemoryKills: Int? {
        guard let events = KernelFile.text(of: "\(path)/memory.events") else { return nil }
        return Self.outOfMemoryKills(events: events)
    }

    /// The same from the content of `memory.events`.
    static func outOfMemoryKills(events: String) -> Int? {
        for line in events.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "oom_kill" { return Int(words[1]) }
        }
        return nil
    }

    /// Processes directly in it.
    package var processes: [Int32] {
        (KernelFile.text(of: "\(path)/cgroup.procs") ?? "").split(separator: "\n").compactMap { Int32($0) }
    }

    /// Removes it; false while processes or groups are left in it.
    @discardableResult
    package func remove() -> Bool {
        rmdir(path) == 0
    }

    private func write(_ file: String, _ value: String) throws(SystemCallError) {
        let target = try OwnedDescriptor.open("\(path)/\(file)", O_WRONLY)
        let bytes = Array(value.utf8)
        // One write: the kernel takes each as one order.
        let count = try systemCall("write", "\(path)/\(file)") { Glibc.write(target.rawValue, bytes, bytes.count) }
        guard count == bytes.count else { throw SystemCallError("write", "\(path)/\(file)", code: EIO) }
    }
}
