// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Synchronization

/// Moments in the form of the `Date` field (RFC 9110, section 5.6.7).
enum HTTPDate {
    private struct Stamp {
        var second: time_t = -1
        var text = ""
    }

    private static let latest = Mutex(Stamp())
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// The present second; its text is made once.
    static var now: String {
        let second = time(nil)
        return latest.withLock { stamp in
            if stamp.second != second { stamp = Stamp(second: second, text: text(of: second)) }
            return stamp.text
        }
    }

    /// `second` counts from 1970.
    static func text(of second: time_t) -> String {
        var second = second
        var parts = tm()
        gmtime_r(&second, &parts)
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(twoDigits).joined(separator: ":")
        let day = "\(days[Int(parts.tm_wday)]), \(twoDigits(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
        return "\(day) \(parts.tm_year + 1900) \(clock) GMT"
    }

    private static func twoDigits(_ number: CInt) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
