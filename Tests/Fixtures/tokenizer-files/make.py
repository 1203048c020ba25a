#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a small tokenizer of each form of `tokenizer.json` and writes the file with the ids that PyPI's `tokenizers`
makes of awkward lines.

    pip install tokenizers gguf llama-cpp-python && python3 make.py [LINES [FOLDER]]

Without arguments it writes the committed fixtures, with them so many lines into a folder; see
`../compare-tokenizers`.
"""

from __future__ import annotations

import importlib.util
import json
import pathlib
import sys
import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).resolve().parent
SPEC = importlib.util.spec_from_file_location("families", HERE.parent / "tokenizer-families" / "make.py")
families = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(families)

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace("{1,3}", "")
# Nobody's, with all that the engine has: lazy, possessive and counted repetitions, look-aheads in one another, the end
# of a line, scripts, classes in classes.
ODD = (
    r"\d{2,4}+(?!\d)|[a-c\p{Lu}]++x?|(?=\w(?!s))\w{1,3}?(?![aeiou\p{Han}])|(?:\.{3}|—)+?|[\p{Han}[ァ-ヺ]]{2,}"
    r"|\p{^L}?(?i:ANSWER|The)$|\x{1F680}"
)
SPECIALS = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def metaspace_pairs() -> Tokenizer:
    """Pairs behind Metaspace, with byte fallback and a token that strips around itself."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=True)
    trainer = trainers.BpeTrainer(
        vocab_size=800, min_frequency=1, show_progress=False, special_tokens=SPECIALS + BYTES
    )
    tokenizer.train_from_iterator(families.CORPUS.splitlines(), trainer)
    return cleaned(tokenizer)


def gemma_pairs() -> Tokenizer:
    """Pairs as Gemma has them: spaces become marks first, runs of them and of line ends are made by merges and are added
    tokens at the same time."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    trainer = trainers.BpeTrainer(
        vocab_size=800, min_frequency=1, show_progress=False, special_tokens=SPECIALS + BYTES
    )
    tokenizer.train_from_iterator(["\n\n\n\n", "        "] * 99 + families.CORPUS.splitlines(keepends=True), trainer)
    runs = [mark * count for mark in "\n▁" for count in range(2, 9)]
    known = [run for run in runs if tokenizer.token_to_id(run) is not None]
    assert len(known) > 3, "training made too few runs"
    tokenizer.add_tokens([AddedToken(run, normalized=False) for run in known])
    return cleaned(tokenizer)


def cleaned(tokenizer: Tokenizer) -> Tokenizer:
    """Takes the byte tokens out of the list of special tokens, as converted SentencePiece models have it."""
    file = json.loads(tokenizer.to_str())
    file["added_tokens"] = [token for token in file["added_tokens"] if token["content"] not in BYTES]
    return Tokenizer.from_str(json.dumps(file))


def prepended_pairs() -> Tokenizer:
    """Pairs with the normalizer of Llama 2."""
    file = json.loads(metaspace_pairs().to_str())
    file["pre_tokenizer"] = None
    tokenizer = Tokenizer.from_str(json.dumps(file))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]
    )
    return tokenizer


def byte_level(pattern: str, normalizer: normalizers.Normalizer | None, ignores: bool) -> Tokenizer:
    """Byte-level pairs behind one split, with special and added tokens."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignores))
    split = pre_tokenizers.Split(Regex(pattern), "isolated")
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, level])
    if normalizer:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=600, min_frequency=1, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(families.CORPUS.splitlines(keepends=True), trainer)
    tokenizer.add_special_tokens([AddedToken("<|end|>", special=True, normalized=False)])
    tokenizer.add_tokens([AddedToken("<tool>", lstrip=True, rstrip=True, normalized=False)])
    tokenizer.add_tokens([AddedToken("node", single_word=True, normalized=False)])
    return tokenizer


