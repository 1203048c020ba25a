# SPDX-License-Identifier: Apache-2.0
"""Makes the fixture of greedy reference tokens: what llama.cpp generates from the default model.

Needs llama-cpp-python, whose build takes long; so the result is committed and tests only read it. Every prompt
is raw text in which control tokens are recognised. Generation goes on past the end-of-turn token. The gap
between the two highest logits of each step shows which differences would be near-ties.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import llama_cpp
import numpy as np
from llama_cpp import Llama

from tokenizer import prompt

STEPS = 64
_CONTEXT = 512
_F16 = 1  # ggml's number of the type, for keys and values

_QUESTIONS: tuple[str, ...] = (
    "What is a template?",
    "What is an instance?",
    "What is an artefact?",
    "Where are the sockets?",
    "What does `deepflow ps` show?",
    "How do I add a model?",
    "How do I list the models?",
    "What happens when an instance dies?",
    "How is an instance sandboxed?",
    "Which exit codes are there?",
    "Who had the idea?",
    "What is prefill?",
    "What is decode?",
    "What is the KV cache?",
    "What is batch invariance?",
    "How do I run the tests?",
    "Do I need a GPU?",
    "Is any port open?",
    "Which clients work?",
    "How do I stream an answer?",
    "What is the keeper?",
    "Tell me a story.",
    "How does it all work?",
    "Hello!",
    "Who are you?",
    "Thank you!",
    "What is 12 + 7?",
    "Add 93 and 48.",
    "How much is 60 plus 60?",
    "Tell me a joke.",
)

_ODD_TEXTS: tuple[str, ...] = (
    "DeepFlow serves large language models",
    "A template is",
    "The keeper",
    "An instance is a forked child",
    "1 2 3 4 5 6 7 8 9 10",
    "99 + 99 = ",
    "if (x == 0) { return y; }",
    "for i in range(10):\n    print(i)\n",
    "   spaces   and\ttabs\n\n\nand lines   ",
    "caf\u00e9 na\u00efve \u00fcber stra\u00dfe",
    "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645",
    "\U0001f642\U0001f680 \U0001f469\u200d\U0001f4bb and \U0001f1e9\U0001f1ea",
    "e\u0301 combining, \u00e9 composed",
    "ALL CAPITALS ARE LOUD",
    "don't, can't, we'll, they've, I'm, he'd",
    '{"model": "deepflow-guide", "stream": true}',
    "http://localhost/v1/chat/completions?x=1&y=2",
    "~!@#$%^&*()_+`-={}|[]\\:\";'<>?,./",
)


def logits_of(llama: Llama) -> np.ndarray:
    """The logits of the last token evaluated."""
    pointer = llama_cpp.llama_get_logits_ith(llama.ctx, -1)
    return np.ctypeslib.as_array(pointer, shape=(llama.n_vocab(),)).copy()


def greedy(llama: Llama, text: str) -> dict[str, str | list[int] | list[float]]:
    """Prompt ids, the greedy tokens after them, and the gap of the two best logits at each step."""
    prompt_tokens = llama.tokenize(text.encode("utf-8"), add_bos=False, special=True)
    llama.reset()
    pending: Sequence[int] = prompt_tokens
    tokens: list[int] = []
    gaps: list[float] = []
    for _ in range(STEPS):
        llama.eval(pending)
        logits = logits_of(llama)
        second, best = np.partition(logits, -2)[-2:]
        tokens.append(int(logits.argmax()))
        gaps.append(round(float(best - second), 4))
        pending = tokens[-1:]
    return {"text": text, "prompt": list(prompt_tokens), "tokens": tokens, "gaps": gaps}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    llama = Llama(
        str(arguments.model), n_ctx=_CONTEXT, n_threads=1, n_threads_batch=1, type_k=_F16, type_v=_F16, verbose=False
    )
    texts = [prompt(question) for question in _QUESTIONS] + list(_ODD_TEXTS)
    header = {
        "model": arguments.model.name,
        "bytes": arguments.model.stat().st_size,
        "reference": f"llama-cpp-python {llama_cpp.__version__}, F16 keys and values, one thread",
        "steps": STEPS,
    }
    opening = json.dumps(header).removesuffix("}")
    lines = ",\n".join(json.dumps(greedy(llama, text), ensure_ascii=False) for text in texts)
    arguments.output.write_text(f'{opening}, "prompts": [\n{lines}\n]}}\n', encoding="utf-8")
    print(f"{len(texts)} prompts, {STEPS} tokens each: {arguments.output}")


if __name__ == "__main__":
    main()
