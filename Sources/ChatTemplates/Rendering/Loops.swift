// SPDX-License-Identifier: Apache-2.0

extension Renderer {
    /// One loop over elements; `level` counts the runs of a recursive loop around it.
    func run(
        _ loop: Statement.Loop, over all: [TemplateValue], level: Int, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Flow {
        let elements = try kept(all, loop, place)
        guard !elements.isEmpty else { return try run(loop.otherwise) }
        let run = LoopRun(
            elements, level: level, recursion: loop.isRecursive ? loop : nil, scopeCount: scopes.count)
        let depth = elements.reduce(0) { max($0, $1.depth) }
        for (index, element) in elements.enumerated() {
            try budget.charge(1, place)
            scopes.append([:])
            try bind(loop.targets, element, place)
            assign("loop", try budget.checked(.loop(LoopState(run: run, index: index, depth: depth)), place))
            let flow = try self.run(loop.body)
            scopes.removeLast()
            if flow == .breakLoop { break }
        }
        return .onward
    }

    /// The elements that a loop's own condition lets through.
    private func kept(
        _ elements: [TemplateValue], _ loop: Statement.Loop, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        guard let filter = loop.filter else { return elements }
        var kept: [TemplateValue] = []
        for element in elements {
            scopes.append([:])
            try bind(loop.targets, element, place)
            if try evaluate(filter).isTrue { kept.append(element) }
            scopes.removeLast()
        }
        return kept
    }

    /// `loop(elements)` inside a recursive loop: its text for other elements.
    func recur(
        _ state: LoopState, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        guard let loop = state.run.recursion else {
            throw .rendering("'loop' can be called only in a loop that is marked 'recursive'", place)
        }
        guard let value = arguments.positional.first else { throw .rendering("'loop' needs elements", place) }
        let outerScopes = scopes
        let outer = output
        scopes = Array(scopes.prefix(state.run.scopeCount))
        output = MarkedText()
        _ = try run(loop, over: try values.elements(of: value, place), level: state.run.level + 1, place)
        let text = output
        scopes = outerScopes
        output = outer
        return .text(text)
    }
}
