#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes folders as transformers saves them, tiny models of random weights, and beside each NAME.logits, what
transformers computes with the weights that were saved (in F32).

NAME.logits is as in ../architectures.
Needs torch, transformers and tokenizers; run it from this folder. The same seeds give the same files.
"""
import shutil
import sys

import tokenizers
import torch
import transformers

sys.path.insert(0, "../architectures")
from tiny_models import LLAMA3, PLAIN, TWO_BASES, BOUNDED, ENCODER, VOCABULARY
from tiny_models import built, clear, is_encoder, states, text, write

NO_START = {"bos_token_id": None}
# Texts of 12 and more tokens are long for the first and short for the second.
LONG = {"rope_type": "longrope", "rope_theta": 10000.0, "original_max_position_embeddings": 12,
        "short_factor": [1.0, 1.1, 1.2, 1.3], "long_factor": [1.5, 2.5, 4.0, 8.0]}
SHORT = LONG | {"original_max_position_embeddings": 128}

# name: (transformers' class, type of the saved weights, largest file, what differs from SHAPE)
MODELS = {
    "llama3": ("Llama", torch.float32, "50KB", {"head_dim": 8, "rope_parameters": LLAMA3, "tie_word_embeddings": True}),
    "mistral": ("Mistral", torch.bfloat16, "1GB", {"head_dim": 12, "rope_parameters": PLAIN, "sliding_window": None}),
    "qwen2": ("Qwen2", torch.float16, "1GB", {"rope_parameters": PLAIN, "num_key_value_heads": 1}),
    "qwen3": ("Qwen3", torch.bfloat16, "30KB", {"head_dim": 10, "rope_parameters": PLAIN}),
    "mistral-window": ("Mistral", torch.float32, "1GB", {
        "hidden_size": 36, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 6, "rope_parameters": PLAIN,
        "sliding_window": 21}),
    "qwen2-window": ("Qwen2", torch.float16, "1GB", {
        "num_hidden_layers": 3, "rope_parameters": PLAIN, "use_sliding_window": True, "sliding_window": 9,
        "max_window_layers": 1}),
    "gemma2": ("Gemma2", torch.float32, "1GB", {
        "hidden_size": 30, "num_attention_heads": 5, "num_key_value_heads": 1, "head_dim": 14, "rope_parameters": PLAIN,
        "sliding_window": 33, "query_pre_attn_scalar": 20, "num_hidden_layers": 4, "tie_word_embeddings": True}
        | BOUNDED),
    "gemma3": ("Gemma3Text", torch.float32, "60KB", {
        "hidden_size": 30, "num_attention_heads": 3, "num_key_value_heads": 3, "head_dim": 18,
        "rope_parameters": TWO_BASES, "sliding_window": 8, "query_pre_attn_scalar": 24, "num_hidden_layers": 5,
        "tie_word_embeddings": True}),
    "gemma3-vision": ("Gemma3", torch.float32, "1GB", {
        "text_config": NO_START | {
            "head_dim": 10, "rope_parameters": TWO_BASES, "sliding_window": 16, "query_pre_attn_scalar": 10},
        "vision_config": {
            "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
            "image_size": 28, "patch_size": 14},
        "mm_tokens_per_image": 1, "image_token_index": 260, "boi_token_index": 261, "eoi_token_index": 262}),
    "phi3-long": ("Phi3", torch.float32, "1GB", {
        "rope_parameters": LONG, "original_max_position_embeddings": 12, "sliding_window": 31}),
    "phi3-short": ("Phi3", torch.float32, "1GB", {
        "num_key_value_heads": 1, "rope_parameters": SHORT, "original_max_position_embeddings": 128,
        "tie_word_embeddings": True}),
    "olmo2": ("Olmo2", torch.float32, "1GB", {
        "hidden_size": 30, "num_attention_heads": 3, "num_key_value_heads": 3, "rope_parameters": PLAIN}),
    "smollm3": ("SmolLM3", torch.float32, "1GB", {
        "num_hidden_layers": 4, "no_rope_layers": [1, 0, 0, 1], "rope_parameters": PLAIN}),
    "granite": ("Granite", torch.float32, "1GB", {
        "hidden_size": 36, "num_attention_heads": 6, "num_key_value_heads": 3, "rope_parameters": PLAIN,
        "embedding_multiplier": 3.0, "attention_multiplier": 0.3, "residual_multiplier": 1.4, "logits_scaling": 0.7,
        "attention_bias": True, "mlp_bias": True}),
    "qwen3moe": ("Qwen3Moe", torch.float32, "90KB", {
        "num_key_value_heads": 1, "head_dim": 14, "rope_parameters": PLAIN, "num_experts": 5,
        "num_experts_per_tok": 2, "moe_intermediate_size": 20, "norm_topk_prob": False}),
    "qwen2moe": ("Qwen2Moe", torch.float32, "1GB", {
        "rope_parameters": PLAIN, "num_experts": 3, "num_experts_per_tok": 3, "moe_intermediate_size": 16,
        "shared_expert_intermediate_size": 34, "norm_topk_prob": True}),
    "bert": ("Bert", torch.float32, "1GB", ENCODER | {
        "hidden_size": 30, "num_attention_heads": 3, "num_hidden_layers": 3, "intermediate_size": 51}),
    "nomic-bert": ("NomicBert", torch.float32, "1GB", ENCODER | {
        "hidden_size": 36, "num_attention_heads": 6, "num_hidden_layers": 3, "rope_parameters": PLAIN}),
}


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
    changes = changes if "text_config" in changes else NO_START | changes
    if is_encoder(kind):
        model, seed, tokens, margin, answer = built(kind, changes, 1, saved), 1, text(1), 1, []
        numbers = states(model, tokens)
    else:
        model, seed, tokens, numbers, answer, margin = clear(kind, changes, saved)
    shutil.rmtree(name, ignore_errors=True)
    model.to(saved).save_pretrained(name, max_shard_size=largest)
    save_tokenizer(name)
    print(f"{name}: seed {seed}, margin {margin:.4f}")
    write(name, tokens, numbers, answer)


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    for name, model in MODELS.items():
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            make(name, *model)
