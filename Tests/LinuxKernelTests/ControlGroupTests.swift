// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import LinuxKernel

@Suite("Control groups")
struct ControlGroupTests {
    private static let mounts = """
        25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw
        36 25 0:33 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw
        """

    @Test("a process's own group lies below the mount point, in a container too")
    func ownGroup() {
        let unit = ControlGroup.own(groups: "8:pids:/\n0::/system.slice/k.service\n", mounts: Self.mounts)
        #expect(unit?.path == "/sys/fs/cgroup/unified/system.slice/k.service")
        #expect(ControlGroup.own(groups: "0::/\n", mounts: Self.mounts)?.path == "/sys/fs/cgroup/unified")
        let bound = "36 25 0:33 /lxc/a /sys/fs/cgroup rw - cgroup2 cgroup2 rw"
        #expect(ControlGroup.own(groups: "0::/lxc/a/b\n", mounts: bound)?.path == "/sys/fs/cgroup/b")
    }

    @Test("without the unified hierarchy, or with text that says nothing, there is none")
    func noGroup() {
        #expect(ControlGroup.own(groups: "8:pids:/\n", mounts: Self.mounts) == nil)
        #expect(ControlGroup.own(groups: "0::/a\n", mounts: "25 30 0:23 / /sys rw - sysfs sysfs rw\n- \n") == nil)
        #expect(ControlGroup.own(groups: "", mounts: "") == nil)
    }

    @Test("kills for want of memory are counted by their line")
    func outOfMemory() {
        let events = "low 0\nhigh 3\nmax 7\noom 2\noom_kill 1\noom_group_kill 0\n"
        #expect(ControlGroup.outOfMemoryKills(events: events) == 1)
        #expect(ControlGroup.outOfMemoryKills(events: "oom_kill x") == nil)
        #expect(ControlGroup.outOfMemoryKills(events: "") == nil)
    }

    /// A group of the test's own; nil where this user may make none.
    private static func scratch() -> ControlGroup? {
        try? ControlGroup.own()?.child("deepflow-test-\(getpid())")
    }

    private static var isWritable: Bool { scratch()?.remove() == true }

    @Test("a process that is moved in is seen there, and one order kills all", .enabled(if: isWritable))
    func killAll() throws {
        let group = try #require(Self.scratch())
        let first = try Self.sleeper()
        let second = try Self.sleeper()
        try group.add(first.processID)
        try group.add(second.processID)
        #expect(group.processes.sorted() == [first.processID, second.processID].sorted())
        #expect(!group.remove())
        try group.killAll()
        #expect(try first.reap(waits: true) == .signalled(signal: SIGKILL))
        #expect(try second.reap(waits: true) == .signalled(signal: SIGKILL))
        #expect(group.remove())
    }

    private static func sleeper() throws -> ProcessHandle {
        try ProcessLaunch(executable: "/bin/sleep", arguments: ["60"], descriptors: [nil, nil, nil]).start()
    }

    @Test("what is no group is an error that names it")
    func missing() {
        #expect(throws: SystemCallError.self) { try ControlGroup(path: "/nowhere/at/all").add(1) }
        #expect(ControlGroup(path: "/nowhere/at/all").enabledControllers.isEmpty)
        #expect(ControlGroup(path: "/nowhere/at/all").outOfMemoryKills == nil)
    }
}
