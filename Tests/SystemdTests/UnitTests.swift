// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The shipped units in a real systemd: they are well-formed, start, answer, and confine as they promise.
@Suite(
    "Units under systemd", .serialized,
    .enabled(if: SystemdBox.obstacle == nil, "\(SystemdBox.obstacle ?? "") (systemd cannot be booted here)"))
struct UnitTests {
    private static let units = "deepflow-schedulerd deepflow-noded@local deepflow-keeper@local"

    @Test("systemd-analyze finds nothing to complain of, and little exposed")
    func wellFormed() throws {
        let box = try SystemdBox()
        let files =
            "deepflow-schedulerd.service deepflow-noded@local.service deepflow-keeper@local.service"
            + " deepflow-schedulerd.socket deepflow-admin.socket deepflow-noded@local.socket"
        let verify = try box.run("cd /usr/lib/systemd/system && systemd-analyze verify \(files)")
        #expect(verify.isSuccess && verify.output.isEmpty, "\(verify.output)")
        for (unit, tenths) in [("deepflow-schedulerd", 5), ("deepflow-noded@local", 8), ("deepflow-keeper@local", 8)] {
            let security = try box.run(
                "systemd-analyze security --offline=true --threshold=\(tenths) \(unit).service | tail -n 1")
            #expect(security.isSuccess, "\(security.output)")
        }
    }

    @Test("A request to a socket starts what is needed, a model is added and answers, and its sandbox lacks nothing")
    func serving() throws {
        let box = try SystemdBox()
        try box.run("systemctl start deepflow-schedulerd.socket deepflow-admin.socket deepflow-noded@local.socket")
            .expectSuccess()
        try box.run("systemctl start deepflow-noded@local").expectSuccess()
        // The first request starts the scheduler; on a busy machine it may take longer to find its node than a request waits.
        try box.run("deepflow node status --wait 60").expectSuccess()
        let model = "\(SystemdBox.sources)/Packaging/default-model/deepflow-guide.gguf"
        let added = try box.run("deepflow model add guide \(model)")
        #expect(added.isSuccess, "\(added.output)")
        #expect(try box.run("systemctl is-active deepflow-schedulerd").output == "active\n")
        let answer = try box.run("deepflow run guide 'What is DeepFlow?'")
        #expect(answer.isSuccess && answer.output.count > 20, "\(answer.output)")
        let status = try box.run("deepflow --node local node status --json").output
        #expect(status.contains("\"deniedCalls\" : \"named\""), "\(status)")
        #expect(status.contains(/"missing" : \[\s*\]/), "\(status)")
        try expectReload(box)
        try expectRestart(box)
        try expectWatch(box)
    }

    /// The installed files are right, and `systemctl reload` has both daemons read them again.
    private func expectReload(_ box: SystemdBox) throws {
        #expect(try box.run("deepflow config check").output == "scheduler: all right\nnode: all right\n")
        for (unit, file) in [("deepflow-schedulerd", "scheduler"), ("deepflow-noded@local", "node")] {
            let process = try box.run("systemctl show -P MainPID \(unit)").output
            let told = "journalctl -o cat -u \(unit) | grep -q 'drain_timeout: .* -> 21s'"
            let reloaded = try box.run(
                "echo 'drain_timeout: 21s' >>/etc/deepflow/\(file).yaml && systemctl reload \(unit)"
                    + " && timeout 30 sh -c \"until \(told); do sleep 0.2; done\"")
            #expect(reloaded.isSuccess, "\(unit): \(reloaded.output)")
            #expect(try box.run("systemctl show -P MainPID \(unit)").output == process)
        }
    }

    /// A keeper or a scheduler that hangs is ended by the manager's watchdog, and the next one serves.
    private func expectWatch(_ box: SystemdBox) throws {
        for unit in ["deepflow-keeper@local", "deepflow-schedulerd"] {
            let hung = try box.run("systemctl show -P MainPID \(unit)").output
            try box.run(
                "mkdir -p /run/systemd/system/\(unit).service.d"
                    + " && printf '[Service]\\nWatchdogSec=2\\n' >/run/systemd/system/\(unit).service.d/watch.conf"
                    + " && systemctl daemon-reload && systemctl restart \(unit)"
            ).expectSuccess()
            let watched = try box.run("systemctl show -P MainPID \(unit)").output
            #expect(watched != hung)
            let state = "$(systemctl show -P Result \(unit))$(systemctl show -P NRestarts \(unit))"
            let waiting = "until [ \"\(state)\" != success0 ]"
            let ended = try box.run(
                "systemctl kill -s STOP --kill-whom=main \(unit) && timeout 60 sh -c '\(waiting); do sleep 0.2; done'"
                    + " && journalctl -o cat -u \(unit) | grep -c 'Watchdog timeout'")
            #expect(ended.isSuccess, "\(unit): \(ended.output)")
            let answer = try box.run(
                "deepflow node status --wait 60 >/dev/null && deepflow run guide 'What is DeepFlow?'")
            #expect(answer.isSuccess && answer.output.count > 20, "\(unit): \(answer.output)")
        }
    }

    /// A node that dies is back, and its keeper with all instances was never away.
    private func expectRestart(_ box: SystemdBox) throws {
        let keeper = try box.run("systemctl show -P MainPID deepflow-keeper@local").output
        try box.run("systemctl kill -s KILL deepflow-noded@local").expectSuccess()
        let answer = try box.run("systemctl restart deepflow-noded@local && deepflow run guide 'Who are you?'")
        #expect(answer.isSuccess, "\(answer.output)")
        #expect(try box.run("systemctl show -P MainPID deepflow-keeper@local").output == keeper)
    }

    @Test("Each system call is answered under the units as the probe's table says", arguments: CallProfile.allCases)
    func matrix(profile: CallProfile) throws {
        let box = try SystemdBox()
        let matrix = "/usr/lib/deepflow/sandbox-probe matrix --behind-filter --profile \(profile)"
        if profile == .pack {
            try box.replaceCommand(of: "deepflow-noded@probe.service", by: matrix, type: "oneshot")
            let run = try box.run(
                "systemctl start deepflow-noded@probe; journalctl --sync; journalctl -o cat -u deepflow-noded@probe")
            expectAllRight(run.output)
        } else {
            let name = "probe-\(profile)"
            try box.run("ln -s sandbox-probe /usr/lib/deepflow/\(name)").expectSuccess()
            let socket = "/run/deepflow/keepers/\(name).sock"
            try box.replaceCommand(
                of: "deepflow-keeper@\(name).service",
                by: "/usr/lib/deepflow/deepflow-keeper --socket \(socket) --engine /usr/lib/deepflow/\(name)",
                type: "notify")
            try box.run("systemctl start deepflow-keeper@\(name)").expectSuccess()
            expectAllRight(try box.run("\(matrix) --keeper \(socket)").output)
        }
    }

    private func expectAllRight(_ output: String) {
        let lines = output.split(separator: "\n")
        let wrong = lines.filter { $0.contains("WRONG") || $0.contains("failed") }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
        #expect(lines.count > 200, "\(lines.suffix(5))")
        #expect(lines.contains { $0.hasSuffix(" 0 wrong") })
    }
}

/// As `sandbox-probe` names them.
enum CallProfile: String, CaseIterable, CustomStringConvertible {
    case instance, prewarmed, trainer, template, pack

    var description: String { rawValue }
}
