// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

extension Integration {
    /// Instances that were taken over, beside an honest model of the same node. `DEEPFLOW_HOSTILE_ROUNDS` makes it longer.
    @Suite("Hostile instances at real daemons")
    struct HostileInstanceTests {
        private static let rounds =
            ProcessInfo.processInfo.environment["DEEPFLOW_HOSTILE_ROUNDS"].flatMap(Int.init) ?? 14
        private static let hostile = "hostile"

        @Test("The node lives, does not grow, ends each of them, and another model answers as before")
        func attacks() async throws {
            try await DeepFlowFixture.with(startsAll: false) { fixture in
                let keeper = try HostileKeeper(fixture)
                fixture.nodeOptions = ["--prewarmed-templates", "0"]
                try fixture.startAll()
                let honest = try await Self.answer(of: DeepFlowFixture.model, fixture)
                #expect(try !honest.text.isEmpty)
                try keeper.becomeHostile()
                let other = fixture.directory.path + "/other.gguf"
                let node = try #require(fixture.node).processID
                var before = 0
                for round in 0..<Self.rounds {
                    if round == min(7, Self.rounds / 2) { before = try Self.kibibytes(of: node) }
                    // Another model each time: one whose instances keep dying is not started again for a while.
                    try FaultTests.copyWithOtherWeights(DeepFlowFixture.checkpoint, to: other, variant: round + 1)
                    #expect(try fixture.deepflow(["model", "add", Self.hostile, other]).isSuccess)
                    let attack = try await Self.answer(of: Self.hostile, fixture)
                    #expect([200, 500, 502, 503].contains(attack.status))
                    let again = try await Self.answer(of: DeepFlowFixture.model, fixture)
                    #expect(try again.text == honest.text, "round \(round)")
                    #expect(try fixture.deepflow(["model", "remove", Self.hostile]).isSuccess)
                }
                #expect(try keeper.attackCount >= Self.rounds)
                let after = try Self.kibibytes(of: node)
                #expect(after < before + 16 << 10, "noded grew from \(before) to \(after) KiB")
                #expect(ForeignProcess.isRunning(node))
                #expect(try fixture.deepflow(["node", "status"]).isSuccess)
            }
        }

        private static func answer(of model: String, _ fixture: DeepFlowFixture) async throws -> SocketAPI.Answer {
            try await fixture.api.post(
                SchedulerRoutes.chatCompletions,
                [
                    "model": model, "temperature": 0, "max_tokens": 8, "seed": 1,
                    "messages": [["role": "user", "content": "What is DeepFlow?"]],
                ])
        }

        private static func kibibytes(of process: Int32) throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
            return try #require(line.split(separator: " ").compactMap { Int($0) }.first)
        }
    }
}

/// A keeper whose templates are the real engine first and the hostile probe later.
private final class HostileKeeper {
    private let mark: String
    private let log: String

    /// How many instances have said that they are hostile.
    var attackCount: Int {
        get throws {
            try String(contentsOfFile: log, encoding: .utf8).components(separatedBy: "probe: hostile by").count - 1
        }
    }

    /// Starts it where the fixture's node will look for one.
    init(_ fixture: DeepFlowFixture) throws {
        mark = fixture.directory.path + "/hostile"
        log = fixture.directory.path + "/keeper.log"
        let engine = fixture.directory.path + "/engine"
        let script = """
            #!/bin/sh
            if [ -e \(mark) ]; then exec \(BuiltExecutable.path("sandbox-probe")) "$@"; fi
            exec \(BuiltExecutable.path("flowserve")) "$@"

            """
        try script.write(toFile: engine, atomically: true, encoding: .utf8)
        #expect(chmod(engine, 0o755) == 0)
        let sockets = fixture.directory.path + "/keepers"
        try FileManager.default.createDirectory(atPath: sockets, withIntermediateDirectories: true)
        let keeper = try DaemonProcess(
            "deepflow-keeper", ["--socket", sockets + "/local.sock", "--engine", engine],
            log: log)
        // The node takes it along when it ends.
        fixture.atEnd { _ = try keeper.stop() }
    }

    func becomeHostile() throws {
        try Data().write(to: URL(fileURLWithPath: mark))
    }
}

extension SocketAPI.Answer {
    /// The first choice's text of a chat.
    fileprivate var text: String {
        get throws {
            let choices = try #require(try object["choices"] as? [[String: Any]])
            let message = try #require(choices.first?["message"] as? [String: Any])
            return try #require(message["content"] as? String)
        }
    }
}
