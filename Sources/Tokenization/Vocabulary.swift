// SPDX-License-Identifier: Apache-2.0

/// A byte-level vocabulary as checkpoints hold it.
package struct Vocabulary: Sendable {
    /// The texts of the tokens in the order of their ids, in the byte alphabet for `.normal` ones.
    package var tokens: [String]
    /// One kind per token.
    package var kinds: [TokenKind]
    /// Pairs that join, "left right", in the order of their ranks.
    package var merges: [String]
    /// How texts are cut into words.
    package var preTokenizer: PreTokenizer
    /// The token that begins a text.
    package var beginToken: Int32?
    /// Whether a plain text gets `beginToken`.
    package var addsBegin: Bool
    /// The token for bytes that the vocabulary lacks.
    package var unknownToken: Int32?
    /// The tokens that end an answer.
    package var endTokens: [Int32]

    /// A vocabulary as given; `TokenizerBuilder` checks it.
    package init(
        tokens: [String], kinds: [TokenKind], merges: [String], preTokenizer: PreTokenizer, beginToken: Int32? = nil,
        addsBegin: Bool = false, unknownToken: Int32? = nil, endTokens: [Int32] = []
    ) {
        self.tokens = tokens
        self.kinds = kinds
        self.merges = merges
        self.preTokenizer = preTokenizer
        self.beginToken = beginToken
        self.addsBegin = addsBegin
        self.unknownToken = unknownToken
        self.endTokens = endTokens
    }
}
