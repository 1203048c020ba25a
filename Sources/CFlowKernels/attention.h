// SPDX-License-Identifier: Apache-2.0
//
// Attention over paged keys and values, one head. Keys of a block are a panel, so scores are a product of the panel
// with the queries; values are weighted token by token with outputs in lanes.

/// Whether the path has registers for sums of four queries by four units.
enum { WIDE_VALUES = FLOW_PATH_LEVEL == 2 };
enum { QUERIES = FLOW_ATTEND_QUERIES, HEAD_UNITS = FLOW_ATTEND_HEAD_SIZE / LANES, TOKENS = FLOW_BLOCK_TOKENS };

/// Tokens of a block, from first to before last.
typedef struct token_range {
    size_t first, last;
} token_range;

/// The running state of the queries of one call.
typedef struct attention_state {
    lanes out[QUERIES][HEAD_UNITS];               // weighted values so far, before division by total
    float query[QUERIES][FLOW_ATTEND_HEAD_SIZE];  // [count][head_size], packed by head_size
    float score[QUERIES][TOKENS];                 // scores, then weights, of the present block
    float largest[LANES];                         // largest score so far
    lanes total[QUERIES];                         // sums of weights so far, of every sixteenth token each
    token_range visible[QUERIES];                 // tokens of the present block that the query sees
} attention_state;

FLOW_INLINE uint8_t *head_in_block(const flow_attention *head, size_t block) {
    return head->memory + (size_t)head->blocks[block] * head->block_bytes + head->head_offset;
}

FLOW_INLINE size_t value_stride(const flow_attention *head) { return (head->head_size + LANES - 1) / LANES * LANES; }

FLOW_INLINE void lanes_store_kind(const int kind, void *x, lanes v) {
    if (kind == FLOW_NUMBER_F16) {
        lanes_store_half(x, v);
    } else {
        lanes_store(x, v);
    }
}

FLOW_INLINE void store_kind(
    const int kind, const flow_attention *head, size_t position, const float *key, const float *value) {
    uint8_t *block = head_in_block(head, position / TOKENS);
    const size_t token = position % TOKENS, stride = value_stride(head), bytes = number_bytes(kind);
    uint8_t *keys = block + token * bytes;
    uint8_t *values = block + (head->head_size * TOKENS + token * stride) * bytes;
    uint8_t bits[LANES * sizeof(float)];
    for (size_t i = 0; i < head->head_size; i += LANES) {
        const size_t some = head->head_size - i < LANES ? head->head_size - i : LANES;
        lanes_store_kind(kind, bits, lanes_load_part(key + i, some));
        for (size_t j = 0; j < some; j++) memcpy(keys + (i + j) * TOKENS * bytes, bits + j * bytes, bytes);
        lanes_store_kind(kind, values + i * bytes, lanes_load_part(value + i, some));
    }
}

static void store(const flow_attention *head, size_t position, const float *key, const float *value) {
    if (head->number == FLOW_NUMBER_F16) {
        store_kind(FLOW_NUMBER_F16, head, position, key, value);
    } else {
        store_kind(FLOW_NUMBER_F32, head, position, key, value);
    }
}

/// Turns the block's scores of one query into weights against the new maximum and returns the sum of both halves.
FLOW_INLINE lanes weigh(float *score, token_range visible, float largest) {
    const lanes low = lanes_exponential(lanes_load(score) - lanes_of(largest));
    const lanes high = lanes_exponential(lanes_load(score + LANES) - lanes_of(largest));
    lanes_store(score, low);
    lanes_store(score + LANES, high);
    for (size_t t = 0; t < visible.first; t++) score[t] = 0;
    for (size_t t = visible.last; t < TOKENS; t++) score[t] = 0;
    return lanes_load(score) + lanes_load(score + LANES);
}

