// SPDX-License-Identifier: Apache-2.0

/// How often something may still be said that is said only when it is owed.
struct Allowance: Sendable {
    private var left: Int

    init(_ count: Int) {
        left = count
    }

    /// So many more are owed, `limit` at most in all.
    mutating func add(_ count: Int, upTo limit: Int = .max) {
        left = min(left + count, limit)
    }

    /// Whether one is owed, which is taken.
    mutating func take() -> Bool {
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
