#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes NAME.gguf, a tiny model of random weights, and NAME.logits, what transformers computes with it, for families.

NAME.logits, little-endian: u32 vocabulary, 64 token ids, 64 x vocabulary f32 (the logits after each
of them), then 64 token ids that greedy decoding appends to the first 16.
Needs torch, transformers, gguf and llama-cpp-python, which loads every file as well and has to agree; run it from
this folder. The same seeds give the same files.
"""
import ctypes
import math
import sys

import gguf
import llama_cpp
import numpy
import torch
import transformers

VOCABULARY, POSITIONS, PROMPT = 272, 64, 16
SHAPE = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 56, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256, "rms_norm_eps": 1e-5,
    "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 271, "attn_implementation": "eager",
}
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}
PLAIN = {"rope_type": "default", "rope_theta": 5000.0}

# name: (family of the GGUF file, transformers' class, what differs from SHAPE)
MODELS = {
    "llama3": ("llama", "Llama", {"head_dim": 8, "rope_parameters": LLAMA3, "tie_word_embeddings": True}),
    "llama-linear": ("llama", "Llama", {"head_dim": 8, "rope_parameters": LINEAR}),
    "mistral": ("llama", "Mistral", {"head_dim": 12, "rope_parameters": PLAIN, "sliding_window": None}),
    "qwen2": ("qwen2", "Qwen2", {"rope_parameters": PLAIN, "num_key_value_heads": 1, "tie_word_embeddings": True}),
    "qwen3": ("qwen3", "Qwen3", {"head_dim": 10, "rope_parameters": PLAIN}),
}

# Kept for as long as the library may call it.
QUIET = llama_cpp.llama_log_callback(lambda *_: None)


def randomised(model, seed):
    """Weights of a size at which every part of the model changes the logits, and rounding keys to halves does not."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            numbers = torch.randn(weight.shape, generator=random)
            if weight.dim() > 1:
                calm = 0.5 if "o_proj" in name or "down_proj" in name else 1.0
                weight.copy_(numbers * calm / math.sqrt(weight.shape[1]))
            else:
                weight.copy_(numbers * 0.5 if name.endswith("bias") else 1 + 0.2 * numbers)
    return model.eval()


def adjacent(weight, heads):
    """Rows of each head from halves to adjacent pairs, as files of the llama family have them."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(weight.shape)


def llama3_factors(config):
    """What each pair's frequency is divided by."""
    scaling, factors = config.rope_parameters, []
    for index in range(0, config.head_dim, 2):
        wavelength = 2 * math.pi * scaling["rope_theta"] ** (index / config.head_dim)
        turns = scaling["original_max_position_embeddings"] / wavelength
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        smooth = min(1.0, max(0.0, (turns - low) / (high - low)))
        factors.append(1 / ((1 - smooth) / scaling["factor"] + smooth))
    return numpy.array(factors, numpy.float32)


def write_vocabulary(writer):
    """All bytes, as GPT-2 writes them, one merge, and some control tokens."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}
    extra = [f"<|{number}|>" for number in range(257, VOCABULARY)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([letters[byte] for byte in range(256)] + ["he"] + extra)
    writer.add_token_types([1] * 257 + [3] * len(extra))
    writer.add_token_merges(["h e"])
    writer.add_eos_token_id(VOCABULARY - 1)
    writer.add_add_bos_token(False)


def write_shape(writer, config, head):
    writer.add_name("tiny")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    if config.rope_parameters["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(config.rope_parameters["factor"])
    if head * config.num_attention_heads != config.hidden_size:
        writer.add_key_length(head)
        writer.add_value_length(head)
    if writer.arch == "llama":
        writer.add_rope_dimension_count(head)


def export(path, family, model):
    """The model as a GGUF file with F32 weights."""
    config = model.config
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer = gguf.GGUFWriter(path, family)
    write_shape(writer, config, head)
    write_vocabulary(writer)
    if config.rope_parameters["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(config))
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH[family.upper()], config.num_hidden_layers)
    for name, weight in model.named_parameters():
        numbers = weight.detach().numpy()
        if family == "llama" and ".q_proj." in name:
            numbers = adjacent(numbers, config.num_attention_heads)
        if family == "llama" and ".k_proj." in name:
            numbers = adjacent(numbers, config.num_key_value_heads)
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight", ".bias")), numpy.ascontiguousarray(numbers))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def reference(model, tokens):
    """Logits after each token, and the greedy answer to the first ones."""
    with torch.no_grad():
        logits = model(torch.tensor([tokens])).logits[0].float().numpy()
        answer, smallest_margin = tokens[:PROMPT], math.inf
        for _ in range(POSITIONS):
            last = model(torch.tensor([answer])).logits[0, -1].float()
            best = last.topk(2).values
            smallest_margin = min(smallest_margin, float(best[0] - best[1]) / float(last.abs().max()))
            answer = answer + [int(last.argmax())]
    return logits, answer[PROMPT:], smallest_margin


def llama_cpp_logits(path, tokens):
    llama_cpp.llama_log_set(QUIET, ctypes.c_void_p(0))
    model = llama_cpp.Llama(path, n_ctx=256, logits_all=True, n_threads=1, verbose=False, type_k=0, type_v=0)
    model.eval(tokens)
    return numpy.array(model.scores[: len(tokens)], numpy.float32)


def difference(ours, theirs):
    return float((numpy.abs(ours - theirs).max(1) / numpy.abs(theirs).max(1)).max())


def make(name, family, kind, changes):
    configuration = getattr(transformers, kind + "Config")(**(SHAPE | changes))
    for seed in range(1, 200):
        model = randomised(getattr(transformers, kind + "ForCausalLM")(configuration), seed)
        tokens = torch.randint(0, 256, (POSITIONS,), generator=torch.Generator().manual_seed(seed)).tolist()
        logits, answer, margin = reference(model, tokens)
        # A seed whose greedy choices are all clear, so that rounding decides none of them, and that does not repeat.
        if margin > 3e-3 and len(set(answer)) > 12:
            break
    else:
        sys.exit(f"{name}: no seed has clear choices")
    export(name + ".gguf", family, model)
    apart = difference(llama_cpp_logits(name + ".gguf", tokens), logits)
    print(f"{name}: seed {seed}, margin {margin:.4f}, llama.cpp differs by {apart:.2e}")
    if apart > 1e-3:
        sys.exit(f"{name}: llama.cpp computes something else")
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
