#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a small vocabulary of each family of tokenizers and writes what llama.cpp and PyPI's `tokenizers` make of
awkward lines.

    pip install tokenizers gguf llama-cpp-python && python3 make.py [LINES [FOLDER]]

Without arguments it writes the committed fixtures beside itself. With a number of lines and a folder it writes as many
random lines there; `DEEPFLOW_TOKENIZER_FIXTURES=FOLDER swift test --filter TokenizerFamilies` compares them.
"""

from __future__ import annotations

import json
import pathlib
import random
import sys
import tempfile

import gguf
import llama_cpp
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = (HERE.parent / "pack-tokenizers" / "make.py").read_text(encoding="utf-8").split('"""')[3] * 3

ATOMS = [
    " ", " ", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "a", "the", "World", "ß", "é",
    "e\u0301", "Å", "A\u030a", "ﬁ", "①", "Ⅷ", "ｱ", "가", "\u1100\u1161", "'s", "'LL", "'", "1", "42", "2024", "١٢", "½",
    "!", "?!", "...", "—", "==", "{", "}", "#", "你好", "世界", "こんにちは", "カ", "안녕", "привет", "नमस्ते", "ไทย", "🙂", "👩‍💻",
    "🚀", "🇩🇪", "\u200b", "\ufeff", "\u007f", "\u0001", "_", "don't", "x_y", "U+1F600", "𝒜", "𐍈", "if", "return", "(", ")",
    "answer", "question", "ΑΒΓ", "İ", "ǅ", "שלום", "مرحبا", "▁", "<0x41>", "node", "warm", "parent", "//", "\\", "，", "。",
]

DEEPSEEK_V3 = [
    r"\p{N}{1,3}",
    r"[一-龥\u3040-ゟ゠-ヿ]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
]
DEEPSEEK_CODER = [r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", r"[一-龥ࠀ-一가-퟿]+", r"\p{N}"]


def lines(count: int) -> list[str]:
    """Lines of the corpus and random chains of awkward atoms; the seed is fixed."""
    fixed = ["a", "hello world", "  hello  world  ", " ", "   ", "a" * 120, "ab" * 90, "🙂" * 9, "the answer is 42."]
    fixed += [line for line in dict.fromkeys(CORPUS.splitlines()) if line]
    generator = random.Random(20240607)
    while len(fixed) < count:
        fixed.append("".join(generator.choices(ATOMS, k=generator.randint(1, 16))))
    return fixed


def write_gguf(path: str, fixture: dict, model: str, pre: str | None) -> None:
    """A file with nothing but the vocabulary."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model(model)
    if pre:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(fixture["tokens"])
    writer.add_token_types(fixture["types"])
    if fixture["scores"]:
        writer.add_token_scores(fixture["scores"])
    if fixture["merges"]:
        writer.add_token_merges(fixture["merges"])
    if fixture["unknownToken"] >= 0:
        writer.add_unk_token_id(fixture["unknownToken"])
    if "addSpacePrefix" in fixture:
        writer.add_add_space_prefix(fixture["addSpacePrefix"])
    if "removeExtraSpaces" in fixture:
        writer.add_remove_extra_whitespaces(fixture["removeExtraSpaces"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def llama_ids(fixture: dict, model: str, pre: str | None, texts: list[str]) -> list[list[int]]:
    """The ids that llama.cpp makes, without begin and end tokens and without recognising control tokens."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/vocabulary.gguf"
        write_gguf(path, fixture, model, pre)
        llama = llama_cpp.Llama(path, vocab_only=True, verbose=False)
        return [llama.tokenize(text.encode(), add_bos=False, special=False) for text in texts]


def ordered(tokenizer: Tokenizer) -> list[str]:
    """Tokens in the order of their ids."""
    return [token for token, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]


def merges_of(tokenizer: Tokenizer) -> list[str]:
    """Merges as text."""
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [merge if isinstance(merge, str) else " ".join(merge) for merge in merges]


def empty(tokens: list[str], types: list[int]) -> dict:
    """A fixture without cases."""
    return {"tokens": tokens, "types": types, "scores": [], "merges": [], "unknownToken": -1}


def llama_family(texts: list[str]) -> dict:
    """SentencePiece pairs with byte fallback."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.train_from_iterator(
        CORPUS.splitlines(), trainers.BpeTrainer(vocab_size=700, min_frequency=1, show_progress=False)
    )
    pieces = [piece for piece in ordered(tokenizer) if piece]
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    types = [2, 3, 3] + [6] * 256
    merged = {merge.replace(" ", ""): -float(rank) for rank, merge in reversed(list(enumerate(merges_of(tokenizer))))}
    fixture = empty(tokens + pieces, types + [1] * len(pieces))
    fixture["scores"] = [0.0] * len(tokens) + [merged.get(piece, -1e6 - i) for i, piece in enumerate(pieces)]
    fixture.update(unknownToken=0, addSpacePrefix=True, model="llama")
    fixture["cases"] = list(zip(texts, llama_ids(fixture, "llama", "default", texts)))
    return fixture


def t5_family(texts: list[str]) -> dict:
    """SentencePiece unigram without byte fallback."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    trainer = trainers.UnigramTrainer(
        vocab_size=500, show_progress=False, special_tokens=["<unk>", "</s>"], unk_token="<unk>"
    )
    tokenizer.train_from_iterator(CORPUS.splitlines(), trainer)
    pieces = json.loads(tokenizer.to_str())["model"]["vocab"]
    fixture = empty([piece for piece, _ in pieces], [2, 3] + [1] * (len(pieces) - 2))
    fixture["scores"] = [score for _, score in pieces]
    fixture.update(unknownToken=0, addSpacePrefix=True, removeExtraSpaces=True, model="t5")
    fixture["cases"] = list(zip(texts, llama_ids(fixture, "t5", "default", texts)))
    return fixture


