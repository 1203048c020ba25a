// SPDX-License-Identifier: Apache-2.0

/// What all turns of one loop share.
final class LoopRun {
    /// Everything that the loop runs over.
    let elements: [TemplateValue]
    /// The loops of a recursive loop around this one.
    let level: Int
    /// What `loop(...)` runs again, in a loop that is marked `recursive`.
    let recursion: Statement.Loop?
    /// How many scopes stand around the loop.
    let scopeCount: Int
    /// What `loop.changed` was last asked about.
    var lastChecked: [TemplateValue]?

    /// The beginning of a loop.
    init(_ elements: [TemplateValue], level: Int, recursion: Statement.Loop?, scopeCount: Int) {
        self.elements = elements
        self.level = level
        self.recursion = recursion
        self.scopeCount = scopeCount
    }
}

/// What `loop` is inside of a loop.
struct LoopState {
    let run: LoopRun
    /// The place of the current element, from 0.
    let index: Int
    /// The depth of the elements.
    let depth: Int

    /// An attribute of `loop`; nil where there is none of this name.
    func attribute(_ name: String) -> TemplateValue? {
        let elements = run.elements
        return switch name {
        case "index": .integer(index + 1)
        case "index0": .integer(index)
        case "revindex": .integer(elements.count - index)
        case "revindex0": .integer(elements.count - index - 1)
        case "first": .boolean(index == 0)
        case "last": .boolean(index == elements.count - 1)
        case "length": .integer(elements.count)
        case "depth": .integer(run.level + 1)
        case "depth0": .integer(run.level)
        case "previtem": index > 0 ? elements[index - 1] : .undefined("loop.previtem")
        case "nextitem": index + 1 < elements.count ? elements[index + 1] : .undefined("loop.nextitem")
        case "cycle", "changed": .method(name)
        default: nil
        }
    }
}
