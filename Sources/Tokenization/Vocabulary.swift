// SPDX-License-Identifier: Apache-2.0

/// A vocabulary as checkpoints hold it.
package struct Vocabulary: Sendable {
    /// The texts of the tokens in the order of their ids: in the byte alphabet for `.normal` ones of
    /// `.bytePairs`, with U+2581 for a space in the other models.
    package var tokens: [String]
    /// One kind per token.
    package var kinds: [TokenKind]
    /// Pairs that join, "left right", in the order of their ranks.
    package var merges: [String]
    /// How texts are cut into words.
    package var preTokenizer: PreTokenizer
    /// The expressions by which texts are cut into words, one after the other; only for `.patterns`.
    package var splits: [SplitPattern] = []
    /// The token that begins a text.
    package var beginToken: Int32?
    /// Whether a plain text gets `beginToken`.
    package var addsBegin: Bool
    /// The token for bytes that the vocabulary lacks.
    package var unknownToken: Int32?
    /// The tokens that end an answer.
    package var endTokens: [Int32]
    /// How words become tokens.
    package var model = TokenizerModel.bytePairs
    /// One score per token: order of merges for `.sentencePairs` without `merges`, logarithms of probabilities for
    /// `.unigram`; empty for the rest.
    package var scores: [Double] = []
    /// Whether a word that is a token is taken without merging; nil where the pre-tokenizer's family decides.
    package var prefersWholeWords: Bool?
    /// Which fragments begin with a space that their text does not have.
    package var spacePrefix = SpacePrefix.never
    /// Whether neighbouring characters that the vocabulary lacks become one unknown token.
    package var fusesUnknown = false
    /// The token that a plain text ends with.
    package var closingToken: Int32?
    /// What happens to a text before it is split, in order.
    package var steps: [NormalizerStep] = []
    /// Rules of special tokens that have any, by id.
    package var specialRules: [Int32: SpecialRule] = [:]
    /// Texts, as in `tokens`, by which the model itself makes added tokens that are `.userDefined`: Gemma's runs of line
    /// ends and spaces are both, and merges lead to them.
    package var modelTexts: [Int32: String] = [:]
    /// Characters of a word beyond which WordPiece takes it as unknown; 0 for no limit.
    package var longestWord = 0

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

    /// Drops added tokens at the end that the model has no row for, as tokenizers of models have whose other parts use
    /// them (Gemma 3's image token). Their texts are text then. False, and nothing is dropped, where more than such
    /// tokens would go.
    package mutating func dropAdded(beyond count: Int) -> Bool {
        guard kinds.count == tokens.count, count < tokens.count,
            kinds[count...].allSatisfy({ $0 == .control || $0 == .userDefined }),
            !endTokens.contains(where: { $0 >= count }),
            [beginToken, unknownToken, closingToken].allSatisfy({ $0.map { $0 < count } ?? true })
        else { return false }
        tokens.removeLast(tokens.count - count)
        kinds.removeLast(kinds.count - count)
        if scores.count > count { scores.removeLast(scores.count - count) }
        specialRules = specialRules.filter { $0.key < count }
        modelTexts = modelTexts.filter { $0.key < count }
        return true
    }
}
