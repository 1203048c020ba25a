// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Foundation
import NIOCore
import Testing
import UnixHTTP

/// Random half-broken HTTP, and a good client next to it. `DEEPFLOW_SOAK_ROUNDS` says for how many connections.
@Suite struct HTTPSoakTests {
    private static let rounds = ProcessInfo.processInfo.environment["DEEPFLOW_SOAK_ROUNDS"].flatMap { Int($0) } ?? 400

    private static let requests = [
        "GET /ok HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD /ok HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde",
        "POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "POST /count HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nabcde",
        "POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n" + String(repeating: "x", count: 50_000),
        "GET /nowhere?a=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ]
    private static let splinters = [
        "\r\n", "\n", "\0", ":", " ", "Content-Length: 7\r\n", "Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n",
        "HTTP/9.9", "GET / HTTP/1.1\r\n", "Upgrade: h2c\r\nConnection: upgrade\r\n", "\u{e4}",
    ]

    /// Some requests behind each other, with a few changes for the worse.
    private func brokenText(_ generator: inout some RandomNumberGenerator) -> String {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            bytes += (Self.requests.randomElement(using: &generator) ?? "").utf8
        }
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes.removeSubrange(place...)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 2: bytes.remove(at: place)
            default: bytes.insert(contentsOf: (Self.splinters.randomElement(using: &generator) ?? "").utf8, at: place)
            }
            if bytes.isEmpty { bytes = [0] }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("whatever others send, a good client is answered")
    func soak() async throws {
        try await ServerFixture.run(.ofEveryKind, limits: .with { $0.idleSeconds = 2 }) { fixture in
            var generator = SplitMix(state: 14)
            var open: [RawConnection] = []
            for round in 0..<Self.rounds {
                let text = self.brokenText(&generator)
                let cut = text.index(text.startIndex, offsetBy: Int.random(in: 0...text.count, using: &generator))
                let connection = try fixture.rawConnection(sending: String(text[..<cut]))
                try? connection.send(String(text[cut...]))
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: connection.hangUp()
                case 1:
                    connection.endSending()
                    // Whatever it was, it has an end.
                    _ = try await connection.readToEnd()
                default: open.append(connection)
                }
                if open.count > 32 { open.removeFirst().hangUp() }
                let good = try await fixture.client.request(.get, "/ok")
                #expect(try await String(buffer: good.collect(upTo: 100)) == "fine", "round \(round)")
                let sent = try await fixture.client.request(.post, "/count", body: .bytes([1, 2, 3]))
                #expect(try await String(buffer: sent.collect(upTo: 100)) == "3", "round \(round)")
            }
            for connection in open { connection.hangUp() }
        }
    }
}

/// Random numbers that are the same in each run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var number = state
        number = (number ^ (number >> 30)) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ (number >> 27)) &* 0x94D0_49BB_1331_11EB
        return number ^ (number >> 31)
    }
}
