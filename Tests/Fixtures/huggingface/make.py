#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes folders as transformers saves them, tiny models of random weights, and beside each NAME.logits, what
transformers computes with the weights that were saved (in F32).

NAME.logits, little-endian: u32 vocabulary, 64 token ids, 64 x vocabulary f32 (the logits after each of them), then 64
token ids that greedy decoding appends to the first 16.
Needs torch, transformers and tokenizers; run it from this folder. The same seeds give the same files.
"""
import math
import shutil
import sys

import numpy
import tokenizers
import torch
import transformers

VOCABULARY, POSITIONS, PROMPT = 272, 64, 16
SHAPE = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 56, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256, "rms_norm_eps": 1e-5,
    "tie_word_embeddings": False, "bos_token_id": None, "eos_token_id": VOCABULARY - 1,
    "attn_implementation": "eager",
}
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
PLAIN = {"rope_type": "default", "rope_theta": 5000.0}

# name: (transformers' class, type of the saved weights, largest file, what differs from SHAPE)
MODELS = {
    "llama3": ("Llama", torch.float32, "50KB", {"head_dim": 8, "rope_parameters": LLAMA3, "tie_word_embeddings": True}),
    "mistral": ("Mistral", torch.bfloat16, "1GB", {"head_dim": 12, "rope_parameters": PLAIN, "sliding_window": None}),
    "qwen2": ("Qwen2", torch.float16, "1GB", {"rope_parameters": PLAIN, "num_key_value_heads": 1}),
    "qwen3": ("Qwen3", torch.bfloat16, "30KB", {"head_dim": 10, "rope_parameters": PLAIN}),
}


def randomised(model, kind, seed):
    """Weights of a size at which every part of the model changes the logits, rounded to the type that is saved."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            numbers = torch.randn(weight.shape, generator=random)
            if weight.dim() > 1:
                calm = 0.5 if "o_proj" in name or "down_proj" in name else 1.0
                numbers = numbers * calm / math.sqrt(weight.shape[1])
            else:
                numbers = numbers * 0.5 if name.endswith("bias") else 1 + 0.2 * numbers
            weight.copy_(numbers.to(kind).float())
    return model.eval()


def reference(model, tokens):
    """Logits after each token, and the greedy answer to the first ones with its smallest margin."""
    with torch.no_grad():
        logits = model(torch.tensor([tokens])).logits[0].float().numpy()
        answer, margin = tokens[:PROMPT], math.inf
        for _ in range(POSITIONS):
            last = model(torch.tensor([answer])).logits[0, -1].float()
            best = last.topk(2).values
            margin = min(margin, float(best[0] - best[1]) / float(last.abs().max()))
            answer = answer + [int(last.argmax())]
    return logits, answer[PROMPT:], margin


def save_tokenizer(folder):
    """All bytes, one merge, and control tokens."""
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: index for index, letter in enumerate(alphabet)} | {"he": 256}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[("h", "e")]))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.add_special_tokens([f"<|{number}|>" for number in range(257, VOCABULARY)])
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=f"<|{VOCABULARY - 1}|>")
    fast.chat_template = "{% for m in messages %}<|258|>{{ m.content }}<|259|>{% endfor %}"
    fast.save_pretrained(folder)


def make(name, kind, saved, largest, changes):
    configuration = getattr(transformers, kind + "Config")(**(SHAPE | changes))
    for seed in range(1, 400):
        model = randomised(getattr(transformers, kind + "ForCausalLM")(configuration), saved, seed)
        tokens = torch.randint(0, 256, (POSITIONS,), generator=torch.Generator().manual_seed(seed)).tolist()
        logits, answer, margin = reference(model, tokens)
        # A seed whose greedy choices are all clear, so that rounding decides none of them, and that does not repeat.
        if margin > 3e-3 and len(set(answer)) > 12:
            break
    else:
        sys.exit(f"{name}: no seed has clear choices")
    shutil.rmtree(name, ignore_errors=True)
    model.to(saved).save_pretrained(name, max_shard_size=largest)
    save_tokenizer(name)
    print(f"{name}: seed {seed}, margin {margin:.4f}")
    with open(name + ".logits", "wb") as out:
        numpy.array([VOCABULARY, *tokens], "<u4").tofile(out)
        logits.astype("<f4").tofile(out)
        numpy.array(answer, "<u4").tofile(out)


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    for name, model in MODELS.items():
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            make(name, *model)
