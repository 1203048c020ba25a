# SPDX-License-Identifier: Apache-2.0
"""Writes a trained checkpoint and its tokenizer as one GGUF file: matrices F16, norms F32.

The file is read again and compared with the checkpoint before it takes its final name.
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGUFReader, GGUFWriter
from tokenizers import Tokenizer

from model import GuideModel, ModelConfiguration
from tokenizer import CHAT_TEMPLATE, CONTROL_TOKENS, END_OF_TEXT, TURN_END, prompt

_BLOCK_NAMES = {
    "attention_norm": "attn_norm",
    "attention.q": "attn_q",
    "attention.k": "attn_k",
    "attention.v": "attn_v",
    "attention.output": "attn_output",
    "feed_forward_norm": "ffn_norm",
    "feed_forward.gate": "ffn_gate",
    "feed_forward.up": "ffn_up",
    "feed_forward.down": "ffn_down",
}
_SIZE_LIMIT = 12_000_000  # bytes


def gguf_name(parameter: str) -> str:
    """The GGUF name of a PyTorch parameter of GuideModel."""
    if parameter == "embedding.weight":
        return "token_embd.weight"
    if parameter == "norm.weight":
        return "output_norm.weight"
    _, number, rest = parameter.split(".", 2)
    return f"blk.{number}.{_BLOCK_NAMES[rest.removesuffix('.weight')]}.weight"


def _write_configuration(writer: GGUFWriter, c: ModelConfiguration) -> None:
    writer.add_name("DeepFlow Guide")
    writer.add_basename("deepflow-guide")
    writer.add_description("A small guide to DeepFlow: questions about it, small talk, and sums below 200.")
    writer.add_author("The DeepFlow project")
    writer.add_license("Apache-2.0")
    writer.add_languages(["en"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_vocab_size(c.vocabulary)
    writer.add_context_length(c.context)
    writer.add_embedding_length(c.hidden)
    writer.add_block_count(c.layers)
    writer.add_feed_forward_length(c.feed_forward)
    writer.add_head_count(c.heads)
    writer.add_head_count_kv(c.kv_heads)
    writer.add_layer_norm_rms_eps(c.norm_epsilon)
    writer.add_rope_dimension_count(c.head_size)
    writer.add_rope_freq_base(c.rope_base)


def _write_tokenizer(writer: GGUFWriter, path: Path) -> None:
    ids = Tokenizer.from_file(str(path)).get_vocab(with_added_tokens=True)
    tokens = sorted(ids, key=lambda token: ids[token])
    types = [gguf.TokenType.CONTROL if token in CONTROL_TOKENS else gguf.TokenType.NORMAL for token in tokens]
    merges = json.loads(path.read_text(encoding="utf-8"))["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(ids[END_OF_TEXT])
    writer.add_eos_token_id(ids[TURN_END])
    writer.add_pad_token_id(ids[END_OF_TEXT])
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def write(path: Path, model: GuideModel, tokenizer: Path) -> None:
    """Writes the GGUF file; raises OSError where that fails."""
    writer = GGUFWriter(str(path), "llama")
    _write_configuration(writer, model.configuration)
    _write_tokenizer(writer, tokenizer)
    for name, parameter in model.named_parameters():
        kind = np.float16 if parameter.dim() == 2 else np.float32
        writer.add_tensor(gguf_name(name), parameter.detach().cpu().numpy().astype(kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def load(path: Path) -> GuideModel:
    """A model with the weights of a GGUF file that `write` made."""
    reader = GGUFReader(str(path))
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    model = GuideModel(ModelConfiguration())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            data = np.array(tensors[gguf_name(name)].data, dtype=np.float32)
            parameter.copy_(torch.from_numpy(data.reshape(parameter.shape)))
    return model


def verify(path: Path, model: GuideModel, tokenizer: Path) -> float:
    """The largest difference of a logit between checkpoint and file; raises ValueError when it is too large."""
    tokens = Tokenizer.from_file(str(tokenizer)).encode(prompt("What is a template?")).ids
    difference = (model.logits(tokens) - load(path).logits(tokens)).abs().max().item()
    if difference > 0.05:
        raise ValueError(f"{path}: logits differ from the checkpoint's by {difference:.3f}")
    if path.stat().st_size > _SIZE_LIMIT:
        raise ValueError(f"{path}: {path.stat().st_size} bytes are more than {_SIZE_LIMIT}")
    return difference


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    model = GuideModel(ModelConfiguration())
    model.load_state_dict(torch.load(arguments.checkpoint, map_location="cpu")["model"])
    partial = arguments.output.with_suffix(".partial")
    write(partial, model, arguments.tokenizer)
    difference = verify(partial, model, arguments.tokenizer)
    partial.rename(arguments.output)
    size = arguments.output.stat().st_size
    print(f"{arguments.output}: {size} bytes, logits within {difference:.4f} of the checkpoint's")


if __name__ == "__main__":
    main()
