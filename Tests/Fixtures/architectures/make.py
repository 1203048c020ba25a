#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes NAME.gguf, a tiny model of random weights, and NAME.logits, what transformers computes with it, for families.

NAME.logits, little-endian: u32 width, 64 token ids, 64 x width f32 (the logits after each of them, or an encoder's
states), then for decoders 64 token ids that greedy decoding appends to the first 16.
Needs torch, transformers, gguf and llama-cpp-python, which loads every file as well and has to agree; run it from
this folder. The same seeds give the same files.

    make.py                          every fixture
    make.py NAME...                  some of them
    make.py --shapes COUNT FOLDER [NAME...]
                                     as many models of each family in shapes drawn at random, into a folder that
                                     DEEPFLOW_REFERENCE_MODELS can name when the tests run
"""
import ctypes
import random
import sys

import llama_cpp
import numpy
import torch
import transformers

from gguf_files import export
from tiny_models import LLAMA3, LINEAR, PLAIN, YARN, TWO_BASES, BOUNDED, ENCODER
from tiny_models import built, clear, is_encoder, states, text, write

# name: (family of the GGUF file, transformers' configuration, what differs from SHAPE)
MODELS = {
    "llama3": ("llama", "Llama", {"head_dim": 8, "rope_parameters": LLAMA3, "tie_word_embeddings": True}),
    "llama-linear": ("llama", "Llama", {"head_dim": 8, "rope_parameters": LINEAR}),
    "mistral": ("llama", "Mistral", {"head_dim": 12, "rope_parameters": PLAIN, "sliding_window": None}),
    "qwen2": ("qwen2", "Qwen2", {"rope_parameters": PLAIN, "num_key_value_heads": 1, "tie_word_embeddings": True}),
    "qwen2-yarn": ("qwen2", "Qwen2", {"rope_parameters": YARN}),
    "qwen3": ("qwen3", "Qwen3", {"head_dim": 10, "rope_parameters": PLAIN}),
    "gemma2": ("gemma2", "Gemma2", {
        "head_dim": 12, "rope_parameters": PLAIN, "sliding_window": 24, "query_pre_attn_scalar": 12,
        "num_hidden_layers": 3, "tie_word_embeddings": True} | BOUNDED),
    "gemma3": ("gemma3", "Gemma3Text", {
        "head_dim": 10, "rope_parameters": TWO_BASES, "sliding_window": 20, "query_pre_attn_scalar": 10,
        "num_hidden_layers": 7, "tie_word_embeddings": True}),
    "phi3": ("phi3", "Phi3", {"rope_parameters": PLAIN | {"partial_rotary_factor": 0.75}}),
    "olmo2": ("olmo2", "Olmo2", {"rope_parameters": PLAIN}),
    "smollm3": ("smollm3", "SmolLM3", {
        "rope_parameters": PLAIN, "num_hidden_layers": 5, "tie_word_embeddings": True}),
    "granite": ("granite", "Granite", {
        "rope_parameters": PLAIN, "embedding_multiplier": 3.0, "attention_multiplier": 0.2,
        "residual_multiplier": 1.4, "logits_scaling": 3.0}),
    "qwen3moe": ("qwen3moe", "Qwen3Moe", {
        "head_dim": 10, "rope_parameters": PLAIN, "num_experts": 7, "num_experts_per_tok": 3,
        "moe_intermediate_size": 20, "norm_topk_prob": True}),
    "qwen2moe": ("qwen2moe", "Qwen2Moe", {
        "rope_parameters": PLAIN, "num_experts": 6, "num_experts_per_tok": 2, "moe_intermediate_size": 24,
        "shared_expert_intermediate_size": 40, "norm_topk_prob": False}),
    "bert": ("bert", "Bert", ENCODER),
    "nomic-bert": ("nomic-bert", "NomicBert", ENCODER | {"rope_parameters": PLAIN}),
}
# Kept for as long as the library may call it.
QUIET = llama_cpp.llama_log_callback(lambda *_: None)


def llama_cpp_logits(path, tokens):
    llama_cpp.llama_log_set(QUIET, ctypes.c_void_p(0))
    model = llama_cpp.Llama(path, n_ctx=256, logits_all=True, n_threads=1, verbose=False, type_k=0, type_v=0)
    model.eval(tokens)
    return numpy.array(model.scores[: len(tokens)], numpy.float32)


def llama_cpp_states(path, tokens, width):
    llama_cpp.llama_log_set(QUIET, ctypes.c_void_p(0))
    model = llama_cpp.Llama(
        path, n_ctx=256, n_batch=256, n_ubatch=256, embedding=True, n_threads=1, verbose=False,
        pooling_type=llama_cpp.LLAMA_POOLING_TYPE_NONE)
    model._batch.set_batch(tokens, n_past=0, logits_all=True)
    model._ctx.decode(model._batch)
    return numpy.array([
        llama_cpp.llama_get_embeddings_ith(model._ctx.ctx, row)[:width] for row in range(len(tokens))], numpy.float32)


def difference(ours, theirs):
    return float((numpy.abs(ours - theirs).max(1) / numpy.abs(theirs).max(1)).max())


def make_encoder(path, family, kind, changes, **how_clear):
    model, tokens = built(kind, changes, 1), text(1)
    numbers = states(model, tokens)
    export(path + ".gguf", family, model)
    apart = difference(llama_cpp_states(path + ".gguf", tokens, numbers.shape[1]), numbers)
    write(path, tokens, numbers, [])
    return f"llama.cpp differs by {apart:.2e}", apart


def make_decoder(path, family, kind, changes, **how_clear):
    model, seed, tokens, logits, answer, margin = clear(kind, changes, **how_clear)
    export(path + ".gguf", family, model)
    apart = difference(llama_cpp_logits(path + ".gguf", tokens), logits)
    write(path, tokens, logits, answer)
    return f"seed {seed}, margin {margin:.4f}, llama.cpp differs by {apart:.2e}", apart


def make(path, family, kind, changes, **how_clear):
    maker = make_encoder if is_encoder(kind) else make_decoder
    report, apart = maker(path, family, kind, changes, **how_clear)
    print(f"{path}: {report}", flush=True)
    # llama.cpp has its GELU from a table of halves.
    if apart > (5e-3 if "gemma" in family or family == "bert" else 1e-3):
        sys.exit(f"{path}: llama.cpp computes something else")


def other_shape(changes, choose):
    """The same family with other numbers: heads and groups, sizes that are no multiples of anything, other traits."""
    groups, keys = choose.choice([1, 2, 3, 5]), choose.choice([1, 2, 3])
    heads, size = groups * keys, 2 * choose.randint(3, 20)
    if "partial_rotary_factor" in changes.get("rope_parameters", {}):
        size = 8 * choose.randint(1, 5)
    shape = changes | {
        "num_attention_heads": heads, "hidden_size": heads * size, "intermediate_size": choose.randint(20, 90),
        "num_hidden_layers": choose.randint(1, 9), "rms_norm_eps": choose.choice([1e-5, 1e-6]),
        "tie_word_embeddings": choose.random() < 0.5,
    }
    if changes.get("num_key_value_heads", 0) is not None:
        shape["num_key_value_heads"] = keys
    if "head_dim" in changes:
        shape["head_dim"] = 2 * choose.randint(3, 40)
        shape["hidden_size"] = heads * choose.randint(3, 30)
    if "query_pre_attn_scalar" in changes:
        shape |= {"query_pre_attn_scalar": shape["head_dim"], "tie_word_embeddings": True}
    if "sliding_window" in changes and changes["sliding_window"]:
        shape["sliding_window"] = choose.randint(2, 70)
    if "num_experts" in changes:
        shape["num_experts"] = choose.randint(2, 40)
        shape["num_experts_per_tok"] = choose.randint(1, min(9, shape["num_experts"]))
        shape["moe_intermediate_size"] = 4 * choose.randint(2, 18)
        shape["hidden_size"] = 4 * heads * choose.randint(1, 7)
    return shape


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    if sys.argv[1:2] == ["--shapes"]:
        chosen = sys.argv[4:] or MODELS
        for name, (family, kind, changes) in ((name, MODELS[name]) for name in chosen):
            choose = random.Random(name)
            for number in range(int(sys.argv[2])):
                make(f"{sys.argv[3]}/{name}-{number}", family, kind, other_shape(changes, choose), least=2e-4, words=0)
    else:
        for name, model in MODELS.items():
            if len(sys.argv) < 2 or name in sys.argv[1:]:
                make(name, *model)
