#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes blocks.bin: random blocks of each quantised GGUF type and their numbers as gguf-py dequantises them.

Layout, little-endian, for each type: u32 type, u32 rows, u32 columns, the rows' bytes, then rows * columns f32.
Needs numpy and gguf; run it from this folder. The same seed gives the same file.
"""
import numpy
from gguf import GGMLQuantizationType as Type, GGML_QUANT_SIZES, quants

SEED, ROWS, COLUMNS = 20260101, 5, 512
# Where the F16 scales lie in a block: everything else may be any bits.
SCALES = {
    Type.Q8_0: [0], Type.Q4_0: [0], Type.Q5_0: [0], Type.Q4_K: [0, 2], Type.Q6_K: [208], Type.Q3_K: [108],
    Type.Q4_1: [0, 2], Type.Q5_1: [0, 2], Type.Q5_K: [0, 2], Type.Q2_K: [80, 82], Type.IQ4_NL: [0], Type.IQ4_XS: [0],
}

random = numpy.random.default_rng(SEED)
with open("blocks.bin", "wb") as out:
    for kind, scales in SCALES.items():
        elements, size = GGML_QUANT_SIZES[kind]
        blocks = random.integers(0, 256, (ROWS * COLUMNS // elements, size), dtype=numpy.uint8)
        for at in scales:
            # Of every magnitude that halves have, subnormals and both signs among them.
            numbers = random.normal(size=len(blocks)) * 2.0 ** random.integers(-18, 6, len(blocks))
            blocks[:, at:at + 2] = numbers.astype("<f2").view(numpy.uint8).reshape(-1, 2)
        rows = blocks.reshape(ROWS, -1)
        numbers = quants.dequantize(rows, kind)
        assert numbers.shape == (ROWS, COLUMNS) and numbers.dtype == numpy.float32
        out.write(numpy.array([kind.value, ROWS, COLUMNS], "<u4").tobytes() + rows.tobytes())
        out.write(numbers.astype("<f4").tobytes())
    bits = random.integers(0, 0x7f80, ROWS * COLUMNS, dtype=numpy.uint16).astype("<u2")
    rows = bits.reshape(ROWS, -1).view(numpy.uint8)
    out.write(numpy.array([Type.BF16.value, ROWS, COLUMNS], "<u4").tobytes() + rows.tobytes())
    out.write(quants.dequantize(rows, Type.BF16).astype("<f4").tobytes())
