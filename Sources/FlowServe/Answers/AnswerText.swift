// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel
internal import Tokenization

/// The text of one answer as its tokens become certain: whole characters, up to the first stop string, with reasoning
/// and calls told apart.
///
/// What is given out with each token depends on nothing but the tokens, so a second instance that replays them goes on
/// with exactly the text that the first one still owed.
struct AnswerText {
    private let tokenizer: Tokenizer
    private let format: AnswerFormat
    private var detokenizer: IncrementalDetokenizer
    private var matcher: StopMatcher
    private var parser: AnswerParser
    /// Certain, but more than one event holds: only tokens with absurdly long texts leave something here.
    private var owed = AnswerPieces()

    init(_ tokenizer: Tokenizer, stops: [String], format: AnswerFormat = .plain) {
        self.tokenizer = tokenizer
        self.format = format
        detokenizer = IncrementalDetokenizer(tokenizer)
        matcher = StopMatcher(stops)
        parser = AnswerParser(format)
    }

    /// A stop string was found; no text comes after it.
    var isStopped: Bool { matcher.hasMatched }

    /// Takes the next token of the answer and returns what goes out with it.
    mutating func append(_ token: Int32) -> (text: String, extra: TokenExtra?) {
        var text = detokenizer.append(token)
        // A control token is no text, but it may mark what comes behind it.
        if !format.isPlain, tokenizer.bytes(of: token).isEmpty {
            let name = Array(tokenizer.text(of: token))
            if AnswerMarkers.isMarker(name) { text += detokenizer.flush() + name }
        }
        return told(parser.append(matcher.append(text)), limit: FromInstance.Limits.tokenTextBytes)
    }

    /// Takes tokens whose text went out before.
    mutating func replay(_ tokens: [Int32]) {
        for token in tokens { _ = append(token) }
    }

    /// The end of the answer: what was held back, unless a stop string cut it off.
    mutating func finish() -> (text: String, extra: TokenExtra?) {
        var pieces = parser.append(matcher.append(detokenizer.flush()) + matcher.flush())
        let rest = parser.finish()
        pieces.content += rest.content
        pieces.reasoning += rest.reasoning
        return told(pieces, limit: FromInstance.Limits.outcomeTextBytes)
    }

    private mutating func told(_ pieces: AnswerPieces, limit: Int) -> (text: String, extra: TokenExtra?) {
        owed.content += pieces.content
        owed.reasoning += pieces.reasoning
        owed.calls += pieces.calls
        let text = Self.take(&owed.content, limit)
        guard !owed.reasoning.isEmpty || !owed.calls.isEmpty else { return (text, nil) }
        return (text, TokenExtra(reasoning: Self.take(&owed.reasoning, limit), calls: takeCalls(limit)))
    }

    private mutating func takeCalls(_ limit: Int) -> [ToolCallPiece] {
        var taken: [ToolCallPiece] = []
        var room = limit
        while let piece = owed.calls.first, room > 0, taken.count < FromInstance.Limits.callPieces {
            var rest = Array(piece.arguments.utf8)
            taken.append(ToolCallPiece(call: piece.call, name: piece.name, arguments: Self.take(&rest, room)))
            room -= piece.arguments.utf8.count - rest.count
            if rest.isEmpty {
                owed.calls.removeFirst()
            } else {
                owed.calls[0] = ToolCallPiece(call: piece.call, arguments: String(decoding: rest, as: UTF8.self))
                break
            }
        }
        return taken
    }

    private static func take(_ bytes: inout [UInt8], _ limit: Int) -> String {
        var count = min(limit, bytes.count)
        // A cut never falls into a character: its later bytes are 10xxxxxx.
        while count < bytes.count, count > 0, bytes[count] & 0xC0 == 0x80 { count -= 1 }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        bytes.removeFirst(count)
        return text
    }
}