/// Scores of one query: scaled, within the bound, hidden tokens at minus infinity (whatever their memory holds).
FLOW_INLINE void finish_scores(const flow_attention *head, float *score, token_range visible) {
    for (size_t t = 0; t < TOKENS; t += LANES) {
        const lanes scaled = lanes_load(score + t) * lanes_of(head->scale);
        lanes_store(score + t, head->bound > 0 ? lanes_bounded(scaled, head->bound) : scaled);
    }
    for (size_t t = 0; t < visible.first; t++) score[t] = -INFINITY;
    for (size_t t = visible.last; t < TOKENS; t++) score[t] = -INFINITY;
}

/// Scores of the block, new maxima and weights; what was summed so far is rescaled. While keys are read, the values
/// right behind them are asked for.
static void score_block(const flow_attention *head, attention_state *state, size_t count, const uint8_t *keys) {
    product_of_panels(
        keys, 1, head->head_size, head->number, head->head_size * TOKENS * number_bytes(head->number),
        &state->query[0][0], head->head_size, count, &state->score[0][0], TOKENS, false);
    float before[LANES];
    memcpy(before, state->largest, sizeof before);
    for (size_t q = 0; q < count; q++) {
        float *score = state->score[q];
        finish_scores(head, score, state->visible[q]);
        const float largest = lanes_maximum(lanes_larger(lanes_load(score), lanes_load(score + LANES)));
        if (largest > state->largest[q]) state->largest[q] = largest;
    }
    float rescale[LANES];
    lanes_store(rescale, lanes_exponential(lanes_load(before) - lanes_load(state->largest)));
    const size_t units = value_stride(head) / LANES;
    for (size_t q = 0; q < count; q++) {
        const token_range visible = state->visible[q];
        if (visible.first >= visible.last) continue;
        state->total[q] = state->total[q] * lanes_of(rescale[q]) + weigh(state->score[q], visible, state->largest[q]);
        // A factor of one changes no bits, and is the usual case after the first blocks.
        if (rescale[q] == 1.0f) continue;
        for (size_t u = 0; u < units; u++) state->out[q][u] = state->out[q][u] * lanes_of(rescale[q]);
    }
}

/// Adds some values of a block to `queries` queries from q on, `units` units of lanes from u on.
FLOW_INLINE void value_tile(
    const int units, const int queries, const int kind, attention_state *state, size_t q, size_t u,
    const uint8_t *values, size_t stride, token_range tokens) {
    lanes sum[4][4];
    FLOW_UNROLL for (int i = 0; i < queries; i++) {
        FLOW_UNROLL for (int j = 0; j < units; j++) sum[i][j] = state->out[q + i][u + j];
    }
    for (size_t t = tokens.first; t < tokens.last; t++) {
        FLOW_UNROLL for (int j = 0; j < units; j++) {
            const lanes value =
                lanes_load_kind(kind, values + (t * stride + (u + j) * LANES) * number_bytes(kind));
            FLOW_UNROLL for (int i = 0; i < queries; i++)
                sum[i][j] = lanes_fma(value, lanes_of(state->score[q + i][t]), sum[i][j]);
        }
    }
    FLOW_UNROLL for (int i = 0; i < queries; i++) {
        FLOW_UNROLL for (int j = 0; j < units; j++) state->out[q + i][u + j] = sum[i][j];
    }
}

