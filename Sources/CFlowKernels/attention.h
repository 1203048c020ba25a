// SPDX-License-Identifier: Apache-2.0
//
// Attention over paged keys and values, one head. Keys of a block are a panel, so scores are a product of the panel
// with the queries; values are weighted token by token with outputs in lanes.

/// Whether the path has registers for sums of four queries by four units.
enum { WIDE_VALUES = FLOW_PATH_LEVEL == 2 };
enum { QUERIES = FLOW_ATTEND_QUERIES, HEAD_UNITS = FLOW_ATTEND_HEAD_SIZE / LANES };

/// Tokens of a block, from first to before last.
typedef struct token_range {
    size_t first, last;
} token_range;

/// The running state of the queries of one call.
typedef struct attention_state {
    lanes out[QUERIES][HEAD_UNITS];               // weighted values so far, before division by total
    float query[QUERIES][FLOW_ATTEND_HEAD_SIZE];  // [count][head_size], packed by head_size
    float score[QUERIES][TOKENS];                 // scores, then weights, of the present block
    float scaled[QUERIES][TOKENS];                // weights times the scales of a group of bytes
    float largest[LANES];                         // largest score so far
    lanes total[QUERIES];                         // sums of weights so far, of every sixteenth token each
    token_range visible[QUERIES];                 // tokens of the present block that the query sees
} attention_state;

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

/// Products of the queries with keys that are bytes: group after group, each with its tokens' scales.
static void multiply_scaled_keys(
    const flow_attention *head, attention_state *state, size_t count, const uint8_t *keys, size_t ahead) {
    const size_t size = head->head_size;
    for (size_t group = 0; group < scaled_groups(head); group++) {
        const size_t first = group * BLOCK, some = size - first < BLOCK ? size - first : BLOCK;
        product_of_panels(
            keys + first * TOKENS, 1, some, FLOW_NUMBER_INT8, ahead, &state->query[0][0] + first, size, count,
            &state->scaled[0][0], TOKENS, false);
        const uint8_t *line = keys + scales_offset(head) + group * SCALED_LINE_BYTES;
        for (size_t t = 0; t < TOKENS; t += LANES) {
            const lanes scales = lanes_load_half(line + t * 2);
            for (size_t q = 0; q < count; q++) {
                const lanes sum = group == 0 ? lanes_of(0) : lanes_load(state->score[q] + t);
                lanes_store(state->score[q] + t, lanes_fma(lanes_load(state->scaled[q] + t), scales, sum));
            }
        }
    }
}

