// SPDX-License-Identifier: Apache-2.0
//
// Attention over paged keys and values, one head. Keys of a block are a panel, so scores are a product of the panel
// with the queries; values are weighted token by token with outputs in lanes.

enum { QUERIES = FLOW_ATTEND_QUERIES, HEAD_UNITS = FLOW_ATTEND_HEAD_SIZE / LANES, TOKENS = FLOW_BLOCK_TOKENS };

/// The running state of the queries of one call.
typedef struct attention_state {
    lanes out[QUERIES][HEAD_UNITS];               // weighted values so far, before division by total
    float query[QUERIES][FLOW_ATTEND_HEAD_SIZE];  // [count][head_size], packed by head_size
    float score[QUERIES][TOKENS];                 // scores, then weights, of the present block
    float largest[LANES];                         // largest score so far
    float total[QUERIES];                         // sum of weights so far
    size_t visible[QUERIES];                      // tokens of the present block that the query sees
} attention_state;

FLOW_INLINE uint8_t *head_in_block(const flow_attention *head, size_t block) {
    return head->memory + (size_t)head->blocks[block] * head->block_bytes + head->head_offset;
}

FLOW_INLINE size_t value_stride(const flow_attention *head) { return (head->head_size + LANES - 1) / LANES * LANES; }

static void store(const flow_attention *head, size_t position, const float *key, const float *value) {
    uint8_t *block = head_in_block(head, position / TOKENS);
    const size_t token = position % TOKENS, stride = value_stride(head);
    uint16_t *keys = (uint16_t *)block + token;
    uint16_t *values = (uint16_t *)block + head->head_size * TOKENS + token * stride;
    uint16_t bits[LANES];
    for (size_t i = 0; i < head->head_size; i += LANES) {
        const size_t some = head->head_size - i < LANES ? head->head_size - i : LANES;
        lanes_store_half(bits, lanes_load_part(key + i, some));
        for (size_t j = 0; j < some; j++) keys[(i + j) * TOKENS] = bits[j];
        lanes_store_half(values + i, lanes_load_part(value + i, some));
    }
}

/// Turns the block's scores of one query into weights against the new maximum and returns their sum.
FLOW_INLINE float weigh(float *score, size_t visible, float largest) {
    const lanes low = lanes_exponential(lanes_load(score) - lanes_of(largest));
    const lanes high = lanes_exponential(lanes_load(score + LANES) - lanes_of(largest));
    lanes_store(score, low);
    lanes_store(score + LANES, high);
    for (size_t t = visible; t < TOKENS; t++) score[t] = 0;
    return lanes_sum(lanes_load(score) + lanes_load(score + LANES));
}

/// Scores of the block: scaled, hidden tokens at minus infinity (whatever their memory holds); new maxima and weights;
/// what was summed so far is rescaled.
static void score_block(const flow_attention *head, attention_state *state, size_t count, const uint8_t *keys) {
    product_of_panels(
        keys, 1, head->head_size, FLOW_NUMBER_F16, &state->query[0][0], head->head_size, count, &state->score[0][0], TOKENS,
        false);
    float before[LANES];
    memcpy(before, state->largest, sizeof before);
    for (size_t q = 0; q < count; q++) {
        float *score = state->score[q];
        lanes_store(score, lanes_load(score) * lanes_of(head->scale));
        lanes_store(score + LANES, lanes_load(score + LANES) * lanes_of(head->scale));
        for (size_t t = state->visible[q]; t < TOKENS; t++) score[t] = -INFINITY;
        const float largest = lanes_maximum(lanes_larger(lanes_load(score), lanes_load(score + LANES)));
        if (largest > state->largest[q]) state->largest[q] = largest;
    }
    float rescale[LANES];
    lanes_store(rescale, lanes_exponential(lanes_load(before) - lanes_load(state->largest)));
    const size_t units = value_stride(head) / LANES;
    for (size_t q = 0; q < count; q++) {
        if (!state->visible[q]) continue;
        state->total[q] = state->total[q] * rescale[q] + weigh(state->score[q], state->visible[q], state->largest[q]);
        // A factor of one changes no bits, and is the usual case after the first blocks.
        if (rescale[q] == 1.0f) continue;
        for (size_t u = 0; u < units; u++) state->out[q][u] = state->out[q][u] * lanes_of(rescale[q]);
    }
}

