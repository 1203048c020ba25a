# SPDX-License-Identifier: Apache-2.0
"""The default model in PyTorch: a Llama decoder whose tensors go into a GGUF file as they are.

Rotary positions turn adjacent pairs (2i, 2i+1) of a head, as GGUF's "llama" architecture has them, so that no
tensor needs a permutation. Input and output embeddings are one tensor.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class ModelConfiguration:
    """Sizes of the decoder; hidden and feed-forward sizes are multiples of 256."""

    vocabulary: int = 2048
    hidden: int = 256
    feed_forward: int = 768
    layers: int = 5
    heads: int = 4
    kv_heads: int = 2
    context: int = 1024
    rope_base: float = 10000.0
    norm_epsilon: float = 1e-5

    @property
    def head_size(self) -> int:
        """Numbers per attention head."""
        return self.hidden // self.heads


class RMSNorm(nn.Module):
    """Divides by the root of the mean square, in 32-bit floats."""

    def __init__(self, size: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self._epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """x and the result: [batch, time, size]."""
        return F.rms_norm(x.float(), (x.shape[-1],), self.weight, self._epsilon)


def rotation(positions: Tensor, configuration: ModelConfiguration) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the rotary angles. positions: [batch, time]; results: [batch, 1, time, head_size / 2]."""
    size = configuration.head_size
    exponent = torch.arange(0, size, 2, dtype=torch.float32, device=positions.device) / size
    angles = positions.float()[:, None, :, None] * configuration.rope_base**-exponent
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turns adjacent pairs of x: [batch, heads, time, head_size]."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), dim=-1).flatten(-2).to(x.dtype)


class Attention(nn.Module):
    """Grouped-query attention with rotary positions."""

    def __init__(self, c: ModelConfiguration) -> None:
        super().__init__()
        self._c = c
        self.q = nn.Linear(c.hidden, c.heads * c.head_size, bias=False)
        self.k = nn.Linear(c.hidden, c.kv_heads * c.head_size, bias=False)
        self.v = nn.Linear(c.hidden, c.kv_heads * c.head_size, bias=False)
        self.output = nn.Linear(c.heads * c.head_size, c.hidden, bias=False)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
        """x and the result: [batch, time, hidden]; turn is what `rotation` gives."""
        batch, time, _ = x.shape
        c = self._c
        q = self.q(x).view(batch, time, c.heads, c.head_size).transpose(1, 2)
        k = self.k(x).view(batch, time, c.kv_heads, c.head_size).transpose(1, 2)
        v = self.v(x).view(batch, time, c.kv_heads, c.head_size).transpose(1, 2)
        q, k = rotate(q, *turn), rotate(k, *turn)
        group = c.heads // c.kv_heads
        k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # [batch, heads, time, head_size]
        return self.output(mixed.transpose(1, 2).reshape(batch, time, -1))


class FeedForward(nn.Module):
    """SwiGLU: down(silu(gate(x)) * up(x))."""

    def __init__(self, c: ModelConfiguration) -> None:
        super().__init__()
        self.gate = nn.Linear(c.hidden, c.feed_forward, bias=False)
        self.up = nn.Linear(c.hidden, c.feed_forward, bias=False)
        self.down = nn.Linear(c.feed_forward, c.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """x and the result: [batch, time, hidden]."""
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    """One decoder layer with its two residual branches."""

    def __init__(self, c: ModelConfiguration) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(c.hidden, c.norm_epsilon)
        self.attention = Attention(c)
        self.feed_forward_norm = RMSNorm(c.hidden, c.norm_epsilon)
        self.feed_forward = FeedForward(c)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
        """x and the result: [batch, time, hidden]; turn is what `rotation` gives."""
        x = x + self.attention(self.attention_norm(x), turn, mask)
        return x + self.feed_forward(self.feed_forward_norm(x))


class GuideModel(nn.Module):
    """The whole decoder, from token ids to logits."""

    def __init__(self, configuration: ModelConfiguration) -> None:
        super().__init__()
        c = self.configuration = configuration
        self.embedding = nn.Embedding(c.vocabulary, c.hidden)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.norm = RMSNorm(c.hidden, c.norm_epsilon)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                deep = name.endswith(("output.weight", "down.weight"))
                nn.init.normal_(parameter, std=0.03 / (2 * c.layers) ** 0.5 if deep else 0.03)

    def forward(self, tokens: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        """Logits [batch, time, vocabulary] of tokens [batch, time]; mask [batch, 1, time, time] is true where seen."""
        turn = rotation(positions, self.configuration)
        x = self.embedding(tokens)  # [batch, time, hidden]
        for block in self.blocks:
            x = block(x, turn, mask)
        return F.linear(self.norm(x), self.embedding.weight)

    @torch.no_grad()
    def logits(self, tokens: list[int]) -> Tensor:
        """Logits [time, vocabulary] of one sequence from its beginning."""
        time = len(tokens)
        mask = torch.ones(time, time, dtype=torch.bool).tril()[None, None]
        return self(torch.tensor([tokens]), torch.arange(time)[None], mask)[0]
