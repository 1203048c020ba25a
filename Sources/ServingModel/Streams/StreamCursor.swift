// SPDX-License-Identifier: Apache-2.0

/// The receiving end of a numbered stream: which item is due, what is a repetition, what is missing.
///
/// Items are numbered from 0 without gaps; the sender keeps what was not acknowledged and sends it again when asked
/// (`StreamWindow`). The rules, in the order in which an arriving index is judged:
/// 1. The index that is due is taken, and the next one is due.
/// 2. A lower index repeats what was taken: it is dropped.
/// 3. A higher index shows a gap: it is dropped, and the items are asked for again from the gap. That is asked once per
///    gap, until the gap is closed.
/// 4. An end that counts more items than were taken shows the same gap. When it comes a second time without one of them,
///    it is believed: nothing more can be had.
package struct StreamCursor: Hashable, Sendable {
    /// What an arriving index is.
    package enum Arrival: Hashable, Sendable {
        /// The item that was due; it counts as taken.
        case due
        /// Taken before.
        case repetition
        /// Items are missing before it. `askFrom` is the first of them, nil where they were asked for already.
        case gap(askFrom: Int?)
    }

    /// What an arriving end is.
    package enum Ending: Hashable, Sendable {
        /// Nothing follows.
        case complete
        /// Items are missing before it. `askFrom` is the first of them, nil where they were asked for already.
        case gap(askFrom: Int?)
    }

    /// Index of the item that is due; also the number of items that were taken.
    package private(set) var nextIndex: Int
    /// Items below this were acknowledged to the sender.
    package private(set) var acknowledgedIndex: Int
    private var askedFrom: Int?
    /// The item that was due when an end came too early.
    private var endedAt: Int?

    /// A stream whose first item to come has `nextIndex`.
    package init(nextIndex: Int = 0) {
        self.nextIndex = nextIndex
        acknowledgedIndex = nextIndex
    }

    /// Judges an item that arrived, and counts it where it was due.
    package mutating func receive(_ index: Int) -> Arrival {
        if index == nextIndex {
            nextIndex += 1
            return .due
        }
        return index < nextIndex ? .repetition : .gap(askFrom: askForGap())
    }

    /// Judges the sender's word that the stream ended after `count` items.
    package mutating func end(after count: Int) -> Ending {
        guard count > nextIndex, endedAt != nextIndex else { return .complete }
        endedAt = nextIndex
        return .gap(askFrom: askForGap())
    }

    /// Everything below `index` was used; returns the index to acknowledge where at least `step` items have come since the
    /// last acknowledgement.
    package mutating func acknowledge(upTo index: Int, every step: Int) -> Int? {
        let index = min(index, nextIndex)
        guard index - acknowledgedIndex >= step else { return nil }
        acknowledgedIndex = index
        return index
    }

    /// Another sender goes on with the stream where this end stands.
    package mutating func changeSender() {
        acknowledgedIndex = nextIndex
        askedFrom = nil
        endedAt = nil
    }

    private mutating func askForGap() -> Int? {
        guard askedFrom != nextIndex else { return nil }
        askedFrom = nextIndex
        return nextIndex
    }
}
