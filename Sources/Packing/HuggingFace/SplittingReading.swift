// SPDX-License-Identifier: Apache-2.0
internal import JSONReading
internal import Tokenization

/// Reads the `normalizer` and `pre_tokenizer` parts of `tokenizer.json`.
struct SplittingReading {
    private static let deepest = 4
    private static let mark = "\u{2581}"

    private let model: TokenizerModel
    private var steps: [NormalizerStep] = []
    private var splits: [SplitPattern] = []
    private var isByteLevel = false
    private var dropsWhiteSpace = false
    private var replacesSpaces = false
    private var splitsAtSpaces = false
    private var spacePrefix = SpacePrefix.never

    /// A reading for a model's tokens.
    init(_ model: TokenizerModel) {
        self.model = model
    }

    /// Adds the steps of a normalizer.
    mutating func read(normalizer: JSONValue?, depth: Int = 0) throws(PackError) {
        guard let normalizer else { return }
        let type = normalizer["type"]?.text ?? ""
        switch type {
        case "Sequence" where depth < Self.deepest:
            for part in normalizer["normalizers"]?.list ?? [] { try read(normalizer: part, depth: depth + 1) }
        case "NFC": steps.append(.nfc)
        case "NFD": steps.append(.nfd)
        case "NFKC": steps.append(.nfkc)
        case "NFKD": steps.append(.nfkd)
        case "Lowercase": steps.append(.lowercase)
        // Of its own it takes all marks away; BERT's normalizer only those without a width.
        case "StripAccents": steps.append(.stripMarks)
        case "Strip":
            steps.append(
                .strip(
                    start: normalizer["strip_left"]?.boolean ?? true, end: normalizer["strip_right"]?.boolean ?? true))
        case "Prepend": steps.append(.prepend(spaced(normalizer["prepend"]?.text ?? "")))
        case "Replace": try addReplacement(normalizer)
        case "BertNormalizer": addBert(normalizer)
        case "Precompiled": try addCharacterMap(normalizer)
        default: throw .unsupportedProperty("a tokenizer with normalizer '\(type)'")
        }
    }

    private mutating func addReplacement(_ normalizer: JSONValue) throws(PackError) {
        let new = spaced(normalizer["content"]?.text ?? "")
        if let text = normalizer["pattern"]?["String"]?.text, !text.isEmpty {
            if text == " ", normalizer["content"]?.text == Self.mark { replacesSpaces = true }
            // A space is stored as a space, whatever the file writes for it.
            if spaced(text) != new { steps.append(.replace(Array(text.utf8), with: new)) }
            return
        }
        let pattern = normalizer["pattern"]?["Regex"]?.text ?? ""
        guard pattern == " {2,}" else { throw .unsupportedProperty("a tokenizer that replaces '\(pattern)'") }
        steps.append(.collapse([UInt8(ascii: " ")], with: new))
    }

    private mutating func addBert(_ normalizer: JSONValue) {
        let lowers = normalizer["lowercase"]?.boolean ?? true
        if normalizer["clean_text"]?.boolean ?? true { steps.append(.cleanControls) }
        if normalizer["strip_accents"]?.boolean ?? lowers { steps += [.nfd, .stripAccents] }
        if lowers { steps.append(.lowercase) }
    }

    private mutating func addCharacterMap(_ normalizer: JSONValue) throws(PackError) {
        guard let map = Base64.decoded(normalizer["precompiled_charsmap"]?.text ?? "") else {
            throw .inconsistent("the tokenizer's compiled character map is no base 64")
        }
        if !map.isEmpty { steps.append(.characterMap(map)) }
    }

    /// Adds the splits of a pre-tokenizer.
    mutating func read(preTokenizer: JSONValue?, depth: Int = 0) throws(PackError) {
        guard let preTokenizer else { return }
        let type = preTokenizer["type"]?.text ?? ""
        switch type {
        case "Sequence" where depth < Self.deepest:
            for part in preTokenizer["pretokenizers"]?.list ?? [] { try read(preTokenizer: part, depth: depth + 1) }
        case "ByteLevel":
            isByteLevel = true
            if preTokenizer["use_regex"]?.boolean ?? true { splits.append(SplitPattern(SplitPatterns.byteLevel)) }
            if preTokenizer["add_prefix_space"]?.boolean ?? true { spacePrefix = .whereMissing }
        case "Split": try addSplit(preTokenizer)
        case "Digits":
            let areSingle = preTokenizer["individual_digits"]?.boolean ?? false
            splits.append(SplitPattern(areSingle ? SplitPatterns.digits : SplitPatterns.numbers))
        case "Punctuation":
            splits.append(
                SplitPattern(SplitPatterns.punctuation, try behavior(preTokenizer, SplitPatterns.punctuation)))
        case "Metaspace": try addMetaspace(preTokenizer)
        case "WhitespaceSplit":
            dropsWhiteSpace = true
            steps += [.blankWhiteSpace, .mergeSpaces]
        case "BertPreTokenizer" where model == .wordPiece: break
        default: throw .unsupportedProperty("a tokenizer with pre-tokenizer '\(type)'")
        }
    }

