// SPDX-License-Identifier: Apache-2.0
//
// Quantised panels times quantised vectors. For each block of 32 columns, in order: the exact integer dot, then
//     sum = fma((float)dot, weight scale * vector scale, sum)
// where halves of 16 columns have scales once for each half, and with minima
//     sum = fma(-minimum, vector's scaled sum, sum)
// behind it, or behind both halves. Which microtile computes an output never changes its bits.

/// The most vectors of one microtile, and how many one takes when there are many: sums of both kinds stay in registers.
/// AVX2 has half as many registers of half the width, and keeps the sums of floats in memory: see quantised_tile_256.h.
#if FLOW_PATH_LEVEL == 2
enum { QUANTISED_VECTORS = 8, QUANTISED_MANY = 6, QUANTISED_UNITS = 2 };
#else
enum { QUANTISED_VECTORS = 5, QUANTISED_MANY = 5, QUANTISED_UNITS = 1 };
#endif

/// How many vectors microtiles take where there are so many.
FLOW_INLINE size_t most_vectors(const flow_number kind, size_t vectors) {
#if FLOW_PATH_LEVEL == 1
    // A minimum needs one more register.
    return has_minima(kind) ? QUANTISED_VECTORS - 1 : QUANTISED_VECTORS;
#else
    return vectors > QUANTISED_VECTORS ? QUANTISED_MANY : QUANTISED_VECTORS;
#endif
}

/// How far ahead a microtile that is alone asks for weights.
FLOW_INLINE size_t near_bytes(const int kind) {
    return kind == FLOW_NUMBER_INT8 ? PREFETCH_BYTES : PREFETCH_NIBBLES_BYTES;
}

/// Weights of a step: units of 16 rows; `half` tells the nibbles, `step` counts within the half.
FLOW_INLINE lane_bytes step_weights(
    const int kind, const uint8_t *numbers, const int unit, const int half, const int step) {
    const uint8_t *at = numbers + unit * 64;
    if (kind == FLOW_NUMBER_INT8) return bytes_load(at + (half * 4 + step) * STEP_BYTES);
    if (kind == FLOW_NUMBER_INT2_SCALED) return two_bits(step, bytes_load(at + half * STEP_BYTES));
    const lane_bytes both = bytes_load(at + step * STEP_BYTES);
    const lane_bytes nibbles = half ? high_nibbles(both) : low_nibbles(both);
    if (has_codebook(kind)) return looked_up(nibbles);
    if (!has_upper_bits(kind)) return nibbles;
    return nibbles | upper_bits(step, bytes_load(at + NIBBLES_BYTES + half * STEP_BYTES));
}

/// The scale of each row of a unit, of the half where halves have their own.
FLOW_INLINE lanes row_scales(const int kind, panel_block block, const int unit, const int half) {
    const lanes scales = lanes_load_half(block.group + unit * 32);
    switch (kind) {
    case FLOW_NUMBER_INT4_SCALED:
    case FLOW_NUMBER_INT6_SCALED_MINIMA:
        return scales * floats_of_bytes(block.scales + unit * 16);
    case FLOW_NUMBER_INT2_SCALED:
        return scales * floats_of_nibbles(block.scales + half * 32 + unit * 16, 0);
    case FLOW_NUMBER_INT6_SCALED:
        return scales * floats_of_signed(block.scales + half * 32 + unit * 16);
    case FLOW_NUMBER_CODEBOOK_SCALED:
        return scales * floats_of_signed(block.scales + unit * 16);
    default:
        return scales;
    }
}

/// Minus the minimum of each row of a unit, of the half where halves have their own.
FLOW_INLINE lanes minus_minima(const int kind, panel_block block, const int unit, const int half) {
    const lanes minima = lanes_load_half(block.group + SCALES_BYTES + unit * 32);
    switch (kind) {
    case FLOW_NUMBER_INT4_SCALED:
    case FLOW_NUMBER_INT6_SCALED_MINIMA:
        return -(minima * floats_of_bytes(block.scales + 32 + unit * 16));
    case FLOW_NUMBER_INT2_SCALED:
        return -(minima * floats_of_nibbles(block.scales + half * 32 + unit * 16, 4));
    default:
        return -minima;
    }
}

