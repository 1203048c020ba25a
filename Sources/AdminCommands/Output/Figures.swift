// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Sizes, counts and times as people read them. `--json` has the exact numbers.
package enum Figures {
    /// `0 B`, `11.5 MiB`; `-` where it is not known.
    package static func bytes(_ count: Int?) -> String {
        guard let count else { return "-" }
        let units = ["KiB", "MiB", "GiB", "TiB"]
        guard count >= 1024 else { return "\(count) B" }
        var value = Double(count) / 1024
        var index = 0
        while value >= 1024, index < units.count - 1 {
            value /= 1024
            index += 1
        }
        return "\(oneDecimal(value)) \(units[index])"
    }

    /// `950`, `4.2 M`, `1.5 B`.
    package static func count(_ number: UInt64) -> String {
        switch number {
        case 0..<10_000: "\(number)"
        case 0..<1_000_000: "\(oneDecimal(Double(number) / 1e3)) k"
        case 0..<1_000_000_000: "\(oneDecimal(Double(number) / 1e6)) M"
        default: "\(oneDecimal(Double(number) / 1e9)) B"
        }
    }

    /// `85 us`, `1.4 ms`, `2.3 s`; `-` where it did not happen.
    package static func duration(microseconds: Int?) -> String {
        guard let microseconds else { return "-" }
        switch microseconds {
        case ..<1000: return "\(microseconds) us"
        case ..<1_000_000: return "\(oneDecimal(Double(microseconds) / 1e3)) ms"
        default: return "\(oneDecimal(Double(microseconds) / 1e6)) s"
        }
    }

    /// How long ago `seconds` (since 1970) was at `now`: `12 s`, `5 min`, `3 h`, `2 d`.
    package static func age(of seconds: Double, now: Double) -> String {
        let age = now - seconds
        guard age.isFinite, age > 0 else { return "0 s" }
        switch age {
        case ..<120: return "\(Int(age)) s"
        case ..<7200: return "\(Int(age / 60)) min"
        case ..<172_800: return "\(Int(age / 3600)) h"
        default: return "\(Int(min(age / 86400, 1e9))) d"
        }
    }

    /// Seconds since 1970 now.
    package static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Without a locale: output is read by scripts, too.
    private static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((min(value, 1e15) * 10).rounded())
        return tenths >= 1000 || tenths % 10 == 0 ? "\((tenths + 5) / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
