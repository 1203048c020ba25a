#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes one JSON file per pre-tokenizer: a small byte-level vocabulary, and for many awkward texts the words and
the token ids that PyPI's `tokenizers` makes of them.

    pip install tokenizers && python3 make.py [LINES [FOLDER]]

Without arguments it writes the committed fixtures beside itself, with them so many more lines into a folder; see
`../compare-tokenizers`.
"""

from __future__ import annotations

import importlib.util
import json
import pathlib
import random
import sys

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
MODERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,%d}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

CORPUS = """
A node keeps one warm parent for every model in use. When a question comes, the parent forks, and the child answers.
What is 12 + 30? It is 42. What is 7 + 88? It is 95. In 2024 there were 365 days, and 8760 hours, they've said.
She'll say that we're late; I'm sure he'd know. DON'T SHOUT, it's fine!
def answer(question):
    if question == "why":
        return 42

    return {"a": [1, 2, 3], "b": None}  # a comment
Grüße aus Köln! Äpfel, Öl und Übermut. Ça va très bien, déjà vu. Привет, как дела? Γειά σου κόσμε.
你好，世界。今天天气很好。こんにちは世界。안녕하세요 세계. مرحبا بالعالم. नमस्ते दुनिया. 🙂🚀👩‍💻 ok
<|im_start|>user and <|im_end|> are how a turn is written. <tool> x </tool>
"""

ATOMS = [
    " ", " ", "  ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "a", "the", "World", "ß", "é", "e\u0301",
    "'s", "'S", "'ll", "'LL", "'re", "'Ve", "'", "''", "1", "42", "2024", "١٢", "Ⅷ", "½", "²", "!", "?!", "...", "—",
    "==", "{", "}", "#", "你好", "世界", "こんにちは", "안녕", "привет", "नमस्ते", "🙂", "👩‍💻", "🚀", "\u200b", "\ufeff", "\u0000",
    "\u007f", "_", "don't", "I'm", "x_y", "U+1F600", "𝒜", "𐍈", "\U000e0001", "\ud7a3", "if", "return", "(", ")",
]


def texts() -> list[str]:
    """Fixed texts, then random chains of awkward atoms; the seed is fixed."""
    fixed = ["", " ", "  ", "\n", "a", "hello world", "  hello  world  ", "line\n\n  next\n", "12345 6789", "it's IT'S"]
    fixed += ["a" * 200, "ab" * 150, "aaa" * 67 + "b", "0" * 50, " " * 70, "\n \n" * 20, "你好" * 40]
    fixed += [line for line in CORPUS.splitlines() if line]
    generator = random.Random(20240607)
    chains = ["".join(generator.choices(ATOMS, k=generator.randint(1, 14))) for _ in range(220)]
    return fixed + chains


def pre_tokenizer(name: str) -> pre_tokenizers.PreTokenizer:
    """The pre-tokenizer as Hugging Face's configurations of these families give it."""
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    if name == "smollm":
        digits = pre_tokenizers.Digits(individual_digits=True)
        return pre_tokenizers.Sequence([digits, pre_tokenizers.Split(Regex(GPT2), "isolated"), level])
    pattern = {"gpt-2": GPT2, "qwen2": MODERN % 1, "llama-bpe": MODERN % 3}[name]
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), level])


def more_texts(count: int) -> list[str]:
    """Lines of all scripts, as the other families get them."""
    path = pathlib.Path(__file__).parent.parent / "tokenizer-families" / "make.py"
    spec = importlib.util.spec_from_file_location("families", path)
    families = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(families)
    return families.lines(count) if count else []


def fixture(name: str, more: list[str]) -> dict[str, object]:
    """Trains a vocabulary of 600 tokens and encodes every text with it."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=name == "llama-bpe"))
    tokenizer.pre_tokenizer = pre_tokenizer(name)
    trainer = trainers.BpeTrainer(
        vocab_size=600, min_frequency=1, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(CORPUS.splitlines(keepends=True), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = [token for token, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    cases = []
    for text in texts() + more:
        words = [text[start:end] for _, (start, end) in tokenizer.pre_tokenizer.pre_tokenize_str(text)]
        cases.append({"text": text, "words": words, "tokens": tokenizer.encode(text).ids})
    return {"preTokenizer": name, "tokens": tokens, "merges": merges, "cases": cases}


def main() -> None:
    """Writes the four files."""
    more = more_texts(int(sys.argv[1])) if len(sys.argv) > 1 else []
    here = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(__file__).parent
    here.mkdir(parents=True, exist_ok=True)
    for name in ["gpt-2", "qwen2", "llama-bpe", "smollm"]:
        text = json.dumps(fixture(name, more), ensure_ascii=True, separators=(",", ":"))
        (here / f"{name}.json").write_text(text + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