/// The vector's sum that a minimum is multiplied with.
FLOW_INLINE float minimum_factor(const int kind, const flow_block *x, const int half) {
    return has_half_scales(kind) ? x->scale * (float)-x->minus_half_sum[half] : x->scaled_sum;
}

FLOW_INLINE int32_t four_of(const flow_block *x, const int step) {
    int32_t four;
    memcpy(&four, x->numbers + 4 * step, 4);
    return four;
}

/// Which weights a microtile asks for while it multiplies others: a block's lines from `at` on, then from `step` bytes
/// further on for each block. Microtiles so wide that they are alone ask for what they will soon come to, and have no
/// register left for a choice.
typedef struct weight_requests {
    const uint8_t *at;
    size_t step;
} weight_requests;

/// `units` units of rows from unit `first` of a panel, for `vectors` vectors.
FLOW_INLINE void quantised_microtile(
    const int kind, const int units, const int vectors, const uint8_t *panel, const int first, size_t columns,
    weight_requests ahead, const flow_block *x, size_t x_stride, float *y, size_t y_stride, bool add) {
    lanes sum[QUANTISED_UNITS][QUANTISED_VECTORS];
    FLOW_UNROLL for (int u = 0; u < units; u++) {
        FLOW_UNROLL for (int v = 0; v < vectors; v++) sum[u][v] = lanes_of(0);
    }
    const size_t blocks = columns / BLOCK;
    // With one scale for both halves their dots are one sum.
    const int folds = has_half_scales(kind) ? 2 : 1;
    const panel_shape shape = shape_of(kind);
    const int lines = (int)(group_bytes(shape) / shape.blocks + 63) / 64;
    for (size_t b = 0; b < blocks; b++, x++, ahead.at += ahead.step) {
        const panel_block block = block_of(kind, panel, b);
        FLOW_UNROLL for (int fold = 0; fold < folds; fold++) {
            lane_ints dot[QUANTISED_UNITS][QUANTISED_VECTORS];
            FLOW_UNROLL for (int v = 0; v < vectors; v++) {
                FLOW_UNROLL for (int u = 0; u < units; u++) dot[u][v] = dot_start(kind, x + v * x_stride, fold);
            }
            FLOW_UNROLL for (int i = 0; i < 8 / folds; i++) {
                // Neighbours in time are the two nibbles of the same bytes.
                const int half = folds == 2 ? fold : (kind == FLOW_NUMBER_INT8 ? i / 4 : i % 2);
                const int step = folds == 2 ? i : (kind == FLOW_NUMBER_INT8 ? i % 4 : i / 2);
                lane_bytes weights[QUANTISED_UNITS];
                FLOW_UNROLL for (int u = 0; u < units; u++)
                    weights[u] = step_weights(kind, block.numbers, first + u, half, step);
                // Each step asks for its share of a block's lines.
                const uint8_t *asked = vectors > QUANTISED_MANY ? block.numbers + near_bytes(kind) : ahead.at;
                FLOW_UNROLL for (int line = (fold * 4 + i) * lines / 8; line < (fold * 4 + i + 1) * lines / 8; line++)
                    __builtin_prefetch(asked + line * 64, 0, 3);
                FLOW_UNROLL for (int v = 0; v < vectors; v++) {
                    const int32_t four = four_of(x + v * x_stride, half * 4 + step);
                    FLOW_UNROLL for (int u = 0; u < units; u++)
                        dot[u][v] = add_dots(dot[u][v], weights[u], four);
                }
            }
            lanes scale[QUANTISED_UNITS];
            FLOW_UNROLL for (int u = 0; u < units; u++) scale[u] = row_scales(kind, block, first + u, fold);
            FLOW_UNROLL for (int v = 0; v < vectors; v++) {
                const lanes factor = lanes_of(x[v * x_stride].scale);
                FLOW_UNROLL for (int u = 0; u < units; u++)
                    sum[u][v] = lanes_fma(floats_of(dot[u][v]), scale[u] * factor, sum[u][v]);
            }
        }
        FLOW_UNROLL for (int fold = 0; has_minima(kind) && fold < folds; fold++) {
            FLOW_UNROLL for (int u = 0; u < units; u++) {
                const lanes minus = minus_minima(kind, block, first + u, fold);
                FLOW_UNROLL for (int v = 0; v < vectors; v++)
                    sum[u][v] = lanes_fma(minus, lanes_of(minimum_factor(kind, x + v * x_stride, fold)), sum[u][v]);
            }
        }
    }
    FLOW_UNROLL for (int v = 0; v < vectors; v++) {
        FLOW_UNROLL for (int u = 0; u < units; u++) {
            float *out = y + v * y_stride + (first + u) * LANES;
            lanes_store(out, add ? lanes_load(out) + sum[u][v] : sum[u][v]);
        }
    }
}

