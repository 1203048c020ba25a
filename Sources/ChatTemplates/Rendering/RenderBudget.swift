// SPDX-License-Identifier: Apache-2.0

/// What is left of the limits of one rendering, and what of its values has to be taken apart at its end. All parts of a
/// rendering share one: a template comes from a stranger.
final class RenderBudget {
    /// Expressions, statements and macros inside one another; a template cannot exhaust the thread's stack.
    private static let deepestNesting = 500
    /// Containers inside one another: printing and releasing them takes as many levels of the stack.
    private static let deepestValue = 100
    private static let maxNamespaces = 1_000

    let limits: RenderLimits
    private var stepsLeft: Int
    private var nesting = 0
    private var namespaces: [TemplateNamespace] = []
    /// The lists that grew.
    private var grownLists: [TemplateSequence] = []

    /// All that the limits allow.
    init(_ limits: RenderLimits) {
        self.limits = limits
        stepsLeft = limits.steps
    }

    /// A namespace or a list that grew may hold itself, which nothing else would release. Those that hold one another
    /// in a long chain are released one by one, and not each by the one before, which would take the stack.
    deinit {
        for namespace in namespaces { namespace.clear() }
        for list in grownLists { list.clear() }
    }

    /// Counts work; `amount` is 1 for a part and more for one that handles much.
    func charge(_ amount: Int, _ place: SourcePosition) throws(ChatTemplateError) {
        stepsLeft -= amount
        guard stepsLeft >= 0 else { throw .limitExceeded("\(limits.steps) steps", place) }
    }

    /// Refuses texts above the limit.
    func checkSize(_ bytes: Int, _ place: SourcePosition) throws(ChatTemplateError) {
        guard bytes <= limits.outputBytes else { throw .limitExceeded("\(limits.outputBytes) bytes of text", place) }
    }

    /// Counts a text that is handled or about to be made.
    func charge(bytes: Int, _ place: SourcePosition) throws(ChatTemplateError) {
        try checkSize(bytes, place)
        try charge(bytes / 64, place)
    }

    /// Begins a part inside of another one; `leave` follows in every case.
    func enter(_ place: SourcePosition) throws(ChatTemplateError) {
        nesting += 1
        guard nesting <= Self.deepestNesting else {
            throw .limitExceeded("\(Self.deepestNesting) parts inside one another", place)
        }
    }

    /// Ends a part.
    func leave() { nesting -= 1 }

    /// A value that is not deeper than printing and releasing bear.
    func checked(_ value: TemplateValue, _ place: SourcePosition) throws(ChatTemplateError) -> TemplateValue {
        guard value.depth <= Self.deepestValue else {
            throw .limitExceeded("\(Self.deepestValue) lists inside one another", place)
        }
        return value
    }

    /// A new namespace, which ends with the rendering.
    func namespace(
        _ entries: [String: TemplateValue], _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        guard namespaces.count < Self.maxNamespaces else {
            throw .limitExceeded("\(Self.maxNamespaces) namespaces", place)
        }
        let made = TemplateNamespace(entries)
        namespaces.append(made)
        return .namespace(made)
    }

    /// `list.append(value)`. (Jinja's sandbox, in which transformers renders, refuses it; other servers of templates have
    /// it, and templates in use need it.)
    func append(
        _ value: TemplateValue, to list: TemplateSequence, _ place: SourcePosition
    ) throws(ChatTemplateError) {
        guard !list.isTuple else { throw .rendering("a tuple has no method 'append'", place) }
        try charge(1, place)
        _ = try checked(.list([value]), place)
        grownLists.append(list)
        list.append(value)
    }

    /// Counts the worst case of looking for a pattern.
    func charge(
        searching text: MarkedText, for pattern: MarkedText, _ place: SourcePosition
    ) throws(ChatTemplateError) {
        let work = text.bytes.count / 64 * max(1, pattern.bytes.count / 16)
        try charge(work + 1, place)
    }
}
