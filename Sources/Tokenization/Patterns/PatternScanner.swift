// SPDX-License-Identifier: Apache-2.0

/// Finds the matches of one expression in linear time, whatever the expression and the text are.
///
/// 1. From the text's end to its beginning, the set of states from which a match can be reached at each place; the sets
///    are the states of a deterministic automaton that is made as texts need it.
/// 2. From the beginning to the end, the way that a backtracking matcher would end up with: at each place the preferred
///    way on that leads to a match, so that nothing is ever taken back. (Frisch and Cardelli, Greedy Regular Expression
///    Matching, 2004.)
struct PatternScanner {
    /// A part of a text.
    struct Part {
        let range: Range<Int>
        let isMatch: Bool
    }

    /// States from which a match can be reached, with the look-aheads that hold there.
    private struct Outlook: Hashable {
        var states: SIMD4<UInt64> = .zero
        var guards: UInt32 = 0

        func contains(_ state: UInt32) -> Bool { states[Int(state >> 6)] >> UInt64(state & 63) & 1 == 1 }

        mutating func insert(_ state: Int) { states[state >> 6] |= 1 << UInt64(state & 63) }
    }

    /// Places before this many have their ways on remembered.
    private static let maxRemembered = 1024
    private static let unknown: UInt32 = .max

    let program: PatternProgram
    private let asciiClasses: [UInt8]
    private var outlooks: [Outlook] = []
    private var numbers: [Outlook: UInt32] = [:]
    /// The outlook before a character of a class, for each outlook behind it.
    private var transitions: [UInt32] = []
    private var classes: [UInt8] = []
    private var sizes: [UInt8] = []
    private var places: [UInt32] = []

    /// A scanner that has seen no text.
    init(_ program: PatternProgram) {
        self.program = program
        asciiClasses = (0..<0x80).map { program.classOf($0) }
        var end = Outlook()
        end.guards = Self.guards(program, end)
        _ = number(of: end)
    }

    /// The matches of a text and what is between them; they cover it.
    mutating func parts(of text: UnsafeRawBufferPointer, _ body: (Part) -> Void) {
        readCharacters(text)
        findOutlooks()
        var character = 0
        var offset = 0
        var gap = 0
        while character < classes.count {
            guard let count = match(at: character) else {
                offset += Int(sizes[character])
                character += 1
                continue
            }
            if gap < offset { body(Part(range: gap..<offset, isMatch: false)) }
            let start = offset
            for index in character..<character + count { offset += Int(sizes[index]) }
            character += count
            gap = offset
            body(Part(range: start..<offset, isMatch: true))
        }
        if gap < offset { body(Part(range: gap..<offset, isMatch: false)) }
    }

    private mutating func readCharacters(_ text: UnsafeRawBufferPointer) {
        classes.removeAll(keepingCapacity: true)
        sizes.removeAll(keepingCapacity: true)
        classes.reserveCapacity(text.count)
        sizes.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] < 0x80 {
                classes.append(asciiClasses[Int(text[index])])
                sizes.append(1)
                index += 1
                continue
            }
            // Bytes that are no UTF-8 count as U+FFFD.
            var scalar: UInt32 = 0xFFFD
            var size = 1
            if case .scalar(let found, let width) = UTF8Decoding.character(in: text, at: index) {
                (scalar, size) = (found, width)
            }
            classes.append(program.classOf(scalar))
            sizes.append(UInt8(size))
            index += size
        }
    }

    private mutating func findOutlooks() {
        places.removeAll(keepingCapacity: true)
        places.append(contentsOf: repeatElement(0, count: classes.count + 1))
        var current: UInt32 = 0
        for index in stride(from: classes.count - 1, through: 0, by: -1) {
            current = before(current, classes[index])
            places[index] = current
        }
    }

    private mutating func before(_ next: UInt32, _ character: UInt8) -> UInt32 {
        let slot = Int(next) * program.classCount + Int(character)
        let isRemembered = next < Self.maxRemembered
        if isRemembered, transitions[slot] != Self.unknown { return transitions[slot] }
        let behind = outlooks[Int(next)]
        var outlook = Outlook()
        for state in 0..<program.stateCount where program.takes(state, character) {
            if way(program.entries(of: state), behind) != nil { outlook.insert(state) }
        }
        outlook.guards = Self.guards(program, outlook)
        let number = number(of: outlook)
        if isRemembered { transitions[slot] = number }
        return number
    }

    private mutating func number(of outlook: Outlook) -> UInt32 {
        if let known = numbers[outlook] { return known }
        let number = UInt32(outlooks.count)
        outlooks.append(outlook)
        numbers[outlook] = number
        if number < Self.maxRemembered {
            transitions += repeatElement(Self.unknown, count: program.classCount)
        }
        return number
    }

    /// The look-aheads that hold at a place, each judged by those before it.
    private static func guards(_ program: PatternProgram, _ outlook: Outlook) -> UInt32 {
        var judged = outlook
        for index in 0..<program.guardCount {
            let look = program.look(index)
            let holds = look.entries.contains { Self.leads(program.entry($0), judged) }
            if holds != look.isNegative { judged.guards |= 1 << UInt32(index) }
        }
        return judged.guards
    }

    private static func leads(_ entry: PatternProgram.Entry, _ outlook: Outlook) -> Bool {
        outlook.guards & entry.guards == entry.guards
            && (entry.target == PatternFormat.match || outlook.contains(entry.target))
    }

    /// The preferred way on that leads to a match.
    private func way(_ entries: Range<Int>, _ outlook: Outlook) -> UInt32? {
        for index in entries {
            let entry = program.entry(index)
            if Self.leads(entry, outlook) { return entry.target }
        }
        return nil
    }

    /// The characters of the match at a place; nil where there is none, or an empty one.
    private func match(at start: Int) -> Int? {
        guard var state = way(program.first, outlooks[Int(places[start])]) else { return nil }
        var index = start
        while state != PatternFormat.match {
            index += 1
            guard let next = way(program.entries(of: Int(state)), outlooks[Int(places[index])]) else { return nil }
            state = next
        }
        return index > start ? index - start : nil
    }
}