    private mutating func addSplit(_ split: JSONValue) throws(PackError) {
        let isText = split["pattern"]?["String"] != nil
        guard let pattern = split["pattern"]?[isText ? "String" : "Regex"]?.text else {
            throw .inconsistent("a split of tokenizer.json has no pattern")
        }
        // Where spaces became another character before, none is left to split at.
        if isText, pattern == " ", replacesSpaces { return }
        let behavior = try behavior(split, pattern)
        splits.append(isText ? SplitPattern(text: pattern, behavior) : SplitPattern(pattern, behavior))
    }

    private func behavior(_ split: JSONValue, _ pattern: String) throws(PackError) -> SplitBehavior {
        let inverts = split["invert"]?.boolean ?? false
        let name = split["behavior"]?.text ?? "Isolated"
        // The whole text as matches, what is between removed: the same as isolating the matches.
        if name == "Removed", inverts { return .isolated }
        switch name {
        case "Isolated": return .isolated
        case "MergedWithPrevious" where !inverts: return .mergedWithPrevious
        case "MergedWithNext" where !inverts: return .mergedWithNext
        case "Contiguous": return .contiguous
        case "Removed": throw .unsupportedProperty("a tokenizer that drops the text that '\(pattern)' matches")
        default: throw .unsupportedProperty("a tokenizer with a split of kind '\(name)'")
        }
    }

    private mutating func addMetaspace(_ part: JSONValue) throws(PackError) {
        guard part["replacement"]?.text ?? Self.mark == Self.mark else {
            throw .unsupportedProperty("a tokenizer that writes a space as '\(part["replacement"]?.text ?? "")'")
        }
        splitsAtSpaces = part["split"]?.boolean ?? true
        let scheme = part["prepend_scheme"]?.text ?? (part["add_prefix_space"]?.boolean ?? true ? "always" : "never")
        spacePrefix = scheme == "always" ? .whereMissing : scheme == "first" ? .firstWhereMissing : .never
    }

    /// Gives what was read to a vocabulary.
    mutating func configure(_ vocabulary: inout Vocabulary) throws(PackError) {
        vocabulary.spacePrefix = spacePrefix
        guard !(isByteLevel && dropsWhiteSpace) else {
            throw .unsupportedProperty("a tokenizer over bytes that drops white space (WhitespaceSplit)")
        }
        if vocabulary.model == .bytePairs, isByteLevel {
            vocabulary.steps = steps
            vocabulary.preTokenizer = SplitPatterns.scanner(for: splits) ?? .patterns
            if vocabulary.preTokenizer == .patterns { vocabulary.splits = splits }
            return
        }
        guard !isByteLevel else { throw .unsupportedProperty("a tokenizer of this kind over bytes") }
        guard splits.isEmpty else {
            let shown = splits.map { "'\($0.expression)'" }.joined(separator: ", then ")
            throw .unsupportedProperty("a tokenizer that is not byte-level and splits text by \(shown)")
        }
        if vocabulary.model == .bytePairs {
            vocabulary.model = .sentencePairs
        }
        // Without listed merges only single characters would be left; scores have the same place in other files.
        if vocabulary.model == .sentencePairs, vocabulary.merges.isEmpty {
            throw .inconsistent("its tokenizer has no merges")
        }
        vocabulary.preTokenizer = splitsAtSpaces ? .eachSpace : .whole
        vocabulary.steps = steps
        if vocabulary.model != .wordPiece {
            vocabulary.steps.append(.replace(Array(Self.mark.utf8), with: [UInt8(ascii: " ")]))
        }
    }

    private func spaced(_ text: String) -> [UInt8] {
        TokenizerBuilder.withSpaces(text)
    }
}
