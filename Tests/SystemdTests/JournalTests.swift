// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@Suite(
    "The journal and the service manager", .serialized,
    .enabled(if: SystemdBox.obstacle == nil, "\(SystemdBox.obstacle ?? "") (systemd cannot be booted here)"))
struct JournalTests {
    private static let units = ["deepflow-schedulerd", "deepflow-noded@local", "deepflow-keeper@local"]
    private static let checkpoint = "\(SystemdBox.sources)/Packaging/default-model/deepflow-guide.gguf"
    /// In a prompt; no word of ours.
    private static let marker = "zyxwvut-marker"

    /// A box whose units serve the model `guide`.
    private static func serving() throws -> SystemdBox {
        let box = try SystemdBox()
        try box.run("systemctl start deepflow-schedulerd.socket deepflow-admin.socket deepflow-noded@local")
            .expectSuccess()
        try box.run("deepflow node status --wait 60 && deepflow model add guide \(checkpoint)").expectSuccess()
        return box
    }

    /// The entries of the units' own processes; what systemd says about them is not among them.
    private static func entries(_ box: SystemdBox, _ match: String = "") throws -> [[String: String]] {
        let ofUnits = units.map { "_SYSTEMD_UNIT=\($0).service \(match)" }.joined(separator: " + ")
        let text = try box.run("journalctl --sync; journalctl -q --no-pager -o json \(ofUnits)").output
        return try text.split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return try #require(object, "\(line)").compactMapValues { $0 as? String }
        }
    }

    @Test("It holds nothing of a start, a request, a restart and a stop that is not the daemons' own, and no prompt")
    func ownLines() throws {
        let box = try Self.serving()
        for _ in 0..<2 {
            try box.run("deepflow run guide 'What is \(Self.marker)?'").expectSuccess()
            try box.run("systemctl restart deepflow-schedulerd deepflow-noded@local && deepflow node status --wait 60")
                .expectSuccess()
        }
        // The scheduler and the sockets first: a connection would start node and keeper again.
        try box.run("systemctl stop deepflow-schedulerd.socket deepflow-admin.socket deepflow-schedulerd")
            .expectSuccess()
        try box.run(
            "systemctl stop deepflow-noded@local.socket deepflow-noded@local && systemctl stop deepflow-keeper@local"
        )
        .expectSuccess()
        let entries = try Self.entries(box)
        #expect(entries.count > 10)
        for entry in entries {
            let message = entry["MESSAGE"] ?? ""
            #expect(!message.contains(Self.marker))
            // The keeper writes plain lines; all others are entries of the log handler, with a place in the sources.
            let isKeepers = entry["_SYSTEMD_UNIT"] == "deepflow-keeper@local.service"
            #expect(
                isKeepers
                    ? message.hasPrefix("deepflow-keeper: ")
                    : entry["_TRANSPORT"] == "journal" && entry["CODE_FILE"]?.hasSuffix(".swift") == true,
                "\(entry)")
        }
    }

    @Test("Events are found by what they are about and by their kind")
    func fields() throws {
        let box = try Self.serving()
        try box.run("deepflow run guide 'Who are you?'").expectSuccess()
        let job = try box.run("deepflow job list --json | grep -o 'job-[0-9a-f]*' | head -n 1").output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let ended = try #require(Self.entries(box, "JOB_ID=\(job)").first)
        let expected = [
            "MODEL": "guide", "NODE": "local", "PRIORITY": "6", "SYSLOG_IDENTIFIER": "deepflow-schedulerd",
            "TENANT": "uid:0", "DEEPFLOW_STATUS": "completed", "MESSAGE_ID": "4b301c18afed4a32b5f0224c30b4d273",
        ]
        for (field, value) in expected { #expect(ended[field] == value, "\(field)") }
        for field in ["REQUEST_ID", "TASK_ID", "INSTANCE", "CODE_LINE", "CODE_FUNC"] {
            #expect(ended[field]?.isEmpty == false, "\(field)")
        }
        let added = try Self.entries(box, "MESSAGE_ID=524ce1f0b38245e682d28a11bf5c4645")
        #expect(added.map { $0["MODEL"] } == ["guide"])
        try box.run("kill -SEGV $(deepflow instance list --json | sed -n 's/.*\"processID\" : \\([0-9]*\\).*/\\1/p')")
            .expectSuccess()
        try box.run("deepflow run guide 'Who are you?'").expectSuccess()
        let crashed = try Self.entries(box, "MESSAGE_ID=65079e60cb9448ab801e25eeee10437e")
        #expect(crashed.first?["INSTANCE"]?.hasPrefix("inst-") == true)
        #expect(crashed.first?["PRIORITY"] == "4")
    }

    @Test("A stop whose answers drain for longer than the unit allows is not cut short")
    func drain() throws {
        let box = try Self.serving()
        try box.replaceCommand(
            of: "deepflow-schedulerd.service", by: "/usr/lib/deepflow/deepflow-schedulerd --drain-timeout 6s",
            type: "notify", more: "TimeoutStopSec=2")
        try box.run("systemctl restart deepflow-schedulerd && deepflow node status --wait 60").expectSuccess()
        try box.run("deepflow model load guide").expectSuccess()
        let stop = """
            for pid in $(deepflow instance list --json | sed -n 's/.*"processID" : \\([0-9]*\\).*/\\1/p'); do \
            kill -STOP $pid; done; (deepflow run guide 'Who are you?' >/dev/null 2>&1; true) & \
            timeout 60 sh -c 'until deepflow job list --json | grep -q job-; do sleep 0.1; done'; \
            systemctl stop deepflow-schedulerd; wait
            """
        try box.run(stop).expectSuccess()
        #expect(try box.run("systemctl show -P Result deepflow-schedulerd").output == "success\n")
        let journal = try box.run("journalctl -o cat -u deepflow-schedulerd").output
        #expect(!journal.contains("timed out"), "\(journal)")
        #expect(journal.contains("Deactivated successfully"))
    }
}
