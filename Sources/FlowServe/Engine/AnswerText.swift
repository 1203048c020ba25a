// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import Tokenization

/// The text of one answer as its tokens become certain: whole characters, up to the first stop string.
///
/// What is given out with each token depends on nothing but the tokens, so a second instance that replays them goes on
/// with exactly the text that the first one still owed.
struct AnswerText {
    private var detokenizer: IncrementalDetokenizer
    private var matcher: StopMatcher
    /// Certain, but more than one event holds: only tokens with absurdly long texts come here.
    private var excess: [UInt8] = []

    init(_ tokenizer: Tokenizer, stops: [String]) {
        detokenizer = IncrementalDetokenizer(tokenizer)
        matcher = StopMatcher(stops)
    }

    /// A stop string was found; no text comes after it.
    var isStopped: Bool { matcher.hasMatched }

    /// Takes the next token of the answer and returns the text that goes out with it.
    mutating func append(_ token: Int32) -> String {
        excess += matcher.append(detokenizer.append(token))
        return takeExcess(limit: FromInstance.Limits.tokenTextBytes)
    }

    /// Takes tokens whose text went out before.
    mutating func replay(_ tokens: [Int32]) {
        for token in tokens { _ = append(token) }
    }

    /// The end of the answer: what was held back, unless a stop string cut it off.
    mutating func finish() -> String {
        excess += matcher.append(detokenizer.flush())
        excess += matcher.flush()
        return takeExcess(limit: FromInstance.Limits.outcomeTextBytes)
    }

    private mutating func takeExcess(limit: Int) -> String {
        var count = min(limit, excess.count)
        // A cut never falls into a character: its later bytes are 10xxxxxx.
        while count < excess.count, count > 0, excess[count] & 0xC0 == 0x80 { count -= 1 }
        let text = String(decoding: excess.prefix(count), as: UTF8.self)
        excess.removeFirst(count)
        return text
    }
}
