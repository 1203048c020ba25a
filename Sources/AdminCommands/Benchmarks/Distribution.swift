// SPDX-License-Identifier: Apache-2.0

/// What a row of measured times comes to, in milliseconds.
struct Distribution: Hashable, Sendable, Codable {
    let p50: Double
    let p95: Double
    let p99: Double
    let maximum: Double
    let count: Int

    /// Of at least one time in microseconds: the time that so many percent do not exceed.
    init(microseconds: [Int]) {
        precondition(!microseconds.isEmpty, "a distribution is of something")
        let sorted = microseconds.sorted()
        func percentile(_ percent: Int) -> Double {
            let rank = (sorted.count * percent + 99) / 100
            return Double(sorted[min(max(rank, 1), sorted.count) - 1]) / 1000
        }
        p50 = percentile(50)
        p95 = percentile(95)
        p99 = percentile(99)
        maximum = percentile(100)
        count = sorted.count
    }
}
