// SPDX-License-Identifier: Apache-2.0

/// The stored form of the splits that a tokenizer makes by regular expressions: 32-bit little-endian numbers, first the
/// number of splits and the size of each in numbers, then each split:
///
///     header    the eight counts and numbers of `Header`
///     ranges    {first scalar << 8 | class} ascending from 0: the classes of characters that the expression tells apart
///     sets      256 bits for each set of classes
///     states    {set, first entry, entries}: a place in the expression that takes one character of a set
///     guards    {first entry, entries, 1 for negative}: look-aheads; their entries use lower guards alone
///     entries   {state or `match`, bits of the guards that must hold}: where to go on, the preferred one first
enum PatternFormat {
    static let match: UInt32 = .max
    static let maxSplits = 8
    static let maxClasses = 255
    static let maxStates = 256
    static let maxGuards = 32
    static let maxEntries = 1 << 13
    static let maxRanges = 1 << 14
    static let setSize = 8

    /// Numbers of a split's header.
    enum Header {
        static let behavior = 0
        static let ranges = 1
        static let sets = 2
        static let states = 3
        static let guards = 4
        static let entries = 5
        static let firstEntry = 6
        static let entryCount = 7
        static let size = 8
    }
}

/// What becomes of the parts that a split's expression matches. The numbers are part of the stored form.
package enum SplitBehavior: UInt32, Sendable {
    /// Each match and each gap is a word.
    case isolated = 0
    /// A match belongs to the gap before it.
    case mergedWithPrevious = 1
    /// A match belongs to the gap after it.
    case mergedWithNext = 2
    /// Matches without a gap between them are one word.
    case contiguous = 3
}

/// A split by a regular expression, as checkpoints name it.
package struct SplitPattern: Sendable, Equatable {
    /// The expression in Oniguruma's syntax.
    package var expression: String
    /// What becomes of matches.
    package var behavior: SplitBehavior

    /// A split as given.
    package init(_ expression: String, _ behavior: SplitBehavior = .isolated) {
        self.expression = expression
        self.behavior = behavior
    }

    /// A split at a text.
    package init(text: String, _ behavior: SplitBehavior) {
        let special = "\\.[](){}*+?|^$"
        self.init(text.map { special.contains($0) ? "\\\($0)" : "\($0)" }.joined(), behavior)
    }
}
