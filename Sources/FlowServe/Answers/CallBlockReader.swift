// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// Reads the calls behind a marker, or those that an answer without markers consists of.
///
/// - Hermes, Qwen, Phi, Granite, Llama: objects, alone or in a list, separated by space, commas or semicolons.
/// - Mistral: the same behind `[TOOL_CALLS]`, or a name, `[ARGS]` and the arguments' object.
/// - DeepSeek: `<｜tool▁call▁begin｜>`, a name (or a type, the separator and a name), and the arguments, bare or fenced.
struct CallBlockReader: Sendable {
    /// What a byte came to.
    enum Step {
        case more
        /// There are no more calls; the bytes behind them are to be read again as content. Unless the block `isClosed`, its
        /// end marker may still follow.
        case over([UInt8], isClosed: Bool)
        /// This is no call: `raw` is content.
        case malformed
    }

    private enum State {
        /// Between calls.
        case between
        case object(CallObjectReader)
        /// A name before its arguments; ends with the marker.
        case name([UInt8])
        /// A name that is a line of its own, in DeepSeek's older form.
        case nameLine([UInt8])
        /// Arguments whose name is known, up to the end of their object.
        case arguments(CallObjectReader)
    }

    /// Most bytes of a name with what surrounds it.
    private static let longestName = 512

    private let marker: [UInt8]
    private let tools: Set<String>
    private var state = State.between
    /// What may become a marker.
    private var word: [UInt8] = []
    /// A call of this block was told.
    private(set) var hasTold = false
    /// Calls of the answer so far, the one that is read included.
    private(set) var callCount: Int
    /// The name of the call that is read is known.
    private(set) var hasCall = false
    /// Arguments of the call that is read were given out already.
    private var hasArguments = false
    /// What was read and is no call yet: content, if it never becomes one.
    private(set) var raw: [UInt8]
    /// Calls are kept until it is certain that the object, or the list around it, is nothing else than calls.
    private var holdsBack: Bool
    private var held: [ToolCallPiece] = []
    private var isInList = false

    /// A block behind `marker`, which is empty where only a known tool's name makes a call of an object. `raw`: what of
    /// the block was read, where it is not its marker.
    init(marker: [UInt8], tools: Set<String>, firstCall: Int, raw: [UInt8]? = nil) {
        self.marker = marker
        self.tools = tools
        callCount = firstCall
        holdsBack = marker.isEmpty
        self.raw = raw ?? marker
    }

    /// Gives out the arguments that were read.
    mutating func flush(_ calls: inout [ToolCallPiece]) {
        guard hasCall, !holdsBack else { return }
        addArguments(&calls)
    }

    /// Gives out what is held back, since more must not be: so far it is exactly a call. Where it is not, it is dropped
    /// for `raw`, and the result is false.
    mutating func stopHolding(_ calls: inout [ToolCallPiece]) -> Bool {
        guard holdsBack, hasCall else {
            dropHeld()
            return false
        }
        addArguments(&calls)
        holdsBack = false
        tell(&calls)
        return true
    }

    /// Takes one byte.
    mutating func take(_ byte: UInt8, _ calls: inout [ToolCallPiece]) -> Step {
        let step = read(byte, &calls)
        if case .malformed = step { dropHeld() }
        return step
    }

    private mutating func dropHeld() {
        callCount -= held.count { $0.name != nil }
        held = []
    }

    private mutating func read(_ byte: UInt8, _ calls: inout [ToolCallPiece]) -> Step {
        if case .between = state, word.isEmpty, isSeparator(byte) {
            if !hasTold { raw.append(byte) }
            if holdsBack { followList(byte, &calls) }
            return .more
        }
        if !hasCall || holdsBack { raw.append(byte) }
        switch state {
        case .between: return takeBetween(byte, &calls)
        case .object(var reader):
            state = .between
            let step = reader.take(byte)
            state = .object(reader)
            return follow(step, byte, &calls)
        case .name(var name):
            state = .between
            name.append(byte)
            return takeName(name, &calls)
        case .nameLine(var name):
            state = .between
            name.append(byte)
            return takeNameLine(name, &calls)
        case .arguments(var reader):
            state = .between
            let step = reader.takeBare(byte)
            state = .arguments(reader)
            return follow(step, byte, &calls)
        }
    }

    /// Calls of a list are calls only where all of it are.
    private mutating func followList(_ byte: UInt8, _ calls: inout [ToolCallPiece]) {
        if byte == UInt8(ascii: "[") { isInList = true }
        guard isInList, byte == UInt8(ascii: "]") else { return }
        isInList = false
        tell(&calls)
    }

    private mutating func tell(_ calls: inout [ToolCallPiece]) {
        calls += held
        held = []
        raw = []
        hasTold = true
    }

    private mutating func follow(
        _ step: CallObjectReader.Step, _ byte: UInt8, _ calls: inout [ToolCallPiece]
    ) -> Step {
        switch step {
        case .more: return .more
        case .named(let name):
            guard !marker.isEmpty || tools.contains(name) else { return .malformed }
            return beginCall(name, &calls)
        case .done:
            endCall(&calls)
            return .more
        case .malformed:
            guard hasCall, !holdsBack else { return .malformed }
            // A call that was told stays one, however it ends.
            endCall(&calls)
            return read(byte, &calls)
        }
    }

    private mutating func beginCall(_ name: String, _ calls: inout [ToolCallPiece]) -> Step {
        guard callCount < AnswerParser.maxCalls, name.utf8.count <= 256 else { return .malformed }
        put(ToolCallPiece(call: callCount, name: name), &calls)
        callCount += 1
        hasCall = true
        hasArguments = false
        if !holdsBack { tell(&calls) }
        return .more
    }

