// SPDX-License-Identifier: Apache-2.0
//
// The microtile of quantised panels for 16 registers of 256 bits: 16 rows by up to 5 vectors, of which only the sums of
// integers stay in registers. The sums of floats, touched once for each block, lie in memory, and one broadcast of
// activations is alive at a time; left to itself the compiler loads ahead and spills as much as it multiplies.
//
// maddubs multiplies unsigned with signed bytes and adds pairs in 16 bits, with saturation. Pairs of small weights are
// added in 16 bits further, as far as they fit, and only then widened: 15 x 127 x 2 eight times, 63 x 127 x 2 twice. Wide
// weights are multiplied by their size, with activations that have their sign.

/// The two registers of a unit.
typedef struct unit_256 {
    __m256i part[2];
} unit_256;

FLOW_INLINE unit_256 unit_of(lane_bytes x) {
    unit_256 unit;
    memcpy(&unit, &x, sizeof unit);
    return unit;
}

/// Loads behind this stay behind it. With one or two vectors there are registers for all of them.
FLOW_INLINE void keep_order(const int vectors) {
    if (vectors > 2) __asm__ volatile("" : : : "memory");
}

/// Steps of a block whose pairs of products are added in 16 bits.
FLOW_INLINE int steps_in_16_bits(const int kind) {
    if (is_wide(kind)) return 1;
    return has_upper_bits(kind) ? 2 : has_half_scales(kind) ? 4 : 8;
}

/// Whether scales are products of two, which many vectors have made floats of once.
FLOW_INLINE bool has_scaled_scales(const int kind) {
    return kind == FLOW_NUMBER_INT4_SCALED || kind == FLOW_NUMBER_CODEBOOK_SCALED || kind == FLOW_NUMBER_INT6_SCALED
           || kind == FLOW_NUMBER_INT6_SCALED_MINIMA || kind == FLOW_NUMBER_INT2_SCALED;
}

/// Whether dots start at something else than zero.
FLOW_INLINE bool has_dot_start(const int kind) { return kind == FLOW_NUMBER_INT4 || kind == FLOW_NUMBER_INT6_SCALED; }

/// Floats of a panel's scales and minima: 96 KiB of a rank's stack, enough for 12,288 columns of the usual kinds.
enum { PREPARED_FLOATS = 24 * 1024 };

/// [blocks][folds][2 units][16] scales, then minima; NULL where there is no room.
FLOW_INLINE const float *prepare(const int kind, const uint8_t *panel, size_t columns, float *factors) {
    const int folds = has_half_scales(kind) ? 2 : 1;
    const size_t blocks = columns / BLOCK, all = blocks * folds * 2 * LANES;
    if (all * (has_minima(kind) ? 2 : 1) > PREPARED_FLOATS) return NULL;
    for (size_t b = 0; b < blocks; b++) {
        const panel_block block = block_of(kind, panel, b);
        FLOW_UNROLL for (int place = 0; place < 2 * folds; place++) {
            float *at = factors + (b * folds * 2 + place) * LANES;
            lanes_store(at, row_scales(kind, block, place % 2, place / 2));
            if (has_minima(kind)) lanes_store(at + all, minus_minima(kind, block, place % 2, place / 2));
        }
    }
    return factors;
}

static const float *prepared_factors(const flow_number kind, const uint8_t *panel, size_t columns, float *factors) {
    switch (kind) {
    case FLOW_NUMBER_INT4_SCALED:
        return prepare(FLOW_NUMBER_INT4_SCALED, panel, columns, factors);
    case FLOW_NUMBER_INT6_SCALED:
        return prepare(FLOW_NUMBER_INT6_SCALED, panel, columns, factors);
    case FLOW_NUMBER_INT6_SCALED_MINIMA:
        return prepare(FLOW_NUMBER_INT6_SCALED_MINIMA, panel, columns, factors);
    case FLOW_NUMBER_INT2_SCALED:
        return prepare(FLOW_NUMBER_INT2_SCALED, panel, columns, factors);
    case FLOW_NUMBER_CODEBOOK_SCALED:
        return prepare(FLOW_NUMBER_CODEBOOK_SCALED, panel, columns, factors);
    default:
        return NULL;
    }
}

