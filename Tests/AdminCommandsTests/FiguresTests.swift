// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AdminCommands

@Suite("Figures for people")
struct FiguresTests {
    @Test(
        "Sizes have the unit that keeps them short",
        arguments: [
            (nil, "-"), (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (12_058_624, "11.5 MiB"),
            (1 << 30, "1 GiB"), (Int.max, "8388608 TiB"),
        ])
    func bytes(count: Int?, text: String) {
        #expect(Figures.bytes(count) == text)
    }

    @Test(
        "Counts are in thousands, millions, billions",
        arguments: [(950, "950"), (4_200_000, "4.2 M"), (7_000_000_000, "7 B")])
    func count(number: UInt64, text: String) {
        #expect(Figures.count(number) == text)
    }

    @Test("Times choose their unit", arguments: [(nil, "-"), (85, "85 us"), (1_400, "1.4 ms"), (2_300_000, "2.3 s")])
    func duration(microseconds: Int?, text: String) {
        #expect(Figures.duration(microseconds: microseconds) == text)
    }

    @Test(
        "Ages never trap, whatever the clocks say",
        arguments: [(0.0, "100 s"), (200, "0 s"), (.nan, "0 s"), (-1e300, "1000000000 d")])
    func age(start: Double, text: String) {
        #expect(Figures.age(of: start, now: 100) == text)
    }
}
