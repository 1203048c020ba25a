// SPDX-License-Identifier: Apache-2.0

/// Turns a regular expression into the stored form: an automaton without empty steps (Glushkov's) whose ways on are in
/// the order in which a backtracking matcher would try them, so that both find the same match.
struct PatternCompiler {
    /// A way on: where to, under which look-aheads.
    private struct Entry: Hashable {
        let target: UInt32
        let guards: UInt32
    }

    /// A step of the automaton with empty steps that stands between the tree and the stored form.
    private enum Step {
        case take(ScalarSet, next: Int)
        case fork(Int, Int)
        case look(guardIndex: Int, next: Int)
        case match
    }

    private struct Look {
        let start: Int
        let isNegative: Bool
    }

    private var steps: [Step] = [.match]
    private var looks: [Look] = []
    private var entries: [Entry] = []

    /// The numbers of one split.
    static func words(
        for split: SplitPattern
    ) throws(TokenizerError) -> [UInt32] {
        do throws(PatternProblem) {
            var compiler = PatternCompiler()
            let tree = try PatternParser.parse(split.expression)
            let start = try compiler.add(tree, before: 0)
            return try compiler.assembled(from: start, split.behavior)
        } catch {
            throw .unsupportedPattern(split.expression, problem: error.text, offset: error.offset)
        }
    }

    private func tooLarge() -> PatternProblem {
        PatternProblem(text: "an expression of more than \(PatternFormat.maxStates) characters and classes", offset: 0)
    }

    private mutating func add(_ step: Step) throws(PatternProblem) -> Int {
        guard steps.count < 1 << 12 else { throw tooLarge() }
        steps.append(step)
        return steps.count - 1
    }

    /// Adds a tree, back to front: `next` is what follows it. Returns where it begins.
    private mutating func add(_ node: PatternNode, before next: Int) throws(PatternProblem) -> Int {
        switch node {
        case .set(let set): return try add(.take(set, next: next))
        case .sequence(let parts):
            var start = next
            for part in parts.reversed() { start = try add(part, before: start) }
            return start
        case .choice(let parts):
            var start: Int?
            for part in parts.reversed() {
                let branch = try add(part, before: next)
                start = try start.map { other throws(PatternProblem) in try add(.fork(branch, other)) } ?? branch
            }
            return start ?? next
        case .look(let body, let isNegative):
            let start = try add(body, before: 0)
            guard looks.count < PatternFormat.maxGuards else {
                throw PatternProblem(text: "more than \(PatternFormat.maxGuards) look-aheads", offset: 0)
            }
            looks.append(Look(start: start, isNegative: isNegative))
            return try add(.look(guardIndex: looks.count - 1, next: next))
        case .repetition(let body, let least, let most, let isGreedy):
            return try addRepetition(body, least, most, isGreedy, before: next)
        }
    }

    private mutating func addRepetition(
        _ body: PatternNode, _ least: Int, _ most: Int?, _ isGreedy: Bool, before next: Int
    ) throws(PatternProblem) -> Int {
        func fork(_ inside: Int, _ outside: Int) -> Step { isGreedy ? .fork(inside, outside) : .fork(outside, inside) }
        var start = next
        if let most {
            for _ in least..<most {
                let inside = try add(body, before: start)
                start = try add(fork(inside, next))
            }
        } else {
            // The fork's place is known before the body that leads back to it.
            let place = try add(.fork(next, next))
            steps[place] = fork(try add(body, before: place), next)
            start = place
        }
        for _ in 0..<least { start = try add(body, before: start) }
        return start
    }

    private mutating func assembled(
        from start: Int, _ behavior: SplitBehavior
    ) throws(PatternProblem) -> [UInt32] {
        var states: [Int: UInt32] = [:]
        var takes: [(set: ScalarSet, next: Int)] = []
        for (index, step) in steps.enumerated() {
            guard case .take(let set, let next) = step else { continue }
            states[index] = UInt32(takes.count)
            takes.append((set, next))
        }
        guard takes.count <= PatternFormat.maxStates else { throw tooLarge() }
        var alphabet = PatternAlphabet()
        let sets = try takes.map { take throws(PatternProblem) in try alphabet.add(take.set) }
        let main = try addEntries(from: start, states)
        var stateWords: [UInt32] = []
        for (index, take) in takes.enumerated() {
            let found = try addEntries(from: take.next, states)
            stateWords += [UInt32(sets[index]), UInt32(found.lowerBound), UInt32(found.count)]
        }
        var guardWords: [UInt32] = []
        for look in looks {
            let found = try addEntries(from: look.start, states)
            guardWords += [UInt32(found.lowerBound), UInt32(found.count), look.isNegative ? 1 : 0]
        }
        let classes = try alphabet.words()
        let header: [UInt32] = [
            behavior.rawValue, UInt32(classes.ranges.count), UInt32(classes.sets.count / PatternFormat.setSize),
            UInt32(takes.count), UInt32(looks.count), UInt32(entries.count), UInt32(main.lowerBound),
            UInt32(main.count),
        ]
        return header + classes.ranges + classes.sets + stateWords + guardWords
            + entries.flatMap { [$0.target, $0.guards] }
    }

    /// The ways on from a step over empty ones, in order; what was reached before is not tried again.
    private mutating func addEntries(
        from start: Int, _ states: [Int: UInt32]
    ) throws(PatternProblem) -> Range<Int> {
        let first = entries.count
        var seen: Set<Entry> = []
        var waiting = [Entry(target: UInt32(start), guards: 0)]
        while let place = waiting.popLast() {
            guard seen.insert(place).inserted else { continue }
            switch steps[Int(place.target)] {
            case .take:
                entries.append(Entry(target: states[Int(place.target)] ?? PatternFormat.match, guards: place.guards))
            case .match: entries.append(Entry(target: PatternFormat.match, guards: place.guards))
            case .fork(let preferred, let other):
                waiting.append(Entry(target: UInt32(other), guards: place.guards))
                waiting.append(Entry(target: UInt32(preferred), guards: place.guards))
            case .look(let index, let next):
                waiting.append(Entry(target: UInt32(next), guards: place.guards | 1 << UInt32(index)))
            }
            guard entries.count <= PatternFormat.maxEntries, seen.count <= PatternFormat.maxEntries else {
                throw tooLarge()
            }
        }
        return first..<entries.count
    }
}
