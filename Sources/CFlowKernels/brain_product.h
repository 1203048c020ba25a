// SPDX-License-Identifier: Apache-2.0
//
// BF16 panels times BF16 vectors. For each pair of columns (k, k + 1), in order:
// sum = fma(w[k + 1], x[k + 1], sum), then sum = fma(w[k], x[k], sum) which is what one instruction does for 16 rows
// where there is one (with BRAIN_NATIVE set); elsewhere the two are written down. The instruction takes numbers and
// sums below 2^-126 as zeros, the others do not. A last column without a partner counts as if the partner were zero.
// Which microtile computes an output never changes its bits.
//
// Included for each path, and once more with BRAIN_NATIVE where the path may have the instruction.

#define BRAIN_NAME_OF(name, suffix) name##suffix
#define BRAIN_NAME_WITH(name, suffix) BRAIN_NAME_OF(name, suffix)
#if BRAIN_NATIVE
#define BRAIN_NAME(name) BRAIN_NAME_WITH(name, _native)
#else
#define BRAIN_NAME(name) BRAIN_NAME_WITH(name, _written_down)
#endif

/// Adds both products of each row; `two` are the vector's numbers, the first one in the lower half.
FLOW_INLINE lanes BRAIN_NAME(add_brains)(lanes sum, lane_bits weights, uint32_t two) {
#if BRAIN_NATIVE
    return (lanes)_mm512_dpbf16_ps(
        (__m512)sum, (__m512bh)(__m512i)weights, (__m512bh)_mm512_set1_epi32((int32_t)two));
#else
    const uint32_t first = two << 16, second = two & 0xffff0000;
    float x[2];
    memcpy(x, &first, 4);
    memcpy(x + 1, &second, 4);
    sum = lanes_fma((lanes)(weights & 0xffff0000), lanes_of(x[1]), sum);
    return lanes_fma((lanes)(weights << 16), lanes_of(x[0]), sum);
#endif
}

/// Adds two columns of `panels` panels at w to the sums of `vectors` vectors. Rows 8i ..< 8i + 4 of a panel are in its
/// first sum, the others in its second: so neighbours are brought together by the cheapest instructions.
FLOW_INLINE void BRAIN_NAME(brain_step)(
    const int panels, const int vectors, const uint8_t *w, size_t panel_bytes, const bool is_last,
    const uint16_t *x, size_t x_stride, lanes sum[MOST_UNITS][TILE_VECTORS]) {
    lane_bits low[MOST_UNITS / 2], high[MOST_UNITS / 2];
    FLOW_UNROLL for (int p = 0; p < panels; p++) {
        const uint8_t *at = w + p * panel_bytes;
        const brain_row first = brain_load(at), second = is_last ? (brain_row){} : brain_load(at + 64);
        low[p] = brain_low_pairs(first, second);
        high[p] = brain_high_pairs(first, second);
        __builtin_prefetch(at + PREFETCH_BYTES, 0, 3);
        __builtin_prefetch(at + PREFETCH_BYTES + 64, 0, 3);
    }
    FLOW_UNROLL for (int v = 0; v < vectors; v++) {
        uint32_t two = x[v * x_stride];
        if (!is_last) memcpy(&two, x + v * x_stride, sizeof two);
        FLOW_UNROLL for (int p = 0; p < panels; p++) {
            sum[2 * p][v] = BRAIN_NAME(add_brains)(sum[2 * p][v], low[p], two);
            sum[2 * p + 1][v] = BRAIN_NAME(add_brains)(sum[2 * p + 1][v], high[p], two);
        }
    }
}

FLOW_INLINE void BRAIN_NAME(brain_microtile)(
    const int panels, const int vectors, const uint8_t *w, size_t columns, const uint16_t *x, size_t x_stride,
    float *y, size_t y_stride, bool add) {
    const size_t panel_bytes = columns * 64;
    lanes sum[MOST_UNITS][TILE_VECTORS];
    FLOW_UNROLL for (int u = 0; u < 2 * panels; u++) {
        FLOW_UNROLL for (int v = 0; v < vectors; v++) sum[u][v] = lanes_of(0);
    }
    for (size_t k = 0; k + 1 < columns; k += 2)
        BRAIN_NAME(brain_step)(panels, vectors, w + k * 64, panel_bytes, false, x + k, x_stride, sum);
    if (columns % 2)
        BRAIN_NAME(brain_step)(
            panels, vectors, w + (columns - 1) * 64, panel_bytes, true, x + columns - 1, x_stride, sum);
    FLOW_UNROLL for (int v = 0; v < vectors; v++) {
        FLOW_UNROLL for (int p = 0; p < panels; p++) {
            float *out = y + v * y_stride + p * 2 * LANES;
            const lanes low = brain_first_rows(sum[2 * p][v], sum[2 * p + 1][v]);
            const lanes high = brain_last_rows(sum[2 * p][v], sum[2 * p + 1][v]);
            lanes_store(out, add ? lanes_load(out) + low : low);
            lanes_store(out + LANES, add ? lanes_load(out + LANES) + high : high);
        }
    }
}

/// `panels` panels by a fixed number of vectors: wide microtiles first, then single panels.
#define BRAIN_PRODUCT_OF(vectors, wide)                                                                              \
    static void BRAIN_NAME(brain_product_##vectors)(                                                                 \
        const uint8_t *w, size_t panels, size_t columns, const uint16_t *x, size_t x_stride, float *y,               \
        size_t y_stride, bool add) {                                                                                 \
        size_t panel = 0;                                                                                            \
        for (; panel + (wide) <= panels; panel += (wide))                                                            \
            BRAIN_NAME(brain_microtile)(                                                                             \
                wide, vectors, w + panel * columns * 64, columns, x, x_stride, y + panel * 32, y_stride, add);       \
        for (; panel < panels; panel++)                                                                              \
            BRAIN_NAME(brain_microtile)(                                                                             \
                1, vectors, w + panel * columns * 64, columns, x, x_stride, y + panel * 32, y_stride, add);          \
    }
BRAIN_PRODUCT_OF(1, FLOW_PATH_LEVEL == 2 ? 4 : 2)
BRAIN_PRODUCT_OF(2, FLOW_PATH_LEVEL == 2 ? 2 : 1)
BRAIN_PRODUCT_OF(3, FLOW_PATH_LEVEL == 2 ? 2 : 1)
BRAIN_PRODUCT_OF(4, FLOW_PATH_LEVEL == 2 ? 2 : 1)
#if FLOW_PATH_LEVEL == 2
BRAIN_PRODUCT_OF(5, 1)
BRAIN_PRODUCT_OF(6, 1)
BRAIN_PRODUCT_OF(7, 1)
BRAIN_PRODUCT_OF(8, 1)
#endif

static const brain_function BRAIN_NAME(brain_products)[TILE_VECTORS] = {
    BRAIN_NAME(brain_product_1), BRAIN_NAME(brain_product_2), BRAIN_NAME(brain_product_3), BRAIN_NAME(brain_product_4),
#if FLOW_PATH_LEVEL == 2
    BRAIN_NAME(brain_product_5), BRAIN_NAME(brain_product_6), BRAIN_NAME(brain_product_7), BRAIN_NAME(brain_product_8),
#endif
};

#undef BRAIN_NAME
#undef BRAIN_NAME_WITH
#undef BRAIN_NAME_OF
#undef BRAIN_PRODUCT_OF
