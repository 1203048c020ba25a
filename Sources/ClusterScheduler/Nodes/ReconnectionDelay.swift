// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the next try of a socket that refuses: a moment at first, since a daemon that has just bound
/// its socket listens within it, then 100 ms doubling to the longest.
struct ReconnectionDelay: Sendable {
    private static let first = Duration.milliseconds(20)
    private static let second = Duration.milliseconds(100)

    private let longest: Duration
    private var delay = Self.first

    init(longest: Duration) {
        self.longest = longest
    }

    /// The wait before the next try.
    mutating func next() -> Duration {
        defer { delay = delay < Self.second ? Self.second : min(delay * 2, longest) }
        return delay
    }

    /// It answered, or its file is new: begin again.
    mutating func reset() {
        delay = Self.first
    }
}