/// Scores of the block, new maxima and weights; what was summed so far is rescaled. While keys are read, those of the
/// next block are asked for, so many bytes ahead: with few queries the values right behind would be asked for too late.
static void score_block(
    const flow_attention *head, attention_state *state, size_t count, const uint8_t *keys, size_t ahead) {
    if (head->number == FLOW_NUMBER_INT8) {
        multiply_scaled_keys(head, state, count, keys, ahead);
    } else {
        product_of_panels(
            keys, 1, head->head_size, head->number, ahead, &state->query[0][0], head->head_size, count,
            &state->score[0][0], TOKENS, false);
    }
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

/// Values of one block, `stride` numbers for each token, and the queries' weights for them, [queries][TOKENS].
typedef struct weighted_values {
    const uint8_t *numbers;
    size_t stride;
    const float *weights;
} weighted_values;

/// Memory that is asked for while values are added: the values of the next block.
typedef struct value_requests {
    const uint8_t *at;
    size_t lines;
} value_requests;

/// Adds some values of a block to `queries` queries from q on, `units` units of lanes from u on.
FLOW_INLINE void value_microtile(
    const int units, const int queries, const int kind, attention_state *state, size_t q, size_t u,
    weighted_values values, token_range tokens) {
    lanes sum[4][4];
    FLOW_UNROLL for (int i = 0; i < queries; i++) {
        FLOW_UNROLL for (int j = 0; j < units; j++) sum[i][j] = state->out[q + i][u + j];
    }
    for (size_t t = tokens.first; t < tokens.last; t++) {
        FLOW_UNROLL for (int j = 0; j < units; j++) {
            const uint8_t *at = values.numbers + (t * values.stride + (u + j) * LANES) * number_bytes(kind);
            const lanes value = lanes_load_kind(kind, at);
            FLOW_UNROLL for (int i = 0; i < queries; i++)
                sum[i][j] = lanes_fma(value, lanes_of(values.weights[(q + i) * TOKENS + t]), sum[i][j]);
        }
    }
    FLOW_UNROLL for (int i = 0; i < queries; i++) {
        FLOW_UNROLL for (int j = 0; j < units; j++) state->out[q + i][u + j] = sum[i][j];
    }
}

/// Whether four queries from q on are there and see the same tokens.
FLOW_INLINE bool are_alike(const attention_state *state, size_t q, size_t count) {
    bool alike = q + 4 <= count;
    for (size_t i = 1; alike && i < 4; i++)
        alike = state->visible[q + i].first == state->visible[q].first
                && state->visible[q + i].last == state->visible[q].last;
    return alike;
}

/// Adds units `first` ..< `last` of a block's values: queries that see the same tokens share the loads, four at a time.
/// Meanwhile the next block's values are asked for, a share at each turn.
FLOW_INLINE void weigh_units(
    const int kind, attention_state *state, size_t count, weighted_values values, size_t first, size_t last,
    value_requests next) {
    for (size_t q = 0; q < count;) {
        const bool four = are_alike(state, q, count);
        const size_t turn = four ? 4 : 1;
        const token_range tokens = state->visible[q];
        for (size_t line = next.lines * q / count; line < next.lines * (q + turn) / count; line++)
            __builtin_prefetch(next.at + line * 64, 0, 3);
        size_t u = first;
        if (four) {
            for (; WIDE_VALUES && u + 4 <= last; u += 4) value_microtile(4, 4, kind, state, q, u, values, tokens);
            for (; u + 2 <= last; u += 2) value_microtile(2, 4, kind, state, q, u, values, tokens);
            for (; u < last; u++) value_microtile(1, 4, kind, state, q, u, values, tokens);
        } else {
            for (; u + 4 <= last; u += 4) value_microtile(4, 1, kind, state, q, u, values, tokens);
            for (; u + 2 <= last; u += 2) value_microtile(2, 1, kind, state, q, u, values, tokens);
            for (; u < last; u++) value_microtile(1, 1, kind, state, q, u, values, tokens);
        }
        q += turn;
    }
}

static void weigh_halves(attention_state *state, size_t count, weighted_values values, value_requests next) {
    weigh_units(FLOW_NUMBER_F16, state, count, values, 0, values.stride / LANES, next);
}

static void weigh_floats(attention_state *state, size_t count, weighted_values values, value_requests next) {
    weigh_units(FLOW_NUMBER_F32, state, count, values, 0, values.stride / LANES, next);
}

/// Values that are bytes: group after group, with weights that are multiplied by its tokens' scales.
static void weigh_scaled(
    const flow_attention *head, attention_state *state, size_t count, weighted_values values, value_requests next) {
    const size_t units = values.stride / LANES, groups = scaled_groups(head);
    const float *weights = values.weights;
    for (size_t group = 0; group < groups; group++) {
        const uint8_t *line = values.numbers + scales_offset(head) + group * SCALED_LINE_BYTES;
        for (size_t t = 0; t < TOKENS; t += LANES) {
            const lanes scales = lanes_load_half(line + t * 2);
            for (size_t q = 0; q < count; q++)
                lanes_store(state->scaled[q] + t, lanes_load(weights + q * TOKENS + t) * scales);
        }
        values.weights = &state->scaled[0][0];
        const size_t first = group * 2, last = first + 2 < units ? first + 2 : units;
        const value_requests share = {next.at + next.lines / groups * group * 64, next.lines / groups};
        weigh_units(FLOW_NUMBER_INT8, state, count, values, first, last, share);
    }
}

/// Adds a block's values, weighted by its scores, while the next block's are asked for.
static void weigh_block(
    const flow_attention *head, attention_state *state, size_t count, const uint8_t *block, value_requests next) {
    const weighted_values values = {block + values_offset(head), value_stride(head), &state->score[0][0]};
    switch (head->number) {
    case FLOW_NUMBER_F16:
        return weigh_halves(state, count, values, next);
    case FLOW_NUMBER_INT8:
        return weigh_scaled(head, state, count, values, next);
    default:
        return weigh_floats(state, count, values, next);
    }
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
        const bool goes_on = (block + 1) * TOKENS < longest;
        const uint8_t *memory = head_in_block(head, block);
        const uint8_t *next = goes_on ? head_in_block(head, block + 1) : memory;
        score_block(head, &state, count, memory, (size_t)(next - memory));
        const value_requests values = {next + values_offset(head), goes_on ? value_lines(head) : 0};
        weigh_block(head, &state, count, memory, values);
    }
    for (size_t q = 0; q < count; q++) {
        const lanes factor = lanes_of(1.0f / lanes_sum(state.total[q]));
        for (size_t u = 0; u < units; u++) {
            const size_t left = size - u * LANES;
            lanes_store_part(outputs[q] + u * LANES, state.out[q][u] * factor, left < LANES ? left : LANES);
        }
    }
}
