# SPDX-License-Identifier: Apache-2.0
"""Makes cases.json: what transformers' logits processors leave of fixed logits, as probabilities.

    python3 -m venv venv && venv/bin/pip install torch transformers numpy
    venv/bin/python Tests/Fixtures/sampling/make.py

The penalties that transformers lacks (frequency and presence) are subtracted here as OpenAI's documentation says:
logit - count * frequency - (count > 0) * presence, over the answer's tokens alone.
"""

import json
import pathlib

import numpy
import torch
from transformers import (
    LogitsProcessorList, MinPLogitsWarper, RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper,
    TopKLogitsWarper, TopPLogitsWarper, TypicalLogitsWarper,
)

VOCABULARY = 96
SETTINGS = [
    {},
    {"temperature": 0.6},
    {"temperature": 1.7},
    {"top_k": 5},
    {"top_p": 0.9},
    {"top_p": 0.3, "temperature": 1.5},
    {"top_p": 0.000001},
    {"min_p": 0.1},
    {"min_p": 0.02, "temperature": 2.0},
    {"typical_p": 0.9},
    {"typical_p": 0.4, "temperature": 0.8},
    {"typical_p": 0.2, "temperature": 1.9},
    {"repetition_penalty": 1.3},
    {"repetition_penalty": 0.8, "temperature": 0.9},
    {"frequency_penalty": 0.7},
    {"presence_penalty": -1.2},
    {"frequency_penalty": 0.4, "presence_penalty": 0.9, "repetition_penalty": 1.15},
    {"logit_bias": {"3": 4.5, "17": -100.0, "40": 0.25}},
    {"top_k": 40, "top_p": 0.8, "min_p": 0.05, "temperature": 0.7},
    {"top_k": 30, "top_p": 0.95, "min_p": 0.01, "typical_p": 0.7, "temperature": 1.3},
    {"logit_bias": {"8": 2.0}, "repetition_penalty": 1.2, "frequency_penalty": 0.3, "presence_penalty": 0.2,
     "temperature": 0.9, "top_k": 50, "top_p": 0.92, "min_p": 0.01, "typical_p": 0.95},
]


def processors(setting):
    """transformers' own order, without those that would change nothing."""
    chain = LogitsProcessorList()
    if "temperature" in setting:
        chain.append(TemperatureLogitsWarper(setting["temperature"]))
    if "top_k" in setting:
        chain.append(TopKLogitsWarper(setting["top_k"]))
    if "top_p" in setting:
        chain.append(TopPLogitsWarper(setting["top_p"]))
    if "min_p" in setting:
        chain.append(MinPLogitsWarper(setting["min_p"]))
    if "typical_p" in setting:
        chain.append(TypicalLogitsWarper(setting["typical_p"]))
    return chain


def probabilities(setting, logits, prompt, answer):
    scores = torch.tensor([logits], dtype=torch.float64)
    for token, bias in setting.get("logit_bias", {}).items():
        scores[0, int(token)] += bias
    history = torch.tensor([prompt + answer])
    if "repetition_penalty" in setting:
        scores = RepetitionPenaltyLogitsProcessor(setting["repetition_penalty"])(history, scores)
    for token in set(answer):
        scores[0, token] -= answer.count(token) * setting.get("frequency_penalty", 0.0)
        scores[0, token] -= setting.get("presence_penalty", 0.0)
    scores = processors(setting)(history, scores)
    return torch.softmax(scores, dim=-1)[0].tolist()


def main():
    random = numpy.random.default_rng(20)
    cases = []
    for number, setting in enumerate(SETTINGS * 2):
        # Different multiples of 1/40, so that no two are equal and rounding tells none apart.
        logits = (random.permutation(VOCABULARY * 4)[:VOCABULARY] / 40 - 4).astype(numpy.float32).tolist()
        prompt = random.integers(0, VOCABULARY, 12).tolist()
        answer = random.integers(0, VOCABULARY, 30).tolist()
        if number % 3 == 0:
            # The likeliest tokens are repeated ones.
            answer += sorted(range(VOCABULARY), key=lambda token: -logits[token])[:4] * 2
        cases.append({
            "setting": setting, "logits": logits, "prompt": prompt, "answer": answer,
            "probabilities": [float(f"{p:.9g}") for p in probabilities(setting, logits, prompt, answer)],
        })
    path = pathlib.Path(__file__).with_name("cases.json")
    path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
