# SPDX-License-Identifier: Apache-2.0
"""Trains the byte-level BPE tokenizer of the default model and turns conversations into token ids.

The pre-tokenizer is the one that GGUF files call "qwen2": words, single digits, punctuation, spaces.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

VOCABULARY_SIZE = 2048
END_OF_TEXT, TURN_START, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
CONTROL_TOKENS = (END_OF_TEXT, TURN_START, TURN_END)  # the last ids, in this order

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] | trim + '<|im_end|>' + '\\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}"
)

_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_ALL_LINES = 60_000  # conversations read for the merges; more change nothing


def turn(role: str, text: str) -> str:
    """One message as the chat template renders it."""
    return f"{TURN_START}{role}\n{text.strip()}{TURN_END}\n"


def prompt(question: str) -> str:
    """A conversation of one question, ready for its answer."""
    return turn("user", question) + f"{TURN_START}assistant\n"


def _texts(corpus: Path) -> Iterator[str]:
    with corpus.open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            if number >= _ALL_LINES:
                return
            conversation = json.loads(line)
            yield f"system\n{conversation['system']}\n"
            for question, answer in conversation["turns"]:
                yield f"user\n{question}\n"
                yield f"assistant\n{answer}\n"


def train(corpus: Path) -> Tokenizer:
    """A tokenizer with the merges that fit the corpus; all 256 bytes have a token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE - len(CONTROL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(corpus), trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in CONTROL_TOKENS])
    if tokenizer.get_vocab_size() != VOCABULARY_SIZE:
        raise ValueError(f"the corpus gives {tokenizer.get_vocab_size()} tokens instead of {VOCABULARY_SIZE}")
    return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    train(arguments.corpus).save(str(arguments.output))
    print(f"{VOCABULARY_SIZE} tokens: {arguments.output}")


if __name__ == "__main__":
    main()
