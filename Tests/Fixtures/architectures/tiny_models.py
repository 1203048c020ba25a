# SPDX-License-Identifier: Apache-2.0
"""Tiny models of transformers with random weights, and what it computes with them. The same seeds give the same models."""
import math
import sys

import numpy
import torch
import transformers

VOCABULARY, POSITIONS, PROMPT = 272, 64, 16
SHAPE = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 56, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256, "rms_norm_eps": 1e-5,
    "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 271, "pad_token_id": 0,
    "attn_implementation": "eager",
}
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 64}
PLAIN = {"rope_type": "default", "rope_theta": 5000.0}
TWO_BASES = {
    "full_attention": {"rope_type": "linear", "rope_theta": 50000.0, "factor": 8.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 1000.0},
}
# Scores and logits of this size reach the bounds that the models have.
BOUNDED = {"attn_logit_softcapping": 3.0, "final_logit_softcapping": 4.0}
ENCODER = {"layer_norm_eps": 1e-6, "num_key_value_heads": None}

CLASSES = {"Gemma3": "Gemma3ForConditionalGeneration", "Gemma3Text": "Gemma3ForCausalLM", "Bert": "BertModel", "NomicBert": "NomicBertModel"}


def randomised(model, seed, saved=torch.float32):
    """Weights of a size at which every part of the model changes the logits, rounded to the type that is saved."""
    random = torch.Generator().manual_seed(seed)
    is_gemma = "Gemma" in type(model).__name__
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            numbers = torch.randn(weight.shape, generator=random)
            # What branches add to the residual stays small, a bias above all, or every answer repeats.
            ends_branch = "o_proj" in name or "down_proj" in name
            if weight.dim() > 1:
                numbers = numbers * (0.5 if ends_branch else 1.0) / math.sqrt(weight.shape[-1])
            elif name.endswith("bias"):
                numbers = numbers * (0.05 if ends_branch else 0.5)
            else:
                # Gemma adds 1 itself; its embeddings are large, so branches have to be, too.
                numbers = ((2 if "post_" in name else 0) if is_gemma else 1) + 0.2 * numbers
            weight.copy_(numbers.to(saved).float())
    return model.eval()


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


def states(model, tokens):
    """The last hidden state of each token."""
    with torch.no_grad():
        return model(torch.tensor([tokens])).last_hidden_state[0].float().numpy()


def built(kind, changes, seed, saved=torch.float32):
    """A model of transformers with the weights of a seed."""
    if "text_config" in changes:
        changes = changes | {"text_config": SHAPE | changes["text_config"]}
    else:
        changes = SHAPE | changes
    configuration = getattr(transformers, kind + "Config")(**changes)
    return randomised(getattr(transformers, CLASSES.get(kind, kind + "ForCausalLM"))(configuration), seed, saved)


def text(seed):
    return torch.randint(0, 256, (POSITIONS,), generator=torch.Generator().manual_seed(seed)).tolist()


def write(path, tokens, numbers, answer):
    with open(path + ".logits", "wb") as out:
        numpy.array([numbers.shape[1], *tokens], "<u4").tofile(out)
        numbers.astype("<f4").tofile(out)
        numpy.array(answer, "<u4").tofile(out)


def clear(kind, changes, saved=torch.float32, least=3e-3, words=12):
    """The first model whose greedy choices are all clear, so that rounding decides none of them, and of more than so many
    tokens; with its seed, text, logits, answer and smallest margin."""
    for seed in range(1, 2000):
        model, tokens = built(kind, changes, seed, saved), text(seed)
        logits, answer, margin = reference(model, tokens)
        if margin > least and len(set(answer)) > words:
            return model, seed, tokens, logits, answer, margin
    sys.exit(f"{kind}: no seed has clear choices")


def is_encoder(kind):
    return kind.endswith("Bert")
