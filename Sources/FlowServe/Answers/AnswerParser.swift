// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What became certain of an answer.
package struct AnswerPieces: Sendable, Equatable {
    /// For the reader.
    package var content: [UInt8] = []
    /// What the model thought before it answered.
    package var reasoning: [UInt8] = []
    /// Calls of tools, or more of one.
    package var calls: [ToolCallPiece] = []

    /// Nothing yet.
    package init() {}
}

/// Tells apart what an answer says, what the model thought before it, and the tools that it calls, while the text comes.
///
/// Nothing is lost: what looked like a call and is none is content. Each byte costs a constant amount of work, and what
/// is held back is bounded.
package struct AnswerParser: Sendable {
    /// Most bytes that are held back until it is clear what they are.
    static let maxHeld = 8 << 10
    /// Most calls of one answer; what comes behind them is content.
    static let maxCalls = 128

    private enum State {
        /// Before anything but space was said.
        case opening
        case reasoning(end: [UInt8])
        case content
        case block(CallBlockReader)
    }

    private let format: AnswerFormat
    private var state: State
    /// What may be the beginning of a marker, or space that may stand before one.
    private var held: [UInt8] = []
    /// Space that may be the end of reasoning.
    private var space: [UInt8] = []
    private var callCount = 0
    /// Nothing was said yet, so that an object may be a call.
    private var mayBeBareCall: Bool
    /// Space behind reasoning and calls is not part of what is said.
    private var dropsSpace = false
    /// Words came where a block of calls should have ended: its end marker may still follow, and is not said.
    private var isBlockOpen = false

    /// A parser at the beginning of an answer.
    package init(_ format: AnswerFormat) {
        self.format = format
        mayBeBareCall = !format.tools.isEmpty
        state = .opening
        if let end = format.reasoningEnd {
            state = .reasoning(end: Array(end.utf8))
            dropsSpace = true
        }
    }

    /// The next piece of the text, whole characters.
    package mutating func append(_ text: [UInt8]) -> AnswerPieces {
        var pieces = AnswerPieces()
        if format.isPlain {
            pieces.content = text
            return pieces
        }
        for byte in text { take(byte, &pieces) }
        flushArguments(&pieces)
        return pieces
    }

    /// The end of the text: what was held back.
    package mutating func finish() -> AnswerPieces {
        var pieces = AnswerPieces()
        switch state {
        case .reasoning: pieces.reasoning = space + held
        case .block(let block): pieces.content = block.raw
        case .opening, .content: say(held, &pieces)
        }
        held = []
        return pieces
    }

    private mutating func take(_ byte: UInt8, _ pieces: inout AnswerPieces) {
        switch state {
        case .opening: takeOpening(byte, &pieces)
        case .reasoning(let end): takeReasoning(byte, end, &pieces)
        case .content: takeContent(byte, &pieces)
        case .block: takeBlock(byte, &pieces)
        }
    }

    private mutating func takeOpening(_ byte: UInt8, _ pieces: inout AnswerPieces) {
        held.append(byte)
        let first = held.firstIndex { !AnswerMarkers.isSpace($0) } ?? held.count
        guard first < held.count, held.count <= Self.maxHeld else {
            if held.count > Self.maxHeld { beginContent(&pieces) }
            return
        }
        let word = held[first...]
        if format.separatesReasoning {
            if let pair = AnswerMarkers.reasoning.first(where: { $0.begin.elementsEqual(word) }) {
                held = []
                dropsSpace = true
                state = .reasoning(end: pair.end)
                return
            }
            if AnswerMarkers.reasoning.contains(where: { $0.begin.starts(with: word) }) { return }
        }
        beginContent(&pieces)
    }

    /// What was held is no reasoning: it is read again as content.
    private mutating func beginContent(_ pieces: inout AnswerPieces) {
        let text = held
        held = []
        state = .content
        for byte in text { take(byte, &pieces) }
    }

    private mutating func takeReasoning(_ byte: UInt8, _ end: [UInt8], _ pieces: inout AnswerPieces) {
        if dropsSpace, AnswerMarkers.isSpace(byte) { return }
        dropsSpace = false
        held.append(byte)
        while !held.isEmpty, !end.starts(with: held) {
            let first = held.removeFirst()
            // Space is reasoning only where more of it follows.
            if AnswerMarkers.isSpace(first), space.count < Self.maxHeld {
                space.append(first)
            } else {
                pieces.reasoning += space + [first]
                space = []
            }
        }
        guard held.count == end.count else { return }
        held = []
        space = []
        dropsSpace = true
        state = .content
    }

    private mutating func takeContent(_ byte: UInt8, _ pieces: inout AnswerPieces) {
        if dropsSpace, held.isEmpty, AnswerMarkers.isSpace(byte) { return }
        guard !format.tools.isEmpty, callCount < Self.maxCalls else { return say([byte], &pieces) }
        held.append(byte)
        if mayBeBareCall {
            switch Self.isBareCall(held) {
            case true?:
                return beginBlock(CallBlockReader(marker: [], tools: format.tools, firstCall: callCount), &pieces)
            case nil: return
            case false?: break
            }
        }
        let markers = isBlockOpen ? AnswerMarkers.betweenCalls : AnswerMarkers.calls
        while !held.isEmpty, !markers.contains(where: { $0.starts(with: held) }) {
            say([held.removeFirst()], &pieces)
        }
        if markers.contains(held) { takeMarker(&pieces) }
    }

    private mutating func takeMarker(_ pieces: inout AnswerPieces) {
        let marker = held
        if AnswerMarkers.calls.contains(marker) {
            held = []
            beginBlock(CallBlockReader(marker: marker, tools: format.tools, firstCall: callCount), &pieces)
        } else if marker == AnswerMarkers.deepSeekCall {
            beginBlock(
                CallBlockReader(
                    marker: AnswerMarkers.deepSeekCalls, tools: format.tools, firstCall: callCount, raw: []), &pieces)
        } else {
            held = []
            isBlockOpen = marker == AnswerMarkers.deepSeekCallEnd
        }
    }

    /// Whether an answer that begins with this may consist of calls: an object, or a list that begins with one; nil
    /// where it is too early to say.
    private static func isBareCall(_ text: [UInt8]) -> Bool? {
        guard text.count <= 64 else { return false }
        let words = text.filter { !AnswerMarkers.isSpace($0) }
        if words.isEmpty || words == [UInt8(ascii: "[")] { return nil }
        return words == [UInt8(ascii: "{")] || words == Array("[{".utf8)
    }

    /// Begins a block with what is held.
    private mutating func beginBlock(_ block: CallBlockReader, _ pieces: inout AnswerPieces) {
        let first = held
        held = []
        isBlockOpen = false
        state = .block(block)
        for byte in first { take(byte, &pieces) }
    }

    private mutating func takeBlock(_ byte: UInt8, _ pieces: inout AnswerPieces) {
        guard case .block(var block) = state else { return }
        state = .content  // so that the block is changed in place and not copied
        let step = block.take(byte, &pieces.calls)
        switch step {
        case .more where block.raw.count <= Self.maxHeld || block.stopHolding(&pieces.calls):
            state = .block(block)
        case .more, .malformed:
            mayBeBareCall = false
            callCount = block.callCount
            isBlockOpen = block.hasTold
            // The marker is said, too: whoever reads should see what the model did.
            say(block.raw, &pieces)
        case .over(let rest, let isClosed):
            mayBeBareCall = false
            dropsSpace = true
            isBlockOpen = !isClosed
            callCount = block.callCount
            for byte in rest { take(byte, &pieces) }
        }
    }

    private mutating func flushArguments(_ pieces: inout AnswerPieces) {
        guard case .block(var block) = state else { return }
        state = .content
        block.flush(&pieces.calls)
        state = .block(block)
    }

    private mutating func say(_ bytes: [UInt8], _ pieces: inout AnswerPieces) {
        guard !bytes.isEmpty else { return }
        if !bytes.allSatisfy(AnswerMarkers.isSpace) {
            dropsSpace = false
            mayBeBareCall = false
        }
        pieces.content += bytes
    }
}
