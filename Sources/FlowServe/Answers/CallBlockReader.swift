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
        /// There are no more calls; the bytes behind them are to be read again as content.
        case over([UInt8])
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
    private var hasTold = false
    /// Calls of the answer so far, the one that is read included.
    private(set) var callCount: Int
    /// The call that is read was told already.
    private(set) var hasCall = false
    /// Arguments of the call that is read were told already.
    private var hasArguments = false
    /// What was read and is no call yet: content, if it never becomes one.
    private(set) var raw: [UInt8]

    /// A block behind `marker`, which is empty where only a known tool's name makes a call of an object.
    init(marker: [UInt8], tools: Set<String>, firstCall: Int) {
        self.marker = marker
        self.tools = tools
        callCount = firstCall
        raw = marker
    }

    /// Gives out the arguments that were read.
    mutating func flush(_ calls: inout [ToolCallPiece]) {
        guard hasCall else { return }
        switch state {
        case .object(var reader):
            state = .between
            add(reader.takeArguments(), &calls)
            state = .object(reader)
        case .arguments(var reader):
            state = .between
            add(reader.takeArguments(), &calls)
            state = .arguments(reader)
        case .between, .name, .nameLine: break
        }
    }

    /// Takes one byte.
    mutating func take(_ byte: UInt8, _ calls: inout [ToolCallPiece]) -> Step {
        if case .between = state, word.isEmpty, isSeparator(byte) {
            if !hasTold { raw.append(byte) }
            return .more
        }
        if !hasCall { raw.append(byte) }
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
            guard hasCall else { return .malformed }
            // A call that was told stays one, however it ends.
            endCall(&calls)
            return take(byte, &calls)
        }
    }

    private mutating func beginCall(_ name: String, _ calls: inout [ToolCallPiece]) -> Step {
        guard callCount < AnswerParser.maxCalls, name.utf8.count <= 256 else { return .malformed }
        calls.append(ToolCallPiece(call: callCount, name: name))
        callCount += 1
        hasCall = true
        hasTold = true
        hasArguments = false
        raw = []
        return .more
    }

    /// Gives out the rest of the arguments; a call without any has an empty object of them.
    private mutating func endCall(_ calls: inout [ToolCallPiece]) {
        flush(&calls)
        if !hasArguments { add(Array("{}".utf8), &calls) }
        hasCall = false
        raw = []
        word = []
        state = .between
    }

    private mutating func add(_ arguments: [UInt8], _ calls: inout [ToolCallPiece]) {
        guard !arguments.isEmpty else { return }
        hasArguments = true
        let text = String(decoding: arguments, as: UTF8.self)
        if let last = calls.last, last.call == callCount - 1 {
            calls[calls.count - 1].arguments += text
        } else {
            calls.append(ToolCallPiece(call: callCount - 1, arguments: text))
        }
    }

    /// What stands between calls and means nothing: lists may be closed or not, fences belong to DeepSeek.
    private func isSeparator(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "]"): true
        case UInt8(ascii: "["): !hasTold
        case UInt8(ascii: "`"): marker == AnswerMarkers.deepSeekCalls
        default: AnswerMarkers.isSpace(byte)
        }
    }

    /// Markers and the beginning of the next call.
    private mutating func takeBetween(_ byte: UInt8, _ calls: inout [ToolCallPiece]) -> Step {
        if word.isEmpty, byte == UInt8(ascii: "{") {
            var reader = CallObjectReader()
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
            return isOver ? .over([]) : .more
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
        return .over(raw)
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
