// SPDX-License-Identifier: Apache-2.0
//
// How a head's keys and values lie in a block of memory, and how a token's are written there. Floats: keys [size][32],
// then values [32][stride]. Bytes: both followed by their scales, which are halves, [groups of 32 components][32 tokens]:
// keys [stride][32], their scales, values [32][stride], their scales.

enum { TOKENS = FLOW_BLOCK_TOKENS, SCALED_LINE_BYTES = TOKENS * 2 };

FLOW_INLINE uint8_t *head_in_block(const flow_attention *head, size_t block) {
    return head->memory + (size_t)head->blocks[block] * head->block_bytes + head->head_offset;
}

/// Numbers from one token's values to the next one's.
FLOW_INLINE size_t value_stride(const flow_attention *head) { return (head->head_size + LANES - 1) / LANES * LANES; }

/// Groups of components that share a scale where bytes are stored.
FLOW_INLINE size_t scaled_groups(const flow_attention *head) { return (head->head_size + BLOCK - 1) / BLOCK; }

/// Bytes of the numbers of a block's keys, or of its values, where bytes are stored: their scales follow.
FLOW_INLINE size_t scales_offset(const flow_attention *head) { return value_stride(head) * TOKENS; }

/// Bytes of a block's keys: its values follow.
FLOW_INLINE size_t values_offset(const flow_attention *head) {
    if (head->number == FLOW_NUMBER_INT8) return scales_offset(head) + scaled_groups(head) * SCALED_LINE_BYTES;
    return head->head_size * TOKENS * number_bytes(head->number);
}

/// Cache lines of a block's values.
FLOW_INLINE size_t value_lines(const flow_attention *head) {
    if (head->number == FLOW_NUMBER_INT8) return values_offset(head) / 64;
    return value_stride(head) * TOKENS * number_bytes(head->number) / 64;
}

FLOW_INLINE void lanes_store_kind(const int kind, void *x, lanes v) {
    if (kind == FLOW_NUMBER_F16) {
        lanes_store_half(x, v);
    } else {
        lanes_store(x, v);
    }
}

FLOW_INLINE void store_floats(
    const int kind, const flow_attention *head, size_t position, const float *key, const float *value) {
    uint8_t *block = head_in_block(head, position / TOKENS);
    const size_t token = position % TOKENS, bytes = number_bytes(kind);
    uint8_t *keys = block + token * bytes;
    uint8_t *values = block + values_offset(head) + token * value_stride(head) * bytes;
    uint8_t bits[LANES * sizeof(float)];
    for (size_t i = 0; i < head->head_size; i += LANES) {
        const size_t some = head->head_size - i < LANES ? head->head_size - i : LANES;
        lanes_store_kind(kind, bits, lanes_load_part(key + i, some));
        for (size_t j = 0; j < some; j++) memcpy(keys + (i + j) * TOKENS * bytes, bits + j * bytes, bytes);
        lanes_store_kind(kind, values + i * bytes, lanes_load_part(value + i, some));
    }
}

/// Writes `some` numbers as bytes, `step` apart, and their scale. The scale is rounded to a half behind the numbers: an
/// error of at most 2^-11 of a number beside that of the bytes, at most 1/254 of the largest one.
FLOW_INLINE void store_bytes(const float *x, size_t some, uint8_t *numbers, size_t step, uint8_t *scale) {
    float padded[BLOCK] = {0};
    flow_block bytes;
    memcpy(padded, x, some * sizeof(float));
    quantise(padded, BLOCK, &bytes);
    for (size_t i = 0; i < some; i++) numbers[i * step] = (uint8_t)bytes.numbers[i];
    const uint16_t bits = half_bits(bytes.scale);
    memcpy(scale, &bits, sizeof bits);
}

FLOW_INLINE void store_scaled(
    const flow_attention *head, size_t position, const float *key, const float *value) {
    const size_t token = position % TOKENS, stride = value_stride(head);
    uint8_t *keys = head_in_block(head, position / TOKENS), *values = keys + values_offset(head);
    for (size_t group = 0; group < scaled_groups(head); group++) {
        const size_t first = group * BLOCK, left = head->head_size - first, some = left < BLOCK ? left : BLOCK;
        const size_t scale = scales_offset(head) + group * SCALED_LINE_BYTES + token * 2;
        store_bytes(key + first, some, keys + first * TOKENS + token, TOKENS, keys + scale);
        store_bytes(value + first, some, values + token * stride + first, 1, values + scale);
    }
}

static void store(const flow_attention *head, size_t position, const float *key, const float *value) {
    switch (head->number) {
    case FLOW_NUMBER_F16:
        return store_floats(FLOW_NUMBER_F16, head, position, key, value);
    case FLOW_NUMBER_INT8:
        return store_scaled(head, position, key, value);
    default:
        return store_floats(FLOW_NUMBER_F32, head, position, key, value);
    }
}