/// The integer dots of one block, or of the half `fold` of one, without where they start.
FLOW_INLINE void block_dots(
    const int kind, const int vectors, const panel_block block, const int unit, const int fold,
    const uint8_t *ahead, const flow_block *x, size_t x_stride, __m256i dot[QUANTISED_VECTORS][2]) {
    const int folds = has_half_scales(kind) ? 2 : 1, group = steps_in_16_bits(kind);
    const panel_shape shape = shape_of(kind);
    const int lines = (int)(group_bytes(shape) / shape.blocks + 63) / 64;
    __m256i pairs[QUANTISED_VECTORS][2];
    FLOW_UNROLL for (int i = 0; i < 8 / folds; i++) {
        // Neighbours in time are the two nibbles of the same bytes.
        const int half = folds == 2 ? fold : (kind == FLOW_NUMBER_INT8 ? i / 4 : i % 2);
        const int step = folds == 2 ? i : (kind == FLOW_NUMBER_INT8 ? i % 4 : i / 2);
        unit_256 weights = unit_of(step_weights(kind, block.numbers, unit, half, step)), sizes = weights;
        FLOW_UNROLL for (int p = 0; is_wide(kind) && p < 2; p++) {
            weights.part[p] = _mm256_xor_si256(weights.part[p], _mm256_set1_epi8((char)0x80));
            sizes.part[p] = _mm256_abs_epi8(weights.part[p]);
        }
        // Each step asks for its share of a block's lines.
        FLOW_UNROLL for (int line = (fold * 4 + i) * lines / 8; line < (fold * 4 + i + 1) * lines / 8; line++)
            __builtin_prefetch(ahead + line * 64, 0, 3);
        FLOW_UNROLL for (int v = 0; v < vectors; v++) {
            keep_order(vectors);
            const __m256i four = _mm256_set1_epi32(four_of(x + v * x_stride, half * 4 + step));
            FLOW_UNROLL for (int p = 0; p < 2; p++) {
                const __m256i factor = is_wide(kind) ? _mm256_sign_epi8(four, weights.part[p]) : four;
                const __m256i products = _mm256_maddubs_epi16(sizes.part[p], factor);
                pairs[v][p] = i % group == 0 ? products : _mm256_add_epi16(pairs[v][p], products);
                if (i % group < group - 1) continue;
                const __m256i fours = _mm256_madd_epi16(pairs[v][p], _mm256_set1_epi16(1));
                dot[v][p] = i < group ? fours : _mm256_add_epi32(dot[v][p], fours);
            }
        }
    }
}

/// 16 rows of unit `unit` of a panel, for `vectors` vectors. `prepared` tells whether `factors` holds what `prepare` makes.
FLOW_INLINE void quantised_microtile_256(
    const int kind, const bool prepared, const int vectors, const uint8_t *panel, const int unit, size_t columns,
    weight_requests ahead, const float *factors, const flow_block *x, size_t x_stride, float *y, size_t y_stride,
    bool add) {
    __m256 memory[QUANTISED_VECTORS][2];
    __m256(*sum)[2] = memory;
    FLOW_UNROLL for (int v = 0; v < vectors; v++) memory[v][0] = memory[v][1] = _mm256_setzero_ps();
    // Where it does not know whose memory it is, the compiler leaves it there.
    if (vectors > 2) __asm__ volatile("" : "+r"(sum) : : "memory");
    const size_t blocks = columns / BLOCK;
    const int folds = has_half_scales(kind) ? 2 : 1;
    for (size_t b = 0; b < blocks; b++, x++, ahead.at += ahead.step) {
        const panel_block block = block_of(kind, panel, b);
        FLOW_UNROLL for (int fold = 0; fold < folds; fold++) {
            __m256i dot[QUANTISED_VECTORS][2];
            block_dots(kind, vectors, block, unit, fold, ahead.at, x, x_stride, dot);
            const unit_256 scale = unit_of(
                (lane_bytes)(prepared ? lanes_load(factors + ((b * folds + fold) * 2 + unit) * LANES)
                                      : row_scales(kind, block, unit, fold)));
            FLOW_UNROLL for (int v = 0; v < vectors; v++) {
                keep_order(vectors);
                const __m256 factor = _mm256_set1_ps(x[v * x_stride].scale);
                const __m256i start = _mm256_set1_epi32(dot_start(kind, x + v * x_stride, fold)[0]);
                FLOW_UNROLL for (int p = 0; p < 2; p++) {
                    const __m256i all = has_dot_start(kind) ? _mm256_add_epi32(dot[v][p], start) : dot[v][p];
                    sum[v][p] = _mm256_fmadd_ps(
                        _mm256_cvtepi32_ps(all), _mm256_mul_ps((__m256)scale.part[p], factor), sum[v][p]);
                }
            }
        }
        FLOW_UNROLL for (int fold = 0; has_minima(kind) && fold < folds; fold++) {
            const unit_256 minus = unit_of(
                (lane_bytes)(prepared ? lanes_load(factors + (((blocks + b) * folds + fold) * 2 + unit) * LANES)
                                      : minus_minima(kind, block, unit, fold)));
            FLOW_UNROLL for (int v = 0; v < vectors; v++) {
                keep_order(vectors);
                const __m256 factor = _mm256_set1_ps(minimum_factor(kind, x + v * x_stride, fold));
                FLOW_UNROLL for (int p = 0; p < 2; p++)
                    sum[v][p] = _mm256_fmadd_ps((__m256)minus.part[p], factor, sum[v][p]);
            }
        }
    }
    FLOW_UNROLL for (int v = 0; v < vectors; v++) {
        FLOW_UNROLL for (int p = 0; p < 2; p++) {
            float *out = y + v * y_stride + unit * LANES + p * 8;
            _mm256_storeu_ps(out, add ? _mm256_add_ps(_mm256_loadu_ps(out), sum[v][p]) : sum[v][p]);
        }
    }
}