#if FLOW_PATH_LEVEL == 1
#include "quantised_tile_256.h"
#endif

#if FLOW_PATH_LEVEL == 1
#define QUANTISED_OF(name, kind, vectors)                                                                             \
    static void name##_##vectors(                                                                                     \
        const uint8_t *panel, size_t columns, weight_requests ahead, const float *factors, const flow_block *x,       \
        size_t x_stride, float *y, size_t y_stride, bool add) {                                                       \
        for (int unit = 0; unit < 2; unit++) {                                                                        \
            if (has_scaled_scales(kind) && vectors > 2 && factors)                                                    \
                quantised_microtile_256(                                                                              \
                    kind, true, vectors, panel, unit, columns, ahead, factors, x, x_stride, y, y_stride, add);        \
            else                                                                                                      \
                quantised_microtile_256(                                                                              \
                    kind, false, vectors, panel, unit, columns, ahead, factors, x, x_stride, y, y_stride, add);       \
        }                                                                                                             \
    }
#else
#define QUANTISED_OF(name, kind, vectors)                                                                             \
    static void name##_##vectors(                                                                                     \
        const uint8_t *panel, size_t columns, weight_requests ahead, const float *factors, const flow_block *x,       \
        size_t x_stride, float *y, size_t y_stride, bool add) {                                                       \
        for (int unit = 0; unit < 2; unit += QUANTISED_UNITS)                                                         \
            quantised_microtile(                                                                                      \
                kind, QUANTISED_UNITS, vectors, panel, QUANTISED_UNITS == 2 ? 0 : unit, columns, ahead, x, x_stride,  \
                y, y_stride, add);                                                                                    \
    }
#endif
#if FLOW_PATH_LEVEL == 2
#define QUANTISED_MICROTILES(name, kind)                                                                              \
    QUANTISED_OF(name, kind, 1)                                                                                       \
    QUANTISED_OF(name, kind, 2)                                                                                       \
    QUANTISED_OF(name, kind, 3)                                                                                       \
    QUANTISED_OF(name, kind, 4)                                                                                       \
    QUANTISED_OF(name, kind, 5)                                                                                       \
    QUANTISED_OF(name, kind, 6)                                                                                       \
    QUANTISED_OF(name, kind, 7)                                                                                       \
    QUANTISED_OF(name, kind, 8)
#define QUANTISED_LIST(name) {name##_1, name##_2, name##_3, name##_4, name##_5, name##_6, name##_7, name##_8}
#else
#define QUANTISED_MICROTILES(name, kind)                                                                              \
    QUANTISED_OF(name, kind, 1)                                                                                       \
    QUANTISED_OF(name, kind, 2)                                                                                       \
    QUANTISED_OF(name, kind, 3)                                                                                       \
    QUANTISED_OF(name, kind, 4)                                                                                       \
    QUANTISED_OF(name, kind, 5)
