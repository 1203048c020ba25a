// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import Logging
import TestSupport
import Testing

@testable import SystemdIntegration

@Suite("Forms of a log event")
struct LogFormTests {
    private static func record(
        _ message: Logger.Message, level: Logger.Level = .warning, _ metadata: Logger.Metadata = [:]
    ) -> LogRecord {
        LogRecord(
            LogEvent(
                level: level, message: message, metadata: nil, source: nil, file: "NodeDaemon/A.swift",
                function: "end()", line: 7),
            metadata: metadata, program: "deepflow-test")
    }

    private static func fields(_ record: LogRecord) -> [String: String] {
        let pairs = JournalEntry(record).fields.map { String(decoding: $0, as: UTF8.self) }.map { text in
            (String(text.prefix { $0 != "=" }), String(text.drop { $0 != "=" }.dropFirst()))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test("An entry of the journal has the well-known fields, the subjects, and details under names that are allowed")
    func journal() {
        let record = Self.record(
            "an instance ended",
            .about(
                [.instance: "inst-1", .job: "job-2"], kind: .instanceCrashed,
                ["moved-to": "/a b", "priority": "0", "a.é": "x"]))
        #expect(
            Self.fields(record) == [
                "MESSAGE":
                    "an instance ended [job_id=job-2 instance=inst-1 a.é=x moved-to=\"/a b\" priority=0]",
                "PRIORITY": "4", "SYSLOG_IDENTIFIER": "deepflow-test", "CODE_FILE": "NodeDaemon/A.swift",
                "CODE_LINE": "7", "CODE_FUNC": "end()", "INSTANCE": "inst-1", "JOB_ID": "job-2",
                "MESSAGE_ID": LogEventKind.instanceCrashed.rawValue, "DEEPFLOW_MOVED_TO": "/a b",
                "DEEPFLOW_PRIORITY": "0", "DEEPFLOW_A___": "x",
            ])
    }

    @Test("Line breaks, zeros and turned directions in a value stay whole in its field and visible in the message")
    func hostileValues() {
        let value = "one\nMESSAGE=forged\r\n\u{0}\u{1b}[31m\u{202e}end"
        let fields = Self.fields(Self.record("words\nof it", .about([.model: value], ["reason": "\(value)"])))
        #expect(fields["MODEL"] == value)
        #expect(fields["DEEPFLOW_REASON"] == value)
        let message = fields["MESSAGE"] ?? ""
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202e })
        #expect(message.hasPrefix("words\\nof it [model=\"one\\nMESSAGE=forged"))
    }

    @Test("Levels are syslog's priorities")
    func priorities() {
        let expected: [(Logger.Level, String)] = [
            (.trace, "7"), (.debug, "7"), (.info, "6"), (.notice, "5"), (.warning, "4"), (.error, "3"),
            (.critical, "2"),
        ]
        for (level, priority) in expected {
            #expect(Self.fields(Self.record("x", level: level))["PRIORITY"] == priority)
        }
    }

    @Test("A line of JSON has the subjects as members and everything else under details")
    func json() throws {
        let record = Self.record(
            "two\nlines", .about([.task: "task-1"], kind: .nodeLost, ["time": "never", "level": "\u{1}"]))
        let line = LogLine.json(record)
        #expect(line.last == 10 && line.count { $0 == 10 } == 1)
        let object = try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        #expect(object["message"] as? String == "two\nlines")
        #expect(object["task_id"] as? String == "task-1")
        #expect(object["message_id"] as? String == LogEventKind.nodeLost.rawValue)
        #expect(object["level"] as? String == "warning")
        #expect(object["program"] as? String == "deepflow-test")
        #expect(object["source"] as? String == "NodeDaemon/A.swift:7")
        #expect(object["details"] as? [String: String] == ["time": "never", "level": "\u{1}"])
        let time = try #require(object["time"] as? String)
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(time)")
    }

    @Test("A plain line has the time of day, the level and the text")
    func plain() {
        let line = String(decoding: LogLine.plain(Self.record("it ends", ["reason": "a \"b\""])), as: UTF8.self)
        #expect(line.wholeMatch(of: /\d\d:\d\d:\d\d\.\d{3} warning it ends \[reason="a \\"b\\""\]\n/) != nil, "\(line)")
    }

    @Test("What is too long is cut between characters")
    func long() {
        let text = String(repeating: "é", count: 5000)
        let record = Self.record("x\(text)", ["reason": "\(text)"])
        #expect(record.message.utf8.count <= LogRecord.maxBytes + 3)
        #expect(record.message.hasSuffix("é..."))
        #expect(record.details["reason"]?.hasSuffix("é...") == true)
    }

    @Test("Kinds of events have ids of 128 bits, each its own")
    func kinds() {
        for kind in LogEventKind.allCases {
            #expect(kind.rawValue.wholeMatch(of: /[0-9a-f]{32}/) != nil, "\(kind)")
        }
        #expect(Set(LogEventKind.allCases.map(\.rawValue)).count == LogEventKind.allCases.count)
    }
}

@Suite("Where a log goes")
struct LogDestinationTests {
    @Test("stderr is the journal where device and inode of JOURNAL_STREAM are its own, and only there")
    func journal() throws {
        let file = try MemoryFile.unsealed(name: "stderr")
        var status = stat()
        try systemCall("fstat") { fstat(file.rawValue, &status) }
        let own = "\(status.st_dev):\(status.st_ino)"
        #expect(LogDestination(of: file.rawValue, journalStream: own) == .journal)
        for other in [nil, "", ":", "\(status.st_dev)", "\(status.st_dev):\(status.st_ino + 1)", own + ":0", "a:b"] {
            #expect(LogDestination(of: file.rawValue, journalStream: other) == .lines, "\(other ?? "nil")")
        }
    }

    @Test("A terminal gets readable lines, also where the variable of a parent's journal is left")
    func terminal() throws {
        // The master's end is a terminal too.
        let terminal = try OwnedDescriptor.open("/dev/ptmx", O_RDWR | O_NOCTTY)
        #expect(LogDestination(of: terminal.rawValue, journalStream: "1:2") == .terminal)
    }
}