/// Adds the first `tokens` values of a block to `queries` queries from q on, `units` units of lanes from u on.
FLOW_INLINE void value_tile(
    const int units, const int queries, attention_state *state, size_t q, size_t u, const uint16_t *values,
    size_t stride, size_t tokens) {
    lanes sum[4][4];
    FLOW_UNROLL for (int i = 0; i < queries; i++) {
        FLOW_UNROLL for (int j = 0; j < units; j++) sum[i][j] = state->out[q + i][u + j];
    }
    for (size_t t = 0; t < tokens; t++) {
        FLOW_UNROLL for (int j = 0; j < units; j++) {
            const lanes value = lanes_load_half(values + t * stride + (u + j) * LANES);
            FLOW_UNROLL for (int i = 0; i < queries; i++)
                sum[i][j] = lanes_fma(value, lanes_of(state->score[q + i][t]), sum[i][j]);
        }
    }
    FLOW_UNROLL for (int i = 0; i < queries; i++) {
        FLOW_UNROLL for (int j = 0; j < units; j++) state->out[q + i][u + j] = sum[i][j];
    }
}

/// Adds a block's values: queries that see as many tokens share the loads, four at a time.
static void weigh_values(attention_state *state, size_t count, const uint16_t *values, size_t stride) {
    const size_t units = stride / LANES;
    for (size_t q = 0; q < count;) {
        const size_t tokens = state->visible[q];
        bool four = q + 4 <= count;
        for (size_t i = 1; four && i < 4; i++) four = state->visible[q + i] == tokens;
        size_t u = 0;
        if (four) {
            for (; u + 2 <= units; u += 2) value_tile(2, 4, state, q, u, values, stride, tokens);
            for (; u < units; u++) value_tile(1, 4, state, q, u, values, stride, tokens);
        } else {
            for (; u + 4 <= units; u += 4) value_tile(4, 1, state, q, u, values, stride, tokens);
            for (; u < units; u++) value_tile(1, 1, state, q, u, values, stride, tokens);
        }
        q += four ? 4 : 1;
    }
}

static void attend(
    const flow_attention *head, size_t count, const float *const *queries, const size_t *lengths,
    float *const *outputs) {
    attention_state state;
    const size_t size = head->head_size, stride = value_stride(head), units = stride / LANES;
    size_t longest = 0;
    for (size_t i = 0; i < LANES; i++) state.largest[i] = -INFINITY;
    for (size_t q = 0; q < count; q++) {
        memcpy(&state.query[0][0] + q * size, queries[q], size * sizeof(float));
        for (size_t u = 0; u < units; u++) state.out[q][u] = lanes_of(0);
        state.total[q] = 0;
        if (lengths[q] > longest) longest = lengths[q];
    }
    for (size_t block = 0; block * TOKENS < longest; block++) {
        for (size_t q = 0; q < count; q++) {
            const size_t before = block * TOKENS, left = lengths[q] > before ? lengths[q] - before : 0;
            state.visible[q] = left < TOKENS ? left : TOKENS;
        }
        const uint8_t *memory = head_in_block(head, block);
        score_block(head, &state, count, memory);
        weigh_values(&state, count, (const uint16_t *)memory + size * TOKENS, stride);
    }
    for (size_t q = 0; q < count; q++) {
        const lanes factor = lanes_of(1.0f / state.total[q]);
        for (size_t u = 0; u < units; u++) {
            const size_t left = size - u * LANES;
            lanes_store_part(outputs[q] + u * LANES, state.out[q][u] * factor, left < LANES ? left : LANES);
        }
    }
}