#define QUANTISED_LIST(name) {name##_1, name##_2, name##_3, name##_4, name##_5}
#endif
QUANTISED_MICROTILES(int8_microtile, FLOW_NUMBER_INT8)
QUANTISED_MICROTILES(int4_microtile, FLOW_NUMBER_INT4)
QUANTISED_MICROTILES(int4_scaled_microtile, FLOW_NUMBER_INT4_SCALED)
QUANTISED_MICROTILES(int6_scaled_microtile, FLOW_NUMBER_INT6_SCALED)
QUANTISED_MICROTILES(int4_minima_microtile, FLOW_NUMBER_INT4_MINIMA)
QUANTISED_MICROTILES(int6_minima_microtile, FLOW_NUMBER_INT6_MINIMA)
QUANTISED_MICROTILES(int6_scaled_minima_microtile, FLOW_NUMBER_INT6_SCALED_MINIMA)
QUANTISED_MICROTILES(int2_scaled_microtile, FLOW_NUMBER_INT2_SCALED)
QUANTISED_MICROTILES(codebook_microtile, FLOW_NUMBER_CODEBOOK)
QUANTISED_MICROTILES(codebook_scaled_microtile, FLOW_NUMBER_CODEBOOK_SCALED)

typedef void (*quantised_function)(
    const uint8_t *, size_t, weight_requests, const float *, const flow_block *, size_t, float *, size_t, bool);
static const quantised_function quantised_microtiles[10][QUANTISED_VECTORS] = {
    QUANTISED_LIST(int8_microtile),
    QUANTISED_LIST(int4_microtile),
    QUANTISED_LIST(int4_scaled_microtile),
    QUANTISED_LIST(int6_scaled_microtile),
    QUANTISED_LIST(int4_minima_microtile),
    QUANTISED_LIST(int6_minima_microtile),
    QUANTISED_LIST(int6_scaled_minima_microtile),
    QUANTISED_LIST(int2_scaled_microtile),
    QUANTISED_LIST(codebook_microtile),
    QUANTISED_LIST(codebook_scaled_microtile),
};

static void quantised_product(
    const flow_matrix *matrix, size_t first_panel, size_t last_panel, const void *next, const flow_block *x,
    size_t x_stride, size_t vectors, float *y, size_t y_stride, bool add) {
    const quantised_function *microtiles = quantised_microtiles[matrix->number - FLOW_NUMBER_INT8];
    const size_t panel_bytes = flow_panel_bytes(matrix);
    const size_t most = most_vectors(matrix->number, vectors);
    const size_t passes = (vectors + most - 1) / most;
    const size_t block_bytes = panel_bytes / (matrix->columns / BLOCK);
    const size_t near = near_bytes(matrix->number);
    for (size_t panel = first_panel; panel < last_panel; panel++) {
        const uint8_t *w = (const uint8_t *)matrix->panels + panel * panel_bytes;
        const uint8_t *following = panel + 1 == last_panel && next ? next : w + panel_bytes;
        const float *factors = NULL;
#if FLOW_PATH_LEVEL == 1
        float prepared[PREPARED_FLOATS];
        if (passes > 2) factors = prepared_factors(matrix->number, w, matrix->columns, prepared);
#endif
        size_t v = 0;
        for (size_t pass = 0; pass < passes; pass++) {
            // Passes as wide as each other: a narrow one at the end costs more than it multiplies.
            const size_t some = (vectors - v + passes - pass - 1) / (passes - pass);
            // One pass asks for weights that it will soon come to; several ask for the next panel, each for its share,
            // so that memory is busy all the time.
            const weight_requests ahead =
                passes == 1 ? (weight_requests){w + near, block_bytes}
                            : (weight_requests){following + panel_bytes / passes * pass, block_bytes / passes};
            microtiles[some - 1](
                w, matrix->columns, ahead, factors, x + v * x_stride, x_stride, y + v * y_stride + panel * 2 * LANES, y_stride,
                add);
            v += some;
        }
    }
}
