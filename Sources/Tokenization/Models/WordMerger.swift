// SPDX-License-Identifier: Apache-2.0

/// Joins the tokens of one word by the merges' ranks: a linked list of symbols and a heap of candidate pairs, so that
/// a word of n bytes takes n log n steps, whatever it is. Reused from word to word without allocation.
struct WordMerger {
    private struct Symbol {
        var token: Int32
        var previous: Int32
        var next: Int32
    }

    private struct Candidate {
        let rank: UInt32
        let position: Int32
        let left: Int32
        let right: Int32
        let result: Int32

        /// Lower ranks first; of equal ones the leftmost.
        func precedes(_ other: Candidate) -> Bool {
            (rank, position) < (other.rank, other.position)
        }
    }

    private static let none: Int32 = -1
    /// Marks a symbol that was joined into its left neighbour.
    private static let gone: Int32 = -2

    private var symbols: [Symbol] = []
    private var heap: [Candidate] = []

    /// Begins an empty word.
    mutating func reset() {
        symbols.removeAll(keepingCapacity: true)
        heap.removeAll(keepingCapacity: true)
    }

    /// Adds a token at the end of the word.
    mutating func append(_ token: Int32) {
        let index = Int32(symbols.count)
        if index > 0 { symbols[Int(index) - 1].next = index }
        symbols.append(Symbol(token: token, previous: index - 1, next: Self.none))
    }

    /// Joins what can be joined and adds the word's tokens to `output`.
    mutating func merge(by table: MergeTable, into output: inout [Int32]) {
        for position in symbols.indices.dropLast() { propose(Int32(position), table) }
        while let best = pop() {
            let position = Int(best.position)
            let symbol = symbols[position]
            // A pair is stale when one of its two was joined with something else meanwhile.
            guard symbol.token == best.left, symbol.next != Self.none,
                symbols[Int(symbol.next)].token == best.right
            else { continue }
            let right = Int(symbol.next)
            symbols[position].token = best.result
            symbols[position].next = symbols[right].next
            symbols[right].token = Self.gone
            if symbols[position].next != Self.none {
                symbols[Int(symbols[position].next)].previous = best.position
                propose(best.position, table)
            }
            if symbol.previous != Self.none { propose(symbol.previous, table) }
        }
        var index: Int32 = symbols.isEmpty ? Self.none : 0
        while index != Self.none {
            output.append(symbols[Int(index)].token)
            index = symbols[Int(index)].next
        }
    }

    private mutating func propose(_ position: Int32, _ table: MergeTable) {
        let left = symbols[Int(position)]
        let right = symbols[Int(left.next)].token
        guard let merge = table.merge(left.token, right) else { return }
        push(
            Candidate(rank: merge.rank, position: position, left: left.token, right: right, result: merge.token))
    }

    private mutating func push(_ candidate: Candidate) {
        heap.append(candidate)
        var index = heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index].precedes(heap[parent]) else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func pop() -> Candidate? {
        guard let best = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return best }
        heap[0] = last
        var index = 0
        while true {
            var smallest = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && heap[child].precedes(heap[smallest]) {
                smallest = child
            }
            guard smallest != index else { return best }
            heap.swapAt(index, smallest)
            index = smallest
        }
    }
}
