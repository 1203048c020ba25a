#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the inputs that fuzzing of tokenizers and chat templates begins with: tiny tokenizer files of each kind,
vocabularies in GGUF and templates out of the other fixtures. Inputs that a search found stay beside them.
"""
import json
import pathlib

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parent
TEMPLATES = ["chatml", "gemma3", "llama2", "mistral-v3-tools", "phi4-mini-tools", "qwq", "schema-tree", "zephyr"]
SPLIT = (
    r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
ADDED = [
    {"id": 0, "content": "<s>", "special": True, "lstrip": True, "rstrip": False, "single_word": False},
    {"id": 1, "content": "<unk>", "special": True},
]


def split(pattern, behavior):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": False}


def numbered(tokens):
    return {token: index for index, token in enumerate(tokens)}


def files():
    """Tokenizer files by their names."""
    level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}
    letters = ["<s>", "<unk>", "a", "b", "e", "s", "w", "n", "r", "Ġ", "h", "t", "an", "th", "the", "Ġa"]
    pairs = {
        "added_tokens": ADDED, "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            split(SPLIT, "Isolated"), split("x+?(?=y)", "MergedWithNext"), {"type": "Digits"}, level]},
        "post_processor": {"type": "TemplateProcessing", "single": [
            {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]},
        "model": {"type": "BPE", "vocab": numbered(letters), "merges": ["a n", ["t", "h"], "th e", "Ġ a"],
                  "ignore_merges": True},
    }
    marked = ["<s>", "<unk>", "▁", "a", "e", "h", "t", "th", "▁the", "the", "<0x0A>", "<0xC3>"]
    pieces = {
        "added_tokens": ADDED,
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        "model": {"type": "BPE", "vocab": numbered(marked), "merges": ["t h", "th e", "▁ the"], "byte_fallback": True,
                  "fuse_unk": True, "unk_token": "<unk>"},
    }
    unigram = {
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "NFKC"}, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}, {"type": "Lowercase"},
            {"type": "Strip"}, {"type": "StripAccents"}]},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "model": {"type": "Unigram", "unk_id": 0, "vocab": [
            ["<unk>", 0.0], ["</s>", 0.0], ["▁", -2.5], ["th", -3.0], ["▁the", -2.0], ["e", -4], ["a", -3.5]]},
    }
    words = {
        "normalizer": {"type": "BertNormalizer", "lowercase": True}, "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "max_input_chars_per_word": 100, "vocab": numbered(
            ["[UNK]", "[CLS]", "[SEP]", "the", "an", "##s", "##wer", "42", "'", "x"])},
    }
    return {"pairs": pairs, "pieces": pieces, "unigram": unigram, "words": words}


def main():
    inputs = {
        "tokenizer-file": {
            name: json.dumps(content, ensure_ascii=False).encode() for name, content in files().items()},
        "vocabulary": {
            name: (FIXTURES / "tokenizer-families" / f"{name}.gguf").read_bytes() for name in ("bert", "t5")},
        "template": {
            name: (FIXTURES / "chat-templates" / "templates" / f"{name}.jinja").read_bytes() for name in TEMPLATES},
    }
    for target, contents in inputs.items():
        (HERE / target).mkdir(exist_ok=True)
        for name, content in contents.items():
            (HERE / target / name).write_bytes(content)


main()
