# SPDX-License-Identifier: Apache-2.0
"""Writes models of transformers as GGUF files, as llama.cpp's converter does it."""
import math

import gguf
import numpy


def export(path, family, model):
    """The model as a GGUF file with F32 weights."""
    config = model.config
    writer = gguf.GGUFWriter(path, family)
    write_shape(writer, config)
    write_traits(writer, config)
    write_vocabulary(writer, config.vocab_size)
    if rotation(config).get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(config))
    names = gguf.get_tensor_name_map(architecture(family), config.num_hidden_layers)
    for name, numbers in parts(model):
        if family in ("llama", "smollm3", "granite"):
            if ".q_proj." in name:
                numbers = adjacent(numbers, config.num_attention_heads)
            if ".k_proj." in name:
                numbers = adjacent(numbers, config.num_key_value_heads)
        if family.startswith("gemma") and name.endswith("norm.weight"):
            numbers = numbers + 1
        known = name if name.startswith("blk.") else names.get_name(name, try_suffixes=(".weight", ".bias"))
        writer.add_tensor(known, numpy.ascontiguousarray(numbers))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def architecture(family):
    return next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == family)


def head_size(config):
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


def rotation(config):
    """What turns the layers that see everything."""
    parameters = getattr(config, "rope_parameters", None) or {}
    return parameters.get("full_attention", parameters)


def parts(model):
    """Name and numbers of each tensor, with a few under the names and in the pieces that GGUF files have."""
    joined = {}
    for name, weight in model.named_parameters():
        numbers = weight.detach().numpy()
        if name.startswith("pooler."):
            continue
        if name.endswith("mlp.experts.gate_up_proj"):
            layer, half = name.split(".")[2], numbers.shape[1] // 2
            yield f"blk.{layer}.ffn_gate_exps.weight", numbers[:, :half]
            yield f"blk.{layer}.ffn_up_exps.weight", numbers[:, half:]
        elif name.endswith("mlp.experts.down_proj"):
            yield f"blk.{name.split('.')[2]}.ffn_down_exps.weight", numbers
        elif model.config.model_type == "nomic_bert" and name.startswith("layers."):
            yield from nomic_part(name, numbers, joined)
        else:
            yield name.replace("embeddings.LayerNorm", "emb_ln"), numbers


def nomic_part(name, numbers, joined):
    """Queries, keys and values of a layer come together when all three are there."""
    layer, stem = name.split(".", 2)[1:]
    for letter in "qkv":
        if stem == f"self_attn.{letter}_proj.weight":
            joined[layer, letter] = numbers
            if len([key for key in joined if key[0] == layer]) == 3:
                yield f"blk.{layer}.attn_qkv.weight", numpy.concatenate([joined[layer, part] for part in "qkv"])
            return
    ours = {
        "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down", "post_attention_layernorm": "attn_output_norm",
        "post_mlp_layernorm": "layer_output_norm",
    }
    start, end = stem.rsplit(".", 1)
    yield f"blk.{layer}.{ours[start]}.{end}", numbers


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


def write_vocabulary(writer, count):
    """All bytes, as GPT-2 writes them, one merge, and some control tokens."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}
    extra = [f"<|{number}|>" for number in range(257, count)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([letters[byte] for byte in range(256)] + ["he"] + extra)
    writer.add_token_types([1] * 257 + [3] * len(extra))
    writer.add_token_merges(["h e"])
    writer.add_eos_token_id(count - 1)
    writer.add_add_bos_token(False)


def write_shape(writer, config):
    head = head_size(config)
    writer.add_name("tiny")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    if writer.arch.endswith("bert"):
        writer.add_layer_norm_eps(config.layer_norm_eps)
        writer.add_causal_attention(False)
        writer.add_pooling_type(gguf.PoolingType.MEAN)
        writer.add_token_type_count(config.type_vocab_size)
    else:
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    scaling = rotation(config)
    if scaling:
        writer.add_rope_freq_base(scaling["rope_theta"])
    if scaling.get("rope_type") in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(scaling["rope_type"]))
        writer.add_rope_scaling_factor(scaling["factor"])
    if scaling.get("rope_type") == "yarn":
        writer.add_rope_scaling_orig_ctx_len(scaling["original_max_position_embeddings"])
    if head * config.num_attention_heads != config.hidden_size or writer.arch.startswith("gemma"):
        writer.add_key_length(head)
        writer.add_value_length(head)
    if writer.arch in ("llama", "phi3", "granite", "smollm3"):
        writer.add_rope_dimension_count(int(head * scaling.get("partial_rotary_factor", 1.0)))


def write_traits(writer, config):
    """What only some families have."""
    if writer.arch.startswith("gemma"):
        writer.add_sliding_window(config.sliding_window)
    if writer.arch == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    if writer.arch == "gemma3":
        writer.add_float32("gemma3.rope.freq_base_swa", config.rope_parameters["sliding_attention"]["rope_theta"])
    if writer.arch == "phi3":
        writer.add_sliding_window(0)
        writer.add_rope_scaling_orig_ctx_len(config.original_max_position_embeddings)
    if writer.arch == "granite":
        writer.add_embedding_scale(config.embedding_multiplier)
        writer.add_attention_scale(config.attention_multiplier)
        writer.add_residual_scale(config.residual_multiplier)
        writer.add_logit_scale(config.logits_scaling)
    if "moe" in writer.arch:
        writer.add_expert_count(config.num_experts)
        writer.add_expert_used_count(config.num_experts_per_tok)
        writer.add_expert_feed_forward_length(config.moe_intermediate_size)
    if writer.arch == "qwen2moe":
        writer.add_expert_shared_feed_forward_length(config.shared_expert_intermediate_size)
