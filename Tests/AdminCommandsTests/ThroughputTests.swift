// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Testing

@testable import AdminCommands

@Suite("Throughput of a round")
struct ThroughputTests {
    private func time(_ milliseconds: UInt64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

    private func answer(_ arrivals: [UInt64], prompt: Int) -> TimedAnswer {
        TimedAnswer(
            begin: time(1000), arrivals: arrivals.map(time), promptTokens: prompt, completionTokens: arrivals.count)
    }

    @Test("Rates are those of their parts of the round")
    func rates() {
        let rates = RoundRates([
            answer([1100, 1150, 1200], prompt: 100), answer([1200, 1300, 1400, 1500], prompt: 300),
        ])
        #expect(rates.prefill == 400 / 0.2)
        #expect(rates.decode == 5 / 0.4)
        #expect(rates.output == 7 / 0.5)
        #expect(rates.total == 407 / 0.5)
    }

    @Test("A timed answer knows its first token and the gaps behind it")
    func gaps() {
        let answer = answer([1100, 1150, 1350], prompt: 1)
        #expect(answer.firstMicroseconds == 100_000)
        #expect(answer.gaps == [50_000, 200_000])
    }
}
