# SPDX-License-Identifier: Apache-2.0
"""Measures a GGUF file of the default model on the hand-written questions, at temperature 0.

An answer is right when it holds every keyword of its topic, or ends in the exact sum. No question of the
evaluation may occur in the training text: that is checked first.
"""

import argparse
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

import held_out
import sums
from export import load
from model import GuideModel
from tokenizer import TURN_END, prompt
from topics import FACTS, SMALL_TALK

_MOST_TOKENS = 200


@dataclass(frozen=True)
class Verdict:
    """One question with the model's answer."""

    group: str  # facts, small talk or sums
    topic: str
    question: str
    answer: str
    right: bool


def normalised(text: str) -> str:
    """Letters and digits only, for the comparison with the training text."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def leaked(questions: Iterable[str], corpus: Path) -> list[str]:
    """Those of the questions that the training text has, whatever their case and punctuation."""
    wanted = {normalised(question): question for question in questions}
    found: set[str] = set()
    with corpus.open(encoding="utf-8") as file:
        for line in file:
            for question, _ in json.loads(line)["turns"]:
                found.add(normalised(question))
    return [question for key, question in wanted.items() if key in found]


@torch.inference_mode()
def answer(model: GuideModel, tokenizer: Tokenizer, question: str) -> str:
    """The greedy answer to one question without history."""
    tokens = tokenizer.encode(prompt(question)).ids
    end = tokenizer.token_to_id(TURN_END)
    made: list[int] = []
    while len(made) < _MOST_TOKENS:
        token = int(model.logits(tokens + made)[-1].argmax())
        if token == end:
            break
        made.append(token)
    return tokenizer.decode(made)


def is_sum_right(text: str, a: int, b: int) -> bool:
    """Whether the last number of the text is a + b."""
    numbers = re.findall(r"\d+", text)
    return bool(numbers) and int(numbers[-1]) == a + b


def judge(model: GuideModel, tokenizer: Tokenizer) -> list[Verdict]:
    """The verdicts over all held-out questions."""
    topics = {topic.name: topic for topic in (*FACTS, *SMALL_TALK)}
    verdicts: list[Verdict] = []
    for group, questions in (("facts", held_out.FACTS), ("small talk", held_out.SMALL_TALK)):
        for name, question in questions:
            text = answer(model, tokenizer, question)
            right = all(keyword.lower() in text.lower() for keyword in topics[name].keywords)
            verdicts.append(Verdict(group, name, question, text, right))
    pairs = sums.held_out_pairs()
    for question, a, b in held_out.SUMS:
        if not sums.is_held_out(a, b, pairs):
            raise ValueError(f"the pair {a}, {b} is not held out of the training text")
        text = answer(model, tokenizer, question)
        verdicts.append(Verdict("sums", f"{a}+{b}", question, text, is_sum_right(text, a, b)))
    return verdicts


def figures(verdicts: list[Verdict]) -> dict[str, dict[str, float]]:
    """Right answers and questions of each group."""
    result: dict[str, dict[str, float]] = {}
    for group in ("facts", "small talk", "sums"):
        of_group = [verdict for verdict in verdicts if verdict.group == group]
        right = sum(verdict.right for verdict in of_group)
        result[group] = {"right": right, "questions": len(of_group), "share": round(right / len(of_group), 3)}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--report", type=Path, help="write figures and answers there as JSON")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--least", type=float, default=0.5, help="share of right answers below which this fails")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    questions = [q for _, q in (*held_out.FACTS, *held_out.SMALL_TALK)] + [q for q, _, _ in held_out.SUMS]
    if seen := leaked(questions, arguments.corpus):
        raise SystemExit(f"the training text has these questions of the evaluation: {seen}")
    verdicts = judge(load(arguments.model), Tokenizer.from_file(str(arguments.tokenizer)))
    summary = figures(verdicts)
    for group, numbers in summary.items():
        print(f"{group}: {numbers['right']} of {numbers['questions']} right ({numbers['share']:.0%})")
    if arguments.report:
        report = {"temperature": 0, "figures": summary, "answers": [asdict(verdict) for verdict in verdicts]}
        arguments.report.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if any(numbers["share"] < arguments.least for numbers in summary.values()):
        raise SystemExit(f"a group is below {arguments.least:.0%}")


if __name__ == "__main__":
    main()
