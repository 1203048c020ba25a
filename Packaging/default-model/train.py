# SPDX-License-Identifier: Apache-2.0
"""Trains the default model on the corpus: fixed seeds, checkpoints, exact resumption.

Every step is a pure function of the step's number and the state before it, so that a run that was cut off
and started again ends with the same weights as one that was not (on the same machine and thread count). Only
with --minutes the clock has a say: it decides when the learning rate falls and which step is the last.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from model import GuideModel, ModelConfiguration
from tokenizer import TURN_END, TURN_START, turn

SEED = 7
ROW = 160  # tokens in a row; several conversations share one and do not see each other
ROWS_PER_STEP = {"cpu": 20, "cuda": 256}
PEAK_RATE = {"cpu": 2e-3, "cuda": 3e-3}
FINAL_RATE = 2e-5
VALIDATION_ROWS = 512  # the last ones, never trained on
QUESTION_WEIGHT = 0.1  # of the loss of a question's token, against 1 for an answer's
WARM_UP_STEPS = 100
DECAY_SHARE = 0.4  # of the whole training, at the end
CHECKPOINT_SECONDS = 60.0
PROGRESS_SECONDS = 15.0
_OPEN_ROWS = 16  # rows tried before a new one is begun
_LINES_AT_ONCE = 25_000

Item = tuple[list[int], list[int]]  # token ids of a conversation, and the percent weight of each


class Rows(NamedTuple):
    """Packed conversations, each array of shape [rows, ROW]."""

    tokens: Tensor  # int16
    weights: Tensor  # of predicting this token from the ones before, uint8 percent
    documents: Tensor  # which conversation of the row; 0 is padding, uint8
    positions: Tensor  # within the conversation, int16


def pieces(conversation: dict) -> list[tuple[str, int]]:
    """The text of a conversation in pieces, each with the percent weight of predicting its tokens."""
    asked = round(QUESTION_WEIGHT * 100)
    result = [(turn("system", conversation["system"]), asked)] if conversation["system"] else []
    for question, answer in conversation["turns"]:
        result.append((turn("user", question) + f"{TURN_START}assistant\n", asked))
        result.append((f"{answer}{TURN_END}", 100))
        result.append(("\n", asked))
    return result


def encoded(lines: list[str], tokenizer: Tokenizer) -> Iterator[Item]:
    """The conversations as token ids and weights."""
    conversations = [pieces(json.loads(line)) for line in lines]
    ids = iter(tokenizer.encode_batch_fast([text for parts in conversations for text, _ in parts]))
    for parts in conversations:
        runs = [(next(ids).ids, percent) for _, percent in parts]
        tokens = [token for run, _ in runs for token in run]
        yield tokens, [percent for run, percent in runs for _ in run]


def packed(lines: list[str], tokenizer: Path) -> list[np.ndarray]:
    """The conversations in rows, first fit among the open ones; too long ones and rows left open are dropped."""
    closed: list[list[Item]] = []
    open_rows: list[tuple[int, list[Item]]] = []
    for item in encoded(lines, Tokenizer.from_file(str(tokenizer))):
        size = len(item[0])
        if size > ROW:
            continue
        place = next((i for i, (used, _) in enumerate(open_rows) if used + size <= ROW), None)
        if place is not None:
            used, items = open_rows[place]
            items.append(item)
            open_rows[place] = (used + size, items)
            continue
        open_rows.append((size, [item]))
        if len(open_rows) > _OPEN_ROWS:
            fullest = max(range(len(open_rows)), key=lambda i: open_rows[i][0])
            closed.append(open_rows.pop(fullest)[1])
    return _arrays(closed)


def pack(corpus: Path, tokenizer: Path) -> Rows:
    """All conversations of the corpus in rows, by all cores."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # the processes are parallel enough
    with corpus.open(encoding="utf-8") as file, ProcessPoolExecutor() as pool:
        chunks = iter(lambda: list(islice(file, _LINES_AT_ONCE)), [])
        parts = list(pool.map(partial(packed, tokenizer=tokenizer), chunks))
    return Rows(*(torch.from_numpy(np.concatenate(arrays)) for arrays in zip(*parts, strict=True)))


def _arrays(rows: list[list[Item]]) -> list[np.ndarray]:
    arrays = [np.zeros((len(rows), ROW), dtype=kind) for kind in (np.int16, np.uint8, np.uint8, np.int16)]
    for r, items in enumerate(rows):
        at = 0
        for document, (tokens, weights) in enumerate(items, start=1):
            end = at + len(tokens)
            columns = (tokens, weights, document, np.arange(len(tokens)))
            for array, column in zip(arrays, columns, strict=True):
                array[r, at:end] = column
            arrays[1][r, at] = 0  # nothing comes before the first token
            at = end
    return arrays


