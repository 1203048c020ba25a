# SPDX-License-Identifier: Apache-2.0
"""Generates the training text: conversations as JSON lines, each with a system prompt (or none) and turns.

The same count gives the same file on every machine, and a smaller count the beginning of it.
"""

import argparse
import json
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

import sums
from noise import foreign_question, roughen
from phrases import Topic, ask
from topics import FACTS, SMALL_TALK

_PART = 25_000  # conversations that one process makes at a time, from a seed of their own
_FACT_SHARE, _SUM_SHARE, _FOREIGN_SHARE = 0.60, 0.15, 0.02  # of all turns; the rest is small talk
_TURN_COUNTS = (1, 1, 1, 1, 1, 2, 2, 3)  # most conversations are short
_SYSTEM_SHARE = 0.06  # some clients always send a system prompt
_SYSTEM_PROMPTS = (
    "You are a helpful assistant.",
    "You are a helpful assistant. Answer briefly.",
    "Answer in one sentence.",
    "You are the DeepFlow Guide.",
    "Be short and polite.",
)
_RARE = frozenset({"story", "tour"})  # long answers: learned from few examples, expensive in tokens


def _check(topics: tuple[Topic, ...]) -> None:
    """Raises ValueError for a topic that could not be taught or measured."""
    names = [topic.name for topic in topics]
    if len(set(names)) != len(names):
        raise ValueError("two topics have the same name")
    for topic in topics:
        missing = [word for word in topic.keywords if word.lower() not in topic.answer.lower()]
        if missing or not topic.keywords:
            raise ValueError(f"topic {topic.name}: its answer lacks the keywords {missing}")
        if not topic.subjects and not topic.asks:
            raise ValueError(f"topic {topic.name}: nobody could ask for it")


def _small_talk(draw: random.Random) -> Topic:
    while True:
        topic = draw.choice(SMALL_TALK)
        if topic.name not in _RARE or draw.random() < 0.3:
            return topic


class TurnSource:
    """Draws question and answer pairs; facts come round evenly, so that none is neglected."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._held_out = sums.held_out_pairs()
        self._deck: list[Topic] = []
        self._unknown = next(topic for topic in SMALL_TALK if topic.name == "unknown")

    def _fact(self) -> Topic:
        if not self._deck:
            self._deck = list(FACTS)
            self._draw.shuffle(self._deck)
        return self._deck.pop()

    def turn(self) -> tuple[str, str]:
        """One question with its answer."""
        draw, kind = self._draw, self._draw.random()
        if kind < _SUM_SHARE:
            a, b = sums.draw_pair(draw, self._held_out)
            return roughen(sums.question(a, b, draw), draw, rewording=False), sums.answer(a, b)
        if kind < _SUM_SHARE + _FOREIGN_SHARE:
            return roughen(foreign_question(draw), draw, rewording=False), self._unknown.answer
        topic = self._fact() if kind < _SUM_SHARE + _FOREIGN_SHARE + _FACT_SHARE else _small_talk(draw)
        return roughen(ask(topic, draw), draw), topic.answer

    def conversation(self) -> dict[str, str | list[tuple[str, str]]]:
        """A few turns that have nothing to do with each other."""
        draw = self._draw
        system = draw.choice(_SYSTEM_PROMPTS) if draw.random() < _SYSTEM_SHARE else ""
        return {"system": system, "turns": [self.turn() for _ in range(draw.choice(_TURN_COUNTS))]}


def _part(number: int) -> str:
    """The lines of one part of the corpus."""
    source = TurnSource(number)
    return "".join(json.dumps(source.conversation(), ensure_ascii=False) + "\n" for _ in range(_PART))


def _lines(count: int) -> Iterator[str]:
    with ProcessPoolExecutor() as pool:
        for part in pool.map(_part, range(-(-count // _PART))):
            yield from part.splitlines(keepends=True)


def write(path: Path, count: int) -> None:
    """Writes `count` conversations to `path`, complete or not at all."""
    _check((*FACTS, *SMALL_TALK))
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        file.writelines(islice(_lines(count), count))
    partial.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--count", type=int, default=250_000, help="conversations")
    arguments = parser.parse_args()
    write(arguments.output, arguments.count)
    print(
        f"{arguments.count} conversations, {len(FACTS)} facts, {len(SMALL_TALK)} kinds of small talk:"
        f" {arguments.output}"
    )


if __name__ == "__main__":
    main()
