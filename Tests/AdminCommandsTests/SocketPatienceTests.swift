// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AdminCommands

@Suite("Waiting for a server that is starting")
struct SocketPatienceTests {
    private static let nobody = CommandError.unreachable("nobody")

    @Test("The first answer ends the wait")
    func answer() async throws {
        var attempts = 0
        let patience = SocketPatience(seconds: 60, candidates: ["/nowhere/at/all.sock"])
        let answer = try await patience.ask(notReady: Self.nobody) { () async throws(CommandError) -> Int? in
            attempts += 1
            if attempts == 1 { throw Self.nobody }
            return attempts == 2 ? nil : attempts
        }
        #expect(answer == 3)
    }

    @Test("When the time is over the last problem is thrown")
    func timeout() async {
        let patience = SocketPatience(seconds: 0, candidates: [])
        await #expect(throws: Self.nobody) {
            _ = try await patience.ask(notReady: Self.nobody) { () async throws(CommandError) -> Int? in nil }
        }
    }

    @Test("What time does not heal is thrown at once", arguments: [CommandError.permission("no"), .usage("what")])
    func hopeless(error: CommandError) async {
        let patience = SocketPatience(seconds: 3600, candidates: ["/tmp/x.sock"])
        await #expect(throws: error) {
            _ = try await patience.ask(notReady: Self.nobody) { () async throws(CommandError) -> Int? in throw error }
        }
    }
}