def loss_of(model: GuideModel, rows: Rows) -> Tensor:
    """The weighted mean loss of some rows."""
    tokens, device = rows.tokens.long(), rows.tokens.device
    causal = torch.ones(ROW, ROW, dtype=torch.bool, device=device).tril()
    mask = (rows.documents[:, None, :, None] == rows.documents[:, None, None, :]) & causal
    with torch.autocast(device.type, dtype=torch.bfloat16):
        logits = model(tokens, rows.positions, mask)
    weights = rows.weights[:, 1:].flatten().float() / 100
    losses = F.cross_entropy(logits[:, :-1].flatten(0, 1).float(), tokens[:, 1:].flatten(), reduction="none")
    return (losses * weights).sum() / weights.sum()


@torch.no_grad()
def validation_loss(model: GuideModel, rows: Rows, count: int) -> float:
    """The mean loss of rows that training never sees, `count` rows at a time."""
    parts = zip(*(array.split(count) for array in rows), strict=True)
    return float(torch.stack([loss_of(model, Rows(*part)) for part in parts]).mean())


@dataclass(frozen=True)
class Plan:
    """How long to train, in steps or in minutes of training, and how fast."""

    steps: int
    seconds: float  # 0: by steps
    peak_rate: float

    def progress(self, step: int, spent: float) -> float:
        """The share of the training that is done before the step; from 1 on there is nothing left to do."""
        return spent / self.seconds if self.seconds else step / self.steps

    def rate(self, step: int, spent: float) -> float:
        """The learning rate: a short rise, a plateau, and a straight fall over the last part."""
        falling = max(0.0, self.progress(step, spent) - (1 - DECAY_SHARE)) / DECAY_SHARE
        return min(1.0, (step + 1) / WARM_UP_STEPS) * (self.peak_rate + (FINAL_RATE - self.peak_rate) * falling)


def optimiser_of(model: GuideModel) -> torch.optim.AdamW:
    """AdamW; norms and embeddings are not decayed."""
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and "embedding" not in n]
    others = [p for n, p in model.named_parameters() if p.dim() < 2 or "embedding" in n]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)


def save(path: Path, model: GuideModel, optimiser: torch.optim.AdamW, step: int, spent: float) -> None:
    """Writes a checkpoint, complete or not at all."""
    partial_path = path.with_suffix(".partial")
    state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "spent": spent}
    torch.save(state, partial_path)
    partial_path.rename(path)


def restore(path: Path, model: GuideModel, optimiser: torch.optim.AdamW, device: torch.device) -> tuple[int, float]:
    """Reads a checkpoint where there is one; the step to go on with, and the seconds spent so far."""
    if not path.exists():
        return 0, 0.0
    state = torch.load(path, map_location=device)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"]), float(state["spent"])


def advance(model: GuideModel, optimiser: torch.optim.AdamW, loss: Tensor, learning_rate: float) -> None:
    """One step of the optimiser down the gradient of the loss."""
    for group in optimiser.param_groups:
        group["lr"] = learning_rate
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)


def train(arguments: argparse.Namespace) -> None:
    """Trains up to the last step, or until the minutes are over."""
    began = time.monotonic()
    device = torch.device(arguments.device)
    count = arguments.rows or ROWS_PER_STEP[device.type]
    plan = Plan(arguments.steps, arguments.minutes * 60, PEAK_RATE[device.type])
    rows = Rows(*(array.to(device) for array in pack(arguments.corpus, arguments.tokenizer)))
    kept_back = Rows(*(array[-VALIDATION_ROWS:] for array in rows))
    used = rows.tokens.shape[0] - VALIDATION_ROWS
    torch.manual_seed(SEED)
    model = GuideModel(ModelConfiguration()).to(device)
    optimiser = optimiser_of(model)
    step, spent = restore(arguments.checkpoint, model, optimiser, device)
    began -= spent
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {used} rows, {count} a step, from step {step}")
    fast_loss = torch.compile(loss_of) if device.type == "cuda" else loss_of
    saved = told = time.monotonic()
    while plan.progress(step, spent := time.monotonic() - began) < 1:
        chosen = torch.arange(step * count, (step + 1) * count, device=device) % used
        loss = fast_loss(model, Rows(*(array[chosen] for array in rows)))
        advance(model, optimiser, loss, plan.rate(step, spent))
        step += 1
        now = time.monotonic()
        if now - told > PROGRESS_SECONDS:
            left = spent / plan.progress(step, spent) - spent
            print(f"step {step} loss {loss.item():.4f}, {spent:.0f} s spent, {left:.0f} s left", flush=True)
            told = now
        if now - saved > CHECKPOINT_SECONDS:
            save(arguments.checkpoint, model, optimiser, step, spent)
            saved = now
    save(arguments.checkpoint, model, optimiser, step, spent)
    lost = validation_loss(model, kept_back, count)
    print(f"{step} steps of {count * ROW} tokens in {spent:.0f} s, validation loss {lost:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--minutes", type=float, default=0, help="train for this time instead of a number of steps")
    parser.add_argument("--rows", type=int, default=0, help=f"rows of {ROW} tokens in a step; 0 is {ROWS_PER_STEP}")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="cuda is a graphics card")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments)


if __name__ == "__main__":
    main()
