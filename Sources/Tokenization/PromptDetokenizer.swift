// SPDX-License-Identifier: Apache-2.0

/// The text that a list of tokens was made of: with its control tokens, and without what the tokenizer itself puts in
/// front, so that a text comes back as it was, whichever tokens it has.
///
/// A list that begins with the token that the model puts in front of every text is a text from its beginning, and lacks
/// that token and the space of SentencePiece models. Where models have such a token, a list without it is a part of a
/// text, and keeps its first space; where they have none, every list is a text from its beginning.
package struct PromptDetokenizer: Sendable {
    private let tokenizer: Tokenizer
    private var detokenizer: IncrementalDetokenizer
    private var isFirst = true

    /// A list that is still empty.
    package init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
        detokenizer = IncrementalDetokenizer(tokenizer, startsText: !tokenizer.addsBegin)
    }

    /// The characters that are complete with the next token, UTF-8; may be empty.
    package mutating func append(_ token: Int32) -> [UInt8] {
        defer { isFirst = false }
        if isFirst, tokenizer.addsBegin, token == tokenizer.beginToken {
            detokenizer = IncrementalDetokenizer(tokenizer, startsText: true)
            return []
        }
        let text = detokenizer.append(token)
        guard tokenizer.bytes(of: token).isEmpty else {
            if tokenizer.kind(of: token) == .userDefined, tokenizer.writesSpaceBehindSpecials {
                detokenizer = IncrementalDetokenizer(tokenizer, startsText: true)
            }
            return text
        }
        let rest = text + detokenizer.flush() + tokenizer.text(of: token)
        detokenizer = IncrementalDetokenizer(tokenizer, startsText: tokenizer.writesSpaceBehindSpecials)
        return rest
    }

    /// The end of the list: an unfinished character becomes U+FFFD.
    package mutating func flush() -> [UInt8] { detokenizer.flush() }
}