/// Adds a block's values: queries that see the same tokens share the loads, four at a time. Meanwhile the next block's
/// keys are asked for, a share at each turn.
FLOW_INLINE void weigh_values(
    const int kind, attention_state *state, size_t count, const uint8_t *values, size_t stride, const uint8_t *next,
    size_t key_lines) {
    const size_t units = stride / LANES;
    for (size_t q = 0; q < count;) {
        const size_t asked = key_lines * q / count;
        const token_range tokens = state->visible[q];
        bool four = q + 4 <= count;
        for (size_t i = 1; four && i < 4; i++)
            four = state->visible[q + i].first == tokens.first && state->visible[q + i].last == tokens.last;
        size_t u = 0;
        for (size_t line = asked; line < key_lines * (q + (four ? 4 : 1)) / count; line++)
            __builtin_prefetch(next + line * 64, 0, 3);
        if (four) {
            for (; WIDE_VALUES && u + 4 <= units; u += 4) value_tile(4, 4, kind, state, q, u, values, stride, tokens);
            for (; u + 2 <= units; u += 2) value_tile(2, 4, kind, state, q, u, values, stride, tokens);
            for (; u < units; u++) value_tile(1, 4, kind, state, q, u, values, stride, tokens);
        } else {
            for (; u + 4 <= units; u += 4) value_tile(4, 1, kind, state, q, u, values, stride, tokens);
            for (; u < units; u++) value_tile(1, 1, kind, state, q, u, values, stride, tokens);
        }
        q += four ? 4 : 1;
    }
}

static void weigh_halves(
    attention_state *state, size_t count, const uint8_t *values, size_t stride, const uint8_t *next, size_t lines) {
    weigh_values(FLOW_NUMBER_F16, state, count, values, stride, next, lines);
}

static void weigh_floats(
    attention_state *state, size_t count, const uint8_t *values, size_t stride, const uint8_t *next, size_t lines) {
    weigh_values(FLOW_NUMBER_F32, state, count, values, stride, next, lines);
}

/// The first token that a query sees which sees `length` tokens without a window.
FLOW_INLINE size_t first_seen(const flow_attention *head, size_t length) {
    return head->window && length > head->window ? length - head->window : 0;
}

/// The part of a range that lies in a block, counted from the block's start.
FLOW_INLINE token_range part_in_block(size_t first, size_t last, size_t block) {
    const size_t start = block * TOKENS;
    first = first > start ? first - start : 0;
    last = last > start ? last - start : 0;
    return (token_range){first < TOKENS ? first : TOKENS, last < TOKENS ? last : TOKENS};
}

static void attend(
    const flow_attention *head, size_t count, const float *const *queries, const size_t *lengths,
    float *const *outputs) {
    attention_state state;
    const size_t size = head->head_size, stride = value_stride(head), units = stride / LANES;
    size_t longest = 0, earliest = SIZE_MAX;
    for (size_t i = 0; i < LANES; i++) state.largest[i] = -INFINITY;
    for (size_t q = 0; q < count; q++) {
        memcpy(&state.query[0][0] + q * size, queries[q], size * sizeof(float));
        for (size_t u = 0; u < units; u++) state.out[q][u] = lanes_of(0);
        state.total[q] = lanes_of(0);
        const size_t first = first_seen(head, lengths[q]);
        if (lengths[q] > longest) longest = lengths[q];
        if (first < earliest) earliest = first;
    }
    for (size_t block = earliest / TOKENS; block * TOKENS < longest; block++) {
        for (size_t q = 0; q < count; q++)
            state.visible[q] = part_in_block(first_seen(head, lengths[q]), lengths[q], block);
        const uint8_t *memory = head_in_block(head, block);
        score_block(head, &state, count, memory);
        const size_t key_bytes = size * TOKENS * number_bytes(head->number);
        const bool goes_on = (block + 1) * TOKENS < longest;
        (head->number == FLOW_NUMBER_F16 ? weigh_halves : weigh_floats)(
            &state, count, memory + key_bytes, stride, goes_on ? head_in_block(head, block + 1) : memory,
            goes_on ? key_bytes / 64 : 0);
    }
    for (size_t q = 0; q < count; q++) {
        const lanes factor = lanes_of(1.0f / lanes_sum(state.total[q]));
        for (size_t u = 0; u < units; u++) {
            const size_t left = size - u * LANES;
            lanes_store_part(outputs[q] + u * LANES, state.out[q][u] * factor, left < LANES ? left : LANES);
        }
    }
}
