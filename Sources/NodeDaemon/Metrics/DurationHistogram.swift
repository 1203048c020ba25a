// SPDX-License-Identifier: Apache-2.0

/// How many durations were at most so long, as Prometheus counts them: every bucket holds those below it too.
struct DurationHistogram: Hashable {
    /// Upper bounds in microseconds, three to a decade: a fork takes under a millisecond, a template of a large model that
    /// lies on a slow disk minutes.
    static let bounds =
        [20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000]
        + [200_000, 500_000, 1_000_000, 5_000_000, 30_000_000, 300_000_000]

    /// Durations up to each bound.
    private(set) var counts = Array(repeating: 0, count: bounds.count)
    private(set) var count = 0
    private(set) var totalMicroseconds = 0

    mutating func note(microseconds: Int) {
        count += 1
        totalMicroseconds &+= max(0, microseconds)
        for (index, bound) in Self.bounds.enumerated() where microseconds <= bound { counts[index] += 1 }
    }
}