def by_patterns(splits: list[pre_tokenizers.PreTokenizer], uses_regex: bool) -> Tokenizer:
    """Byte-level pairs behind any splits."""
    tokenizer = Tokenizer(models.BPE())
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=uses_regex)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*splits, level])
    trainer = trainers.BpeTrainer(
        vocab_size=600, min_frequency=1, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(families.CORPUS.splitlines(keepends=True), trainer)
    return tokenizer


def odd_splits() -> list[pre_tokenizers.PreTokenizer]:
    """Each behaviour that a split can have, one after the other."""
    return [
        pre_tokenizers.Split(Regex(ODD), "isolated"),
        pre_tokenizers.Split(Regex(r"\s+(?=\S)"), "merged_with_next"),
        pre_tokenizers.Split("==", "merged_with_previous"),
        pre_tokenizers.Punctuation("contiguous"),
        pre_tokenizers.Digits(individual_digits=False),
    ]


def unigram() -> Tokenizer:
    """Unigram behind NFKC and Metaspace."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    trainer = trainers.UnigramTrainer(
        vocab_size=500, show_progress=False, special_tokens=["<unk>", "</s>"], unk_token="<unk>"
    )
    tokenizer.train_from_iterator(families.CORPUS.splitlines(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def word_piece() -> Tokenizer:
    """WordPiece as uncased BERT has it."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=500, show_progress=False, special_tokens=["[UNK]", "[CLS]", "[SEP]"])
    tokenizer.train_from_iterator(families.CORPUS.splitlines(), trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return tokenizer


def cased_word_piece() -> Tokenizer:
    """WordPiece as multilingual BERT has it, with pieces that begin with a mark."""
    file = json.loads(word_piece().to_str())
    file["normalizer"] = json.loads(str(normalizers.BertNormalizer(lowercase=False).__getstate__().decode()))
    vocabulary = file["model"]["vocab"]
    for piece in ["क", "ष", "न", "म", "##ा", "##्", "##ि", "##ष", "##म", "##\u0301", "##\u0308", "e", "a"]:
        vocabulary.setdefault(piece, len(vocabulary))
    return Tokenizer.from_str(json.dumps(file))


def added_by_bytes() -> Tokenizer:
    """Byte-level pairs behind normalisers, with added tokens that are found before them and behind them."""
    file = json.loads(byte_level(QWEN2, None, False).to_str())
    tokenizer = Tokenizer.from_str(json.dumps(file))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.add_tokens([
        AddedToken("NewWord", normalized=True), AddedToken("RawWord", normalized=False),
        AddedToken("\uff26\uff35\uff2c\uff2c", normalized=True), AddedToken("caf\u00e9", normalized=True, single_word=True),
        AddedToken("<Near>", normalized=True, lstrip=True, rstrip=True), AddedToken("newwords", normalized=True),
    ])
    tokenizer.add_special_tokens([AddedToken("<|Turn|>", special=True, normalized=True)])
    return tokenizer


def added_by_marks() -> Tokenizer:
    """Pairs with the normalizer of Llama 2, which changes spaces in added tokens, too."""
    tokenizer = prepended_pairs()
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.add_tokens([
        AddedToken("two words", normalized=True), AddedToken("raw words", normalized=False),
        AddedToken("\u2581\u2581\u2581", normalized=True),
    ])
    return tokenizer


ADDED = [
    "NewWord newword NEWWORD newwords", "RawWord rawword RAWWORD", "FULL full \uff26\uff35\uff2c\uff2c Full",
    "cafe\u0301 CAF\u00c9 caf\u00e9s xcaf\u00e9", "a  <NEAR>  b <near>c", "x<|Turn|>y <|turn|> <|TURN|>", "RawWordNewWordRawWord",
    "two words twowords two\u2581words", "raw words raw\u2581words", "a   b \u2581\u2581\u2581c    d", "", "  two words", "two words",
]

MARKED = ["का", "क्ष", "नमि", "e\u0301", "a\u0308 e\u0301\u0308", "\u0301", "##ा", "कामि क्षे"]


def main() -> None:
    """Writes one file per form."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else families.COMMITTED
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else HERE
    folder.mkdir(parents=True, exist_ok=True)
    families.ATOMS += ["<|end|>", "<tool>", "</s>", "[SEP]"]
    # The normalisers and BERT's words in `tokenizers` know the characters of an old Unicode alone.
    texts = families.lines(count, unicodedata.ucd_3_2_0)
    forms = {
        "bpe-metaspace": metaspace_pairs,
        "bpe-prepend": prepended_pairs,
        "bpe-llama3": lambda: byte_level(LLAMA3, None, True),
        "bpe-nfc": lambda: byte_level(QWEN2, normalizers.NFC(), False),
        "bpe-o200k": lambda: by_patterns([pre_tokenizers.Split(Regex(families.O200K), "isolated")], False),
        "bpe-tekken": lambda: by_patterns([pre_tokenizers.Split(Regex(families.TEKKEN), "isolated")], False),
        "bpe-odd": lambda: by_patterns(odd_splits(), True),
        "unigram": unigram,
        "wordpiece": word_piece,
        "bpe-gemma": gemma_pairs,
        "wordpiece-cased": cased_word_piece,
        "added-bytes": added_by_bytes,
        "added-marks": added_by_marks,
    }
    for name, make in forms.items():
        tokenizer = make()
        lines = texts + (MARKED if name == "wordpiece-cased" else ADDED if name.startswith("added") else [])
        cases = [{"text": text, "ids": tokenizer.encode(text).ids} for text in lines]
        content = {"file": tokenizer.to_str(), "cases": cases}
        (folder / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False, indent=0), encoding="utf-8")
        print(f"{name}: {tokenizer.get_vocab_size()} tokens, {len(cases)} lines")


if __name__ == "__main__":
    main()
