// SPDX-License-Identifier: Apache-2.0

/// The stored form of one split, used where it lies. Everything that it points to was checked.
struct PatternProgram: @unchecked Sendable {
    /// Where an entry leads.
    struct Entry {
        /// A state, or `PatternFormat.match`.
        let target: UInt32
        /// The look-aheads that must hold.
        let guards: UInt32
    }

    /// A look-ahead.
    struct Guard {
        let entries: Range<Int>
        let isNegative: Bool
    }

    let behavior: SplitBehavior
    let stateCount: Int
    let guardCount: Int
    /// The ways into the expression.
    let first: Range<Int>
    /// Classes that characters have, at least one.
    let classCount: Int
    private let ranges: UnsafeRawBufferPointer
    private let sets: UnsafeRawBufferPointer
    private let states: UnsafeRawBufferPointer
    private let guards: UnsafeRawBufferPointer
    private let entries: UnsafeRawBufferPointer

    /// Reads the splits of a table.
    static func all(in table: UnsafeRawBufferPointer) throws(TokenizerError) -> [PatternProgram] {
        guard !table.isEmpty else { return [] }
        guard table.count >= 4 else { throw .damagedTables(field: "splits") }
        let count = Int(table.number(0, as: UInt32.self))
        guard (1...PatternFormat.maxSplits).contains(count), table.count / 4 > count else {
            throw .damagedTables(field: "splits")
        }
        var programs: [PatternProgram] = []
        var start = 4 * (count + 1)
        for index in 0..<count {
            let size = Int(table.number(4 * (index + 1), as: UInt32.self))
            guard size <= (table.count - start) / 4 else { throw .damagedTables(field: "splits") }
            programs.append(
                try PatternProgram(verifying: UnsafeRawBufferPointer(rebasing: table[start..<start + 4 * size])))
            start += 4 * size
        }
        return programs
    }

    private init(verifying words: UnsafeRawBufferPointer) throws(TokenizerError) {
        typealias Header = PatternFormat.Header
        guard words.count >= 4 * Header.size else { throw .damagedTables(field: "split") }
        func count(_ place: Int, atMost most: Int) throws(TokenizerError) -> Int {
            let value = Int(words.number(4 * place, as: UInt32.self))
            guard value <= most else { throw .damagedTables(field: "split") }
            return value
        }
        guard let behavior = SplitBehavior(rawValue: words.number(0)) else { throw .damagedTables(field: "split") }
        self.behavior = behavior
        let rangeCount = try count(Header.ranges, atMost: PatternFormat.maxRanges)
        let setCount = try count(Header.sets, atMost: PatternFormat.maxStates)
        stateCount = try count(Header.states, atMost: PatternFormat.maxStates)
        guardCount = try count(Header.guards, atMost: PatternFormat.maxGuards)
        let entryCount = try count(Header.entries, atMost: PatternFormat.maxEntries)
        var start = 4 * Header.size
        func table(_ count: Int, of numbers: Int) throws(TokenizerError) -> UnsafeRawBufferPointer {
            let size = 4 * count * numbers
            guard size <= words.count - start else { throw .damagedTables(field: "split") }
            defer { start += size }
            return UnsafeRawBufferPointer(rebasing: words[start..<start + size])
        }
        ranges = try table(rangeCount, of: 1)
        sets = try table(setCount, of: PatternFormat.setSize)
        states = try table(stateCount, of: 3)
        guards = try table(guardCount, of: 3)
        entries = try table(entryCount, of: 2)
        let firstEntry = try count(Header.firstEntry, atMost: entryCount)
        first = firstEntry..<firstEntry + (try count(Header.entryCount, atMost: entryCount - firstEntry))
        var most = 0
        for index in 0..<rangeCount { most = max(most, Int(ranges.number(4 * index, as: UInt32.self) & 0xFF)) }
        classCount = most + 1
        guard rangeCount > 0, ranges.number(0, as: UInt32.self) >> 8 == 0 else { throw .damagedTables(field: "split") }
        try checkReferences(setCount: setCount, entryCount: entryCount)
    }

    private func checkReferences(setCount: Int, entryCount: Int) throws(TokenizerError) {
        func check(_ table: UnsafeRawBufferPointer, _ offset: Int, lowerGuards: Int) throws(TokenizerError) {
            let first = Int(table.number(offset, as: UInt32.self))
            let count = Int(table.number(offset + 4, as: UInt32.self))
            guard first <= entryCount, count <= entryCount - first else { throw .damagedTables(field: "split") }
            for index in first..<first + count {
                let entry = entry(index)
                guard entry.target == PatternFormat.match || Int(entry.target) < stateCount,
                    lowerGuards >= 32 || entry.guards >> UInt32(lowerGuards) == 0
                else { throw .damagedTables(field: "split") }
            }
        }
        for index in 0..<stateCount {
            guard states.number(12 * index, as: UInt32.self) < setCount else { throw .damagedTables(field: "split") }
            try check(states, 12 * index + 4, lowerGuards: guardCount)
        }
        for index in 0..<guardCount { try check(guards, 12 * index, lowerGuards: index) }
        for index in first where !(Int(entry(index).target) < stateCount || entry(index).target == PatternFormat.match)
        {
            throw .damagedTables(field: "split")
        }
    }

    /// The class of a character.
    func classOf(_ scalar: UInt32) -> UInt8 {
        let wanted = scalar << 8 | 0xFF
        var low = 0
        var high = ranges.count / 4
        while high - low > 1 {
            let middle = (low + high) / 2
            if ranges.number(4 * middle, as: UInt32.self) <= wanted { low = middle } else { high = middle }
        }
        return UInt8(truncatingIfNeeded: ranges.number(4 * low, as: UInt32.self))
    }

    /// Whether a state takes characters of a class.
    func takes(_ state: Int, _ character: UInt8) -> Bool {
        let set = Int(states.number(12 * state, as: UInt32.self))
        let bits: UInt32 = sets.number(4 * (set * PatternFormat.setSize + Int(character) / 32))
        return bits >> UInt32(character % 32) & 1 == 1
    }

    /// The ways on from a state.
    func entries(of state: Int) -> Range<Int> {
        let first = Int(states.number(12 * state + 4, as: UInt32.self))
        return first..<first + Int(states.number(12 * state + 8, as: UInt32.self))
    }

    /// A look-ahead.
    func look(_ index: Int) -> Guard {
        let first = Int(guards.number(12 * index, as: UInt32.self))
        let count = Int(guards.number(12 * index + 4, as: UInt32.self))
        return Guard(
            entries: first..<first + count, isNegative: guards.number(12 * index + 8, as: UInt32.self) != 0)
    }

    /// A way on.
    func entry(_ index: Int) -> Entry {
        Entry(target: entries.number(8 * index), guards: entries.number(8 * index + 4))
    }
}
