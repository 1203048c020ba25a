// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

@Suite("Control groups of templates and their instances", .serialized)
struct TemplateGroupTests {
    /// Whether this user may make groups.
    private static var isPossible: Bool {
        (try? ControlGroup.own()?.child("deepflow-test-groups-\(getpid())"))?.remove() == true
    }

    /// The unified group of a process, as the kernel tells it.
    private static func group(of process: Int32) throws -> Substring {
        let text = try String(contentsOfFile: "/proc/\(process)/cgroup", encoding: .utf8)
        return try #require(text.split(separator: "\n").first { $0.hasPrefix("0::") }).dropFirst(3)
    }

    @Test(
        "an instance is born in its template's group, and nothing is left when the keeper ends",
        .enabled(if: isPossible))
    func lifetime() throws {
        let keeper = try KeeperFixture()
        let daemon = try TestDaemon(keeper)
        let template = try daemon.startTemplate()
        let process = try daemon.fork(.random(), from: template)
        let group = try Self.group(of: process)
        #expect(try Self.group(of: daemon.templateProcess) == group)
        #expect(group.contains("deepflow-\(keeper.process.processID)/tmpl-"))
        let root = try #require(ControlGroup.own()).path
        let path = try #require(Self.directory(below: root, ending: String(group)))
        // The instance outlives its template, and so does the group.
        try daemon.order(.stopTemplate(template))
        guard case .templateEnded(template, _) = try daemon.receive() else {
            Issue.record("the template's end was not told")
            return
        }
        try daemon.order(.releaseTemplate(template))
        #expect(access(path, F_OK) == 0)
        try daemon.order(.retire)
        #expect(try keeper.process.reap(waits: true) == .exited(code: 0))
        #expect(access(path, F_OK) == -1)
        #expect(access((path as NSString).deletingLastPathComponent, F_OK) == -1)
    }

    /// The directory of a group, which may be named from another root than this process's own.
    private static func directory(below root: String, ending group: String) -> String? {
        let names = group.split(separator: "/").suffix(2).joined(separator: "/")
        let path = root + "/" + names
        return access(path, F_OK) == 0 ? path : nil
    }
}
