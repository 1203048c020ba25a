# SPDX-License-Identifier: Apache-2.0
"""Trains the default model on the corpus: fixed seeds, checkpoints, exact resumption.

Every step is a pure function of the step's number and the state before it, so that a run that was cut off
and started again ends with the same weights as one that was not (on the same machine and thread count).
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from model import GuideModel, ModelConfiguration
from tokenizer import TURN_END, TURN_START, turn

SEED = 7
ROW = 160  # tokens in a row; several conversations share one and do not see each other
ROWS_PER_STEP = 20
QUESTION_WEIGHT = 0.1  # of the loss of a question's token, against 1 for an answer's
PEAK_RATE, FINAL_RATE = 2e-3, 2e-5
WARM_UP_STEPS = 100
DECAY_SHARE = 0.4  # of all steps, at the end
CHECKPOINT_SECONDS = 60.0
PROGRESS_STEPS = 50
_OPEN_ROWS = 16  # rows tried before a new one is begun
_LINES_AT_ONCE = 5000

Item = tuple[list[int], list[int]]  # token ids of a conversation, and the percent weight of each


@dataclass(frozen=True)
class Rows:
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


def encoded(corpus: Path, tokenizer: Tokenizer) -> Iterator[Item]:
    """Every conversation of the corpus as token ids and weights."""
    with corpus.open(encoding="utf-8") as file:
        while lines := list(islice(file, _LINES_AT_ONCE)):
            conversations = [pieces(json.loads(line)) for line in lines]
            ids = iter(tokenizer.encode_batch_fast([text for parts in conversations for text, _ in parts]))
            for parts in conversations:
                runs = [(next(ids).ids, percent) for _, percent in parts]
                tokens = [token for run, _ in runs for token in run]
                yield tokens, [percent for run, percent in runs for _ in run]


def pack(corpus: Path, tokenizer: Tokenizer) -> Rows:
    """All conversations of the corpus in rows, first fit among the open ones; too long ones are left out."""
    closed: list[list[Item]] = []
    open_rows: list[tuple[int, list[Item]]] = []
    for item in encoded(corpus, tokenizer):
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


def _arrays(packed: list[list[Item]]) -> Rows:
    arrays = [np.zeros((len(packed), ROW), dtype=kind) for kind in (np.int16, np.uint8, np.uint8, np.int16)]
    for r, items in enumerate(packed):
        at = 0
        for document, (tokens, weights) in enumerate(items, start=1):
            end = at + len(tokens)
            columns = (tokens, weights, document, np.arange(len(tokens)))
            for array, column in zip(arrays, columns, strict=True):
                array[r, at:end] = column
            arrays[1][r, at] = 0  # nothing comes before the first token
            at = end
    return Rows(*(torch.from_numpy(array) for array in arrays))


def loss_of(model: GuideModel, rows: Rows, step: int, device: torch.device) -> Tensor:
    """The weighted mean loss of one step's rows."""
    count = rows.tokens.shape[0]
    chosen = torch.arange(step * ROWS_PER_STEP, (step + 1) * ROWS_PER_STEP) % count
    tokens = rows.tokens[chosen].to(device, torch.long)
    documents = rows.documents[chosen].to(device)
    causal = torch.ones(ROW, ROW, dtype=torch.bool, device=device).tril()
    mask = (documents[:, None, :, None] == documents[:, None, None, :]) & causal
    with torch.autocast(device.type, dtype=torch.bfloat16):
        logits = model(tokens, rows.positions[chosen].to(device), mask)
    weights = rows.weights[chosen].to(device)[:, 1:].flatten().float() / 100
    counted = weights > 0
    losses = F.cross_entropy(
        logits[:, :-1].flatten(0, 1)[counted].float(), tokens[:, 1:].flatten()[counted], reduction="none"
    )
    return (losses * weights[counted]).sum() / weights.sum()


def rate(step: int, steps: int) -> float:
    """The learning rate: a short rise, a plateau, and a straight fall over the last part."""
    decay_from = int(steps * (1 - DECAY_SHARE))
    if step < WARM_UP_STEPS:
        return PEAK_RATE * (step + 1) / WARM_UP_STEPS
    if step < decay_from:
        return PEAK_RATE
    return PEAK_RATE + (FINAL_RATE - PEAK_RATE) * (step - decay_from) / max(1, steps - decay_from)


def optimiser_of(model: GuideModel) -> torch.optim.AdamW:
    """AdamW; norms and embeddings are not decayed."""
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and "embedding" not in n]
    others = [p for n, p in model.named_parameters() if p.dim() < 2 or "embedding" in n]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PEAK_RATE, betas=(0.9, 0.98), fused=True)


def save(path: Path, model: GuideModel, optimiser: torch.optim.AdamW, step: int) -> None:
    """Writes a checkpoint, complete or not at all."""
    partial = path.with_suffix(".partial")
    torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, partial)
    partial.rename(path)


def restore(path: Path, model: GuideModel, optimiser: torch.optim.AdamW, device: torch.device) -> int:
    """Reads a checkpoint where there is one; the step to go on with."""
    if not path.exists():
        return 0
    state = torch.load(path, map_location=device)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])


def advance(model: GuideModel, optimiser: torch.optim.AdamW, loss: Tensor, learning_rate: float) -> None:
    """One step of the optimiser down the gradient of the loss."""
    for group in optimiser.param_groups:
        group["lr"] = learning_rate
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)


def train(arguments: argparse.Namespace) -> bool:
    """Trains up to the last step or the end of the time budget; whether the last step was reached."""
    torch.manual_seed(SEED)
    device = torch.device(arguments.device)
    model = GuideModel(ModelConfiguration()).to(device)
    optimiser = optimiser_of(model)
    first = restore(arguments.checkpoint, model, optimiser, device)
    rows = pack(arguments.corpus, Tokenizer.from_file(str(arguments.tokenizer)))
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {rows.tokens.shape[0]} rows, from step {first}")
    began = saved = time.monotonic()
    done = first
    while done < arguments.steps and not (arguments.minutes and time.monotonic() - began > arguments.minutes * 60):
        loss = loss_of(model, rows, done, device)
        advance(model, optimiser, loss, rate(done, arguments.steps))
        done += 1
        now = time.monotonic()
        if done % PROGRESS_STEPS == 0:
            pace = (now - began) / (done - first)
            left = pace * (arguments.steps - done) / 60
            print(
                f"step {done}/{arguments.steps} loss {loss.item():.4f} {pace:.3f} s/step, {left:.0f} min left",
                flush=True,
            )
        if now - saved > CHECKPOINT_SECONDS:
            save(arguments.checkpoint, model, optimiser, done)
            saved = now
    save(arguments.checkpoint, model, optimiser, done)
    return done == arguments.steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=0, help="stop after this time with a checkpoint; 0 is never")
    parser.add_argument("--device", default="cpu", help="cpu, or cuda for a graphics card")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if not train(arguments):
        raise SystemExit("the time is up before the last step; run the same command again to go on")


if __name__ == "__main__":
    main()
