#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a small vocabulary of each family of tokenizers and writes what llama.cpp and PyPI's `tokenizers` make of
awkward lines.

    pip install tokenizers gguf llama-cpp-python && python3 make.py [LINES [FOLDER]]

Without arguments it writes the committed fixtures beside itself, with them so many lines into a folder; see
`../compare-tokenizers`.
"""

from __future__ import annotations

import json
import pathlib
import random
import re
import sys
import tempfile
import unicodedata

import gguf
import llama_cpp
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

COMMITTED = 150
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

# As the vocabulary of 200,000 tokens has it that many families took over, and one without contractions.
UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CASED = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+TAIL|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*TAIL|\p{{N}}NUMBER"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
O200K = CASED.replace("TAIL", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?").replace("NUMBER", "{1,3}")
TEKKEN = CASED.replace("TAIL", "").replace("NUMBER", "")
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
FALCON = [r"[\p{P}\$\+<=>\^~\|`]+", GPT2, "[0-9][0-9][0-9]"]
BLOOM = [r" ?[^(\s|.,!?…。，、।۔،)]+"]


def assigned(tables=unicodedata) -> list[str]:
    """Every character that a version of Unicode has, Python's own where none is named, without surrogates and private
    use."""
    return [chr(code) for code in range(0x110000) if tables.category(chr(code)) not in ("Cs", "Co", "Cn")]


def mixed(generator: random.Random, characters: list[str]) -> str:
    """A chain of atoms with runs of any characters, each run out of one neighbourhood, and so of one script."""
    parts = generator.choices(ATOMS, k=generator.randint(1, 12))
    for _ in range(generator.randint(0, 3)):
        start = generator.randrange(len(characters))
        near = characters[start : start + 40]
        parts.insert(generator.randrange(len(parts) + 1), "".join(generator.choices(near, k=generator.randint(1, 8))))
    return "".join(parts)


def lines(count: int, tables=unicodedata) -> list[str]:
    """Lines of the corpus and random chains of awkward atoms, beyond the committed ones of all scripts; the seed is
    fixed."""
    fixed = ["a", "hello world", "  hello  world  ", " ", "   ", "a" * 120, "ab" * 90, "🙂" * 9, "the answer is 42."]
    fixed += [line for line in dict.fromkeys(CORPUS.splitlines()) if line]
    generator = random.Random(20240607)
    while len(fixed) < min(count, COMMITTED):
        fixed.append("".join(generator.choices(ATOMS, k=generator.randint(1, 16))))
    characters = assigned(tables)
    while len(fixed) < count:
        fixed.append(mixed(generator, characters))
    return fixed


# What llama.cpp decodes although it is no UTF-8, or gives up on: overlong forms, surrogates, beyond U+10FFFF.
LENIENT = re.compile(
    rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f][\x80-\xbf]|\xed[\xa0-\xbf][\x80-\xbf]"
    rb"|\xf0[\x80-\x8f][\x80-\xbf]|\xf4[\x90-\xbf][\x80-\xbf]|[\xf5-\xff]"
)


def reaches_space(line: bytes) -> bool:
    """Whether a character that its first byte says to be longer takes a space along, as llama.cpp has it, which writes
    a space as U+2581."""
    index = 0
    while index < len(line):
        size = 1 if line[index] < 0xC0 else 2 if line[index] < 0xE0 else 3 if line[index] < 0xF0 else 4
        taken = line[index + 1 : index + size]
        if b" " in taken or b"\xe2" in taken:
            return True
        index += size
    return False


def broken_lines(count: int) -> list[bytes]:
    """Lines with bytes that are no UTF-8: strange ones added, characters cut short. Without the two characters on
    which llama.cpp differs from others."""
    generator = random.Random(31)
    atoms = [atom for atom in ATOMS if atom not in ("▁", "\u3000")]
    result: list[bytes] = []
    while len(result) < count:
        line = bytearray("".join(generator.choices(atoms, k=generator.randint(1, 8))).encode())
        for _ in range(generator.randint(1, 4)):
            place = generator.randrange(len(line) + 1)
            if generator.random() < 0.5:
                line[place:place] = bytes([generator.randint(0x80, 0xF4)])
            else:
                del line[place : place + 1]
        if not LENIENT.search(line) and not reaches_space(line) and "\ufffd" in line.decode(errors="replace"):
            result.append(bytes(line))
    return result


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
    if "end" in fixture:
        writer.add_eos_token_id(fixture["end"])
    if "addSpacePrefix" in fixture:
        writer.add_add_space_prefix(fixture["addSpacePrefix"])
    if "removeExtraSpaces" in fixture:
        writer.add_remove_extra_whitespaces(fixture["removeExtraSpaces"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def llama_ids(fixture: dict, model: str, pre: str | None, texts: list[str]) -> list[list[int]]:
    """The ids that llama.cpp makes, without begin and end tokens and without recognising control tokens. Those of
    broken lines become a part of the fixture."""
    broken = broken_lines(max(100, len(texts) // 5))
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/vocabulary.gguf"
        write_gguf(path, fixture, model, pre)
        llama = llama_cpp.Llama(path, vocab_only=True, verbose=False)
        fixture["broken"] = [
            {"bytes": line.hex(), "ids": llama.tokenize(line, add_bos=False, special=False)} for line in broken
        ]
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
    fixture.update(unknownToken=0, end=2, addSpacePrefix=True, model="llama")
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
    fixture.update(unknownToken=0, end=1, addSpacePrefix=True, removeExtraSpaces=True, model="t5")
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
    fixture.update(unknownToken=0, end=2, model="bert")
    fixture["cases"] = list(zip(texts, llama_ids(fixture, "bert", "default", texts)))
    return fixture


def byte_level(name: str, patterns: list[str], texts: list[str]) -> dict:
    """Byte-level pairs behind a list of splits."""
    # As llama.cpp has it for this name.
    tokenizer = Tokenizer(models.BPE(ignore_merges=name == "tekken"))
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
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COMMITTED
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else HERE
    folder.mkdir(parents=True, exist_ok=True)
    texts = lines(count)
    families = {
        "llama": lambda: llama_family(texts),
        "t5": lambda: t5_family(texts),
        "bert": lambda: bert_family(texts),
        "deepseek-v3": lambda: byte_level("deepseek-v3", DEEPSEEK_V3, texts),
        "deepseek-coder": lambda: byte_level("deepseek-coder", DEEPSEEK_CODER, texts),
        "tekken": lambda: byte_level("tekken", [TEKKEN], texts),
        "gpt-4o": lambda: byte_level("gpt-4o", [O200K], texts),
        "falcon": lambda: byte_level("falcon", FALCON, texts),
        "bloom": lambda: byte_level("bloom", BLOOM, texts),
    }
    for name, make in families.items():
        fixture = make()
        fixture["cases"] = [{"text": text, "ids": ids} for text, ids in fixture["cases"]]
        (folder / f"{name}.json").write_text(json.dumps(fixture, ensure_ascii=False, indent=0), encoding="utf-8")
        if "end" in fixture:
            write_gguf(str(folder / f"{name}.gguf"), fixture, name, "default")
        print(f"{name}: {len(fixture['tokens'])} tokens, {len(fixture['cases'])} lines")


if __name__ == "__main__":
    main()