def bert_family(texts: list[str]) -> dict:
    """WordPiece, lower case. llama.cpp takes U+2581 in a text for a word's beginning, which it is not."""
    texts = [text for text in texts if "▁" not in text]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=500, show_progress=False, special_tokens=["[UNK]", "[CLS]", "[SEP]"])
    tokenizer.train_from_iterator(CORPUS.splitlines(), trainer)
    tokens = ordered(tokenizer)
    phantom = [t if t.startswith("[") and t.endswith("]") else t[2:] if t.startswith("##") else "▁" + t for t in tokens]
    fixture = empty(phantom, [2, 3, 3] + [1] * (len(tokens) - 3))
    fixture.update(unknownToken=0, model="bert")
    fixture["cases"] = list(zip(texts, llama_ids(fixture, "bert", "default", texts)))
    return fixture


def byte_level(name: str, patterns: list[str], texts: list[str]) -> dict:
    """Byte-level pairs behind a list of splits."""
    tokenizer = Tokenizer(models.BPE())
    splits = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns]
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(splits + [level])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, min_frequency=1, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(CORPUS.splitlines(keepends=True), trainer)
    tokens = ordered(tokenizer)
    fixture = empty(tokens, [1] * len(tokens))
    fixture.update(merges=merges_of(tokenizer), model="gpt2", pre=name)
    ours = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    theirs = llama_ids(fixture, "gpt2", name, texts)
    differing = sum(a != b for a, b in zip(ours, theirs))
    print(f"{name}: tokenizers and llama.cpp differ in {differing} of {len(texts)} lines")
    fixture["cases"] = list(zip(texts, ours))
    return fixture


def main() -> None:
    """Writes one file per family."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else HERE
    folder.mkdir(parents=True, exist_ok=True)
    texts = lines(count)
    families = {
        "llama": lambda: llama_family(texts),
        "t5": lambda: t5_family(texts),
        "bert": lambda: bert_family(texts),
        "deepseek-v3": lambda: byte_level("deepseek-v3", DEEPSEEK_V3, texts),
        "deepseek-coder": lambda: byte_level("deepseek-coder", DEEPSEEK_CODER, texts),
    }
    for name, make in families.items():
        fixture = make()
        fixture["cases"] = [{"text": text, "ids": ids} for text, ids in fixture["cases"]]
        (folder / f"{name}.json").write_text(json.dumps(fixture, ensure_ascii=False, indent=0), encoding="utf-8")
        print(f"{name}: {len(fixture['tokens'])} tokens, {len(fixture['cases'])} lines")


if __name__ == "__main__":
    main()