    /// Gives out the rest of the arguments; a call without any has an empty object of them.
    private mutating func endCall(_ calls: inout [ToolCallPiece]) {
        addArguments(&calls)
        if !hasArguments { put(ToolCallPiece(call: callCount - 1, arguments: "{}"), &calls) }
        hasCall = false
        word = []
        state = .between
        if !isInList || !holdsBack { tell(&calls) }
    }

    /// Takes the arguments that were read out of their reader.
    private mutating func addArguments(_ calls: inout [ToolCallPiece]) {
        let arguments: [UInt8]
        switch state {
        case .object(var reader):
            state = .between
            arguments = reader.takeArguments()
            state = .object(reader)
        case .arguments(var reader):
            state = .between
            arguments = reader.takeArguments()
            state = .arguments(reader)
        case .between, .name, .nameLine: return
        }
        guard !arguments.isEmpty else { return }
        hasArguments = true
        put(ToolCallPiece(call: callCount - 1, arguments: String(decoding: arguments, as: UTF8.self)), &calls)
    }

    private mutating func put(_ piece: ToolCallPiece, _ calls: inout [ToolCallPiece]) {
        if holdsBack { Self.add(piece, to: &held) } else { Self.add(piece, to: &calls) }
    }

    private static func add(_ piece: ToolCallPiece, to calls: inout [ToolCallPiece]) {
        if piece.name == nil, let last = calls.last, last.call == piece.call {
            calls[calls.count - 1].arguments += piece.arguments
        } else {
            calls.append(piece)
        }
    }

    /// What stands between calls and means nothing: lists may be closed or not, a brace may be closed twice, fences
    /// belong to DeepSeek.
    private func isSeparator(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "]"): true
        case UInt8(ascii: "["): !hasTold && held.isEmpty
        case UInt8(ascii: "}"): hasTold
        case UInt8(ascii: "`"): marker == AnswerMarkers.deepSeekCalls
        default: AnswerMarkers.isSpace(byte)
        }
    }

    /// Markers and the beginning of the next call.
    private mutating func takeBetween(_ byte: UInt8, _ calls: inout [ToolCallPiece]) -> Step {
        if word.isEmpty, byte == UInt8(ascii: "{") {
            var reader = CallObjectReader(isExact: marker.isEmpty)
            _ = reader.take(byte)
            state = .object(reader)
            return .more
        }
        word.append(byte)
        if word == AnswerMarkers.deepSeekCall {
            word = []
            state = .name([])
            return .more
        }
        if AnswerMarkers.calls.contains(word) {  // another block right behind this one
            word = []
            return .more
        }
        if AnswerMarkers.blockEnds.contains(word) {
            let isOver = word != AnswerMarkers.deepSeekCallEnd
            word = []
            guard hasTold else { return .malformed }
            raw = []
            return isOver ? .over([], isClosed: true) : .more
        }
        return AnswerMarkers.betweenCalls.contains { $0.starts(with: word) } ? .more : takeOther()
    }

    /// A word that is no marker: a name in Mistral's newer form, or what is said behind the calls.
    private mutating func takeOther() -> Step {
        if marker == AnswerMarkers.mistralCalls, !hasTold || raw.starts(with: marker) {
            state = .name(word)
            word = []
            return .more
        }
        guard hasTold else { return .malformed }
        return .over(raw, isClosed: false)
    }

    /// A name that ends with its separator.
    private mutating func takeName(_ name: [UInt8], _ calls: inout [ToolCallPiece]) -> Step {
        for (separator, isDeepSeek) in [
            (AnswerMarkers.mistralArguments, false), (AnswerMarkers.deepSeekSeparator, true),
        ]
        where name.ends(with: separator) {
            let words = name.dropLast(separator.count)
            let end =
                words.indices.first { words[$0...].starts(with: AnswerMarkers.mistralIdentifier) } ?? words.endIndex
            let text = String(decoding: words[..<end], as: UTF8.self).trimmed
            // DeepSeek's older form says the type here, and the name in the next line.
            if isDeepSeek, text == "function" {
                state = .nameLine([])
                return .more
            }
            return begin(text, &calls)
        }
        guard name.count <= Self.longestName else { return .malformed }
        state = .name(name)
        return .more
    }

    private mutating func takeNameLine(_ name: [UInt8], _ calls: inout [ToolCallPiece]) -> Step {
        if name.last == UInt8(ascii: "\n") { return begin(String(decoding: name, as: UTF8.self).trimmed, &calls) }
        guard name.count <= Self.longestName else { return .malformed }
        state = .nameLine(name)
        return .more
    }

    private mutating func begin(_ name: String, _ calls: inout [ToolCallPiece]) -> Step {
        guard !name.isEmpty else { return .malformed }
        state = .arguments(CallObjectReader())
        return beginCall(name, &calls)
    }
}

extension String {
    /// Without space at its ends.
    fileprivate var trimmed: String {
        String(decoding: Array(utf8).trimmedOfSpace, as: UTF8.self)
    }
}

extension Array where Element == UInt8 {
    fileprivate var trimmedOfSpace: ArraySlice<UInt8> {
        guard let first = firstIndex(where: { !AnswerMarkers.isSpace($0) }),
            let last = lastIndex(where: { !AnswerMarkers.isSpace($0) })
        else { return [] }
        return self[first...last]
    }
}
