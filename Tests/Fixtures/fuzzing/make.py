#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the inputs that fuzzing of checkpoints begins with, tiny and valid. Usage: make.py FLOWSERVE, the built program,
which packs the artefacts. Inputs that a search found stay beside them.
"""
import json
import math
import os
import pathlib
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
F32, F16, BF16 = 0, 1, 30
# GGUF's number of a type: numbers and bytes of a block.
BLOCKS = {0: (1, 4), 1: (1, 2), 30: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
          10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 20: (32, 18), 23: (256, 136)}


def text(value):
    return struct.pack("<Q", len(value.encode())) + value.encode()


def value(item):
    """A metadata value behind the number of its type."""
    if isinstance(item, bool):
        return struct.pack("<IB", 7, item)
    if isinstance(item, int):
        return struct.pack("<II", 4, item)
    if isinstance(item, float):
        return struct.pack("<If", 6, item)
    if isinstance(item, str):
        return struct.pack("<I", 8) + text(item)
    inner = [value(element) for element in item]
    return struct.pack("<IIQ", 9, *struct.unpack("<I", inner[0][:4]), len(inner)) + b"".join(one[4:] for one in inner)


def numbers(kind, count):
    """Finite weights of a type, the same each time."""
    block, size = BLOCKS[kind]
    if kind == F32:
        return b"".join(struct.pack("<f", index % 7 - 3) for index in range(count))
    if kind in (F16, BF16):
        return b"".join(struct.pack("<H", 0x3C00 + index % 64) for index in range(count))
    # Scales are F16 numbers, wherever they lie: bytes below 0x40 keep them finite.
    return bytes((index * 29) % 0x3C for index in range(count // block * size))


def gguf(metadata, tensors, version=3):
    """A file of metadata and of tensors: name, dimensions, type."""
    records, data = b"", b""
    for name, dimensions, kind in tensors:
        content = numbers(kind, math.prod(dimensions))
        records += text(name) + struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions)
        records += struct.pack("<IQ", kind, len(data))
        data += content + bytes(-len(content) % 32)
    head = struct.pack("<4sIQQ", b"GGUF", version, len(tensors), len(metadata))
    head += b"".join(text(key) + value(item) for key, item in metadata.items()) + records
    return head + bytes(-len(head) % 32) + data


TOKENS = ["a", "b", "c", "d", "ab", "abc", "Ġ", "Ġa", "<|im_start|>", "<|im_end|>", "<unk>", "x"]
VOCABULARY = {
    "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "qwen2", "tokenizer.ggml.tokens": TOKENS,
    "tokenizer.ggml.token_type": [1] * 8 + [3, 3, 2, 1], "tokenizer.ggml.merges": ["a b", "ab c", "Ġ a"],
    "tokenizer.ggml.eos_token_id": 9,
    "tokenizer.chat_template": "{% for m in messages %}<|im_start|>{{ m.role }} {{ m.content }}<|im_end|>{% endfor %}",
}


def model(family, hidden=8, kind=F16, extra=(), vocabulary=None, part=None, **settings):
    """A tiny model; with `part` a number of two, the half of its tensors that this part has."""
    heads, wide = hidden // 4 if hidden < 64 else hidden // 64, 12 if hidden == 8 else hidden
    head = hidden // heads
    metadata = {
        "general.architecture": family, "general.name": "tiny", f"{family}.block_count": 1,
        f"{family}.embedding_length": hidden, f"{family}.feed_forward_length": wide,
        f"{family}.attention.head_count": heads, f"{family}.attention.head_count_kv": 1,
        f"{family}.context_length": 64, f"{family}.attention.layer_norm_rms_epsilon": 1e-5,
    } | {f"{family}.{key}": item for key, item in settings.items()} | (vocabulary or VOCABULARY)
    layer = "blk.0."
    tensors = [("token_embd.weight", (hidden, len(TOKENS)), kind), ("output_norm.weight", (hidden,), F32)]
    tensors += [(f"{layer}{name}.weight", (hidden,), F32) for name in ("attn_norm", "ffn_norm")]
    for name, columns, rows in [
        ("attn_q", hidden, hidden), ("attn_k", hidden, head), ("attn_v", hidden, head),
        ("attn_output", hidden, hidden), ("ffn_gate", hidden, wide), ("ffn_up", hidden, wide),
        ("ffn_down", wide, hidden),
    ]:
        tensors.append((f"{layer}{name}.weight", (columns, rows), kind))
    tensors += [(layer + name, shape, F32) for name, shape in extra]
    if part is not None:
        metadata |= {"split.no": part, "split.count": 2, "split.tensors.count": len(tensors)}
        tensors = tensors[part::2]
    return gguf(metadata, tensors)


def safetensors(tensors):
    """A file of tensors: name, type, shape."""
    entries, data = {"__metadata__": {"format": "pt"}}, b""
    for name, kind, shape in tensors:
        content = numbers({"F32": F32, "F16": F16, "BF16": BF16}[kind], math.prod(shape))
        entries[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    header = json.dumps(entries, separators=(",", ":")).encode()
    return struct.pack("<Q", len(header)) + header + data


def bundle(files):
    head = b"DFLOWSET" + struct.pack("<II", 1, len(files))
    for name, content in files.items():
        head += struct.pack("<H", len(name)) + name.encode() + struct.pack("<Q", len(content))
    for content in files.values():
        head += bytes(-len(head) % 64) + content
    return head


LAYER = [("input_layernorm", [8]), ("post_attention_layernorm", [8]), ("self_attn.q_proj", [8, 8]),
         ("self_attn.k_proj", [4, 8]), ("self_attn.v_proj", [4, 8]), ("self_attn.o_proj", [8, 8]),
         ("mlp.gate_proj", [12, 8]), ("mlp.up_proj", [12, 8]), ("mlp.down_proj", [8, 12])]
CONFIG = {
    "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 1, "hidden_size": 8, "intermediate_size": 12,
    "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
    "hidden_act": "silu", "tie_word_embeddings": True,
}
LLAMA3 = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
          "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
TOKENIZER = {
    "added_tokens": [{"id": 11, "content": "<|end|>", "special": True}],
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4}, "merges": ["a b", "ab c"]},
}


def folder(kind, sharded):
    first = [("model.embed_tokens.weight", kind, [12, 8]), ("model.norm.weight", "F32", [8])]
    second = [(f"model.layers.0.{name}.weight", kind if len(shape) > 1 else "F32", shape) for name, shape in LAYER]
    files = {
        "config.json": json.dumps(CONFIG).encode(), "tokenizer.json": json.dumps(TOKENIZER).encode(),
        "generation_config.json": b'{"eos_token_id": [11]}',
        "tokenizer_config.json": b'{"eos_token": "<|end|>", "chat_template": "{{ messages[0].content }}"}',
    }
    if not sharded:
        return bundle(files | {"model.safetensors": safetensors(first + second)})
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    index = {name: names[0] for name, _, _ in first} | {name: names[1] for name, _, _ in second}
    return bundle(files | {
        "model.safetensors.index.json": json.dumps({"weight_map": index}).encode(),
        names[0]: safetensors(first), names[1]: safetensors(second),
    })


def packed(flowserve, checkpoint):
    """What `flowserve pack` makes of a checkpoint: 3 is the checkpoint, 4 the artefact."""
    source, target = os.memfd_create("checkpoint"), os.memfd_create("artefact")
    os.write(source, checkpoint)
    script = f'exec "$1" pack 3</proc/self/fd/{source} 4<>/proc/self/fd/{target}'
    subprocess.run(["bash", "-c", script, "pack", flowserve], check=True, pass_fds=(source, target))
    return os.pread(target, os.fstat(target).st_size, 0)


def main():
    wpm = {"tokenizer.ggml.model": "bert", "tokenizer.ggml.tokens": TOKENS, "tokenizer.ggml.eos_token_id": 9}
    unigram = {
        "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": TOKENS, "tokenizer.ggml.eos_token_id": 9,
        "tokenizer.ggml.scores": [-float(index) for index in range(len(TOKENS))],
    }
    checkpoints = {
        "llama": model("llama", kind=F32), "llama-bf16": model("llama", kind=BF16, vocabulary=unigram),
        "llama-linear": model("llama", **{"rope.scaling.type": "linear", "rope.scaling.factor": 2.0}),
        "qwen2": model("qwen2", vocabulary=wpm, extra=[
            (f"attn_{name}.bias", (size,)) for name, size in [("q", 8), ("k", 4), ("v", 4)]]),
        "qwen3": model("qwen3", extra=[("attn_q_norm.weight", (4,)), ("attn_k_norm.weight", (4,))]),
        "q8_0": model("llama", hidden=32, kind=8), "q4_0": model("llama", hidden=32, kind=2),
    }
    folders = {"f32": folder("F32", False), "bf16-sharded": folder("BF16", True), "split": bundle({
        f"tiny-0000{part + 1}-of-00002.gguf": model("llama", part=part) for part in range(2)})}
    inputs = {
        "checkpoint": checkpoints,
        "gguf": {"v2": gguf({"general.architecture": "llama", "x": [1, 2]}, [("a", (3,), F32)], version=2),
                 "types": gguf({"general.alignment": 32, "general.name": "n", "y": 1.5, "z": True},
                               [(f"t{kind}", (BLOCKS[kind][0], 1), kind) for kind in BLOCKS])},
        "safetensors": {"three": safetensors([("a", "F32", [2, 3]), ("b", "BF16", [4]), ("c", "F16", [])])},
        "configuration": {name: json.dumps(CONFIG | changes).encode() for name, changes in {
            "llama": {}, "llama3": {"rope_parameters": LLAMA3}, "qwen2": {"architectures": ["Qwen2ForCausalLM"]},
            "linear": {"rope_scaling": {"type": "linear", "factor": 2.0}, "head_dim": 4, "eos_token_id": [3, 11]},
            "partial": {"partial_rotary_factor": 0.5, "sliding_window": None, "_name_or_path": "a/b"},
        }.items()},
        "folder": folders,
        "artefact": {name: packed(sys.argv[1], checkpoints[name]) for name in ("llama", "qwen2", "qwen3", "q8_0")},
    }
    for target, contents in inputs.items():
        (HERE / target).mkdir(exist_ok=True)
        for name, content in contents.items():
            (HERE / target / name).write_bytes(content)


main()
