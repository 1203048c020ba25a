// SPDX-License-Identifier: Apache-2.0

/// The sending end of a numbered stream: which items are kept, which of them was sent. Holds numbers alone; the items lie
/// with its owner, the oldest kept one first.
///
/// Invariant: `firstKept` <= `nextToSend` <= `nextIndex`. An item is kept from `append` until `acknowledge` lets it go;
/// `rewind` has kept items sent once more.
package struct StreamWindow: Hashable, Sendable {
    /// Index of the oldest item that is kept, or of the next one where none is.
    package private(set) var firstKept: Int
    /// Index of the item that is to be sent next.
    package private(set) var nextToSend: Int
    /// Index that the next new item gets.
    package private(set) var nextIndex: Int

    /// A stream whose first item gets `nextIndex`.
    package init(nextIndex: Int = 0) {
        firstKept = nextIndex
        nextToSend = nextIndex
        self.nextIndex = nextIndex
    }

    /// Items that were not acknowledged.
    package var keptCount: Int { nextIndex - firstKept }
    /// Items that were not sent, or are to be sent again.
    package var unsentCount: Int { nextIndex - nextToSend }

    /// `count` new items follow.
    package mutating func append(_ count: Int = 1) {
        nextIndex += count
    }

    /// The next `count` items are sent; must not be more than `unsentCount`.
    package mutating func send(_ count: Int = 1) {
        precondition(count <= unsentCount, "an item is sent before it exists")
        nextToSend += count
    }

    /// The receiver has all items below `index`; returns how many of the oldest are to be let go. They are never sent
    /// again. An index beyond the last item counts as that.
    package mutating func acknowledge(_ index: Int) -> Int {
        let count = min(index, nextIndex) - firstKept
        guard count > 0 else { return 0 }
        firstKept += count
        nextToSend = max(nextToSend, firstKept)
        return count
    }

    /// The receiver wants the items from `index` on again; those that are no longer kept are left out.
    package mutating func rewind(to index: Int) {
        nextToSend = min(max(index, firstKept), nextIndex)
    }
}
