// SPDX-License-Identifier: Apache-2.0

/// How often the other side of a channel may still say something that it says only when it is owed, or only a few times.
/// Whoever says it once more breaks the protocol.
package struct Allowance: Sendable {
    private var left: Int

    /// May be said `count` times.
    package init(_ count: Int) {
        left = count
    }

    /// So many more are owed, `limit` at most in all.
    package mutating func add(_ count: Int, upTo limit: Int = .max) {
        left = min(left + count, limit)
    }

    /// Whether one is owed, which is taken.
    package mutating func take() -> Bool {
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
