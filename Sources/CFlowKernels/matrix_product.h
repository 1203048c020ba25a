// SPDX-License-Identifier: Apache-2.0
//
// Panels times vectors. A microtile is some units of 16 rows by some vectors, all sums in registers over the whole
// inner dimension; which microtile computes an output never changes its bits.

/// The most vectors of a microtile, and its units: as many sums as the path has registers for.
#if FLOW_PATH_LEVEL == 2
enum { TILE_VECTORS = 8, UNITS_FOR_1 = 8, UNITS_FOR_2 = 4, UNITS_FOR_FEW = 4, UNITS_FOR_MANY = 2 };
#else
enum { TILE_VECTORS = 4, UNITS_FOR_1 = 4, UNITS_FOR_2 = 2, UNITS_FOR_FEW = 1, UNITS_FOR_MANY = 1 };
#endif
/// Panels that one walk over the vectors uses: half a second-level cache at most for usual inner dimensions.
enum { GROUP_PANELS = 4, MOST_UNITS = 8 };
/// How far ahead weights are asked for: further than memory's latency while some vectors are multiplied, and beyond the
/// page, since the processor's own prefetcher stops at its end. Measured with 1 to 8 vectors; half or twice the
/// distance costs up to a third. Asking for memory behind the matrix does no harm.
enum { PREFETCH_BYTES = 8192, PREFETCH_NIBBLES_BYTES = 6144 };

FLOW_INLINE size_t number_bytes(const int kind) {
    if (kind == FLOW_NUMBER_INT8) return 1;
    return kind == FLOW_NUMBER_F32 ? 4 : 2;
}

/// Sixteen numbers of a float kind, widened; or signed bytes as they are, whose scales the caller knows.
FLOW_INLINE lanes lanes_load_kind(const int kind, const void *x) {
    switch (kind) {
    case FLOW_NUMBER_F16:
        return lanes_load_half(x);
    case FLOW_NUMBER_BF16:
        return lanes_load_brain(x);
    case FLOW_NUMBER_INT8:
        return floats_of_signed(x);
    default:
        return lanes_load((const float *)x);
    }
}

/// sums of `units` units of rows from unit `first` of the panels at w, for `vectors` vectors.
FLOW_INLINE void product_microtile(
    const int units, const int vectors, const int kind, const uint8_t *w, size_t first, size_t columns, size_t ahead,
    const float *x, size_t x_stride, float *y, size_t y_stride, bool add) {
    const size_t unit_bytes = LANES * number_bytes(kind), step = 2 * unit_bytes, panel_bytes = columns * step;
    const uint8_t *start[MOST_UNITS];
    lanes sum[MOST_UNITS][TILE_VECTORS];
    FLOW_UNROLL for (int u = 0; u < units; u++) {
        start[u] = w + (first + u) / 2 * panel_bytes + (first + u) % 2 * unit_bytes;
        FLOW_UNROLL for (int v = 0; v < vectors; v++) sum[u][v] = lanes_of(0);
    }
    for (size_t k = 0; k < columns; k++) {
        lanes weight[MOST_UNITS];
        FLOW_UNROLL for (int u = 0; u < units; u++) {
            const uint8_t *at = start[u] + k * step;
            // Two units of narrower numbers share a cache line.
            if (kind == FLOW_NUMBER_F32 || u % 2 == 0) __builtin_prefetch(at + ahead, 0, 3);
            weight[u] = lanes_load_kind(kind, at);
        }
        FLOW_UNROLL for (int v = 0; v < vectors; v++) {
            const lanes number = lanes_of(x[v * x_stride + k]);
            FLOW_UNROLL for (int u = 0; u < units; u++) sum[u][v] = lanes_fma(weight[u], number, sum[u][v]);
        }
    }
    FLOW_UNROLL for (int v = 0; v < vectors; v++) {
        FLOW_UNROLL for (int u = 0; u < units; u++) {
            float *out = y + v * y_stride + (first + u) * LANES;
            lanes_store(out, add ? lanes_load(out) + sum[u][v] : sum[u][v]);
        }
    }
}

/// `panels` panels by a fixed number of vectors: wide microtiles first, then narrower ones for what is left.
#define PRODUCT_OF(name, units, vectors, kind)                                                                       \
    static void name(                                                                                                \
        const uint8_t *w, size_t panels, size_t columns, size_t ahead, const float *x, size_t x_stride, float *y,    \
        size_t y_stride, bool add) {                                                                                 \
        size_t unit = 0;                                                                                             \
        for (; unit + (units) <= 2 * panels; unit += (units))                                                        \
            product_microtile(units, vectors, kind, w, unit, columns, ahead, x, x_stride, y, y_stride, add);         \
        for (; (units) > 4 && unit + 4 <= 2 * panels; unit += 4)                                                     \
            product_microtile(4, vectors, kind, w, unit, columns, ahead, x, x_stride, y, y_stride, add);             \
        for (; (units) > 2 && unit + 2 <= 2 * panels; unit += 2)                                                     \
            product_microtile(2, vectors, kind, w, unit, columns, ahead, x, x_stride, y, y_stride, add);             \
    }
#define PRODUCTS_OF(suffix, kind)                            \
    PRODUCT_OF(product_1##suffix, UNITS_FOR_1, 1, kind)      \
    PRODUCT_OF(product_2##suffix, UNITS_FOR_2, 2, kind)      \
    PRODUCT_OF(product_3##suffix, UNITS_FOR_FEW, 3, kind)    \
    PRODUCT_OF(product_4##suffix, UNITS_FOR_FEW, 4, kind)
PRODUCTS_OF(_f32, FLOW_NUMBER_F32)
PRODUCTS_OF(_f16, FLOW_NUMBER_F16)
PRODUCTS_OF(_bf16, FLOW_NUMBER_BF16)
PRODUCTS_OF(_int8, FLOW_NUMBER_INT8)
#if FLOW_PATH_LEVEL == 2
#define MORE_PRODUCTS_OF(suffix, kind)                       \
    PRODUCT_OF(product_5##suffix, UNITS_FOR_MANY, 5, kind)   \
    PRODUCT_OF(product_6##suffix, UNITS_FOR_MANY, 6, kind)   \
    PRODUCT_OF(product_7##suffix, UNITS_FOR_MANY, 7, kind)   \
    PRODUCT_OF(product_8##suffix, UNITS_FOR_MANY, 8, kind)
MORE_PRODUCTS_OF(_f32, FLOW_NUMBER_F32)
MORE_PRODUCTS_OF(_f16, FLOW_NUMBER_F16)
MORE_PRODUCTS_OF(_bf16, FLOW_NUMBER_BF16)
MORE_PRODUCTS_OF(_int8, FLOW_NUMBER_INT8)
#endif

typedef void (*product_function)(
    const uint8_t *, size_t, size_t, size_t, const float *, size_t, float *, size_t, bool);
static const product_function products[4][TILE_VECTORS] = {
#if FLOW_PATH_LEVEL == 2
    {product_1_f32, product_2_f32, product_3_f32, product_4_f32, product_5_f32, product_6_f32, product_7_f32,
     product_8_f32},
    {product_1_f16, product_2_f16, product_3_f16, product_4_f16, product_5_f16, product_6_f16, product_7_f16,
     product_8_f16},
    {product_1_bf16, product_2_bf16, product_3_bf16, product_4_bf16, product_5_bf16, product_6_bf16, product_7_bf16,
     product_8_bf16},
    {product_1_int8, product_2_int8, product_3_int8, product_4_int8, product_5_int8, product_6_int8, product_7_int8,
     product_8_int8},
#else
    {product_1_f32, product_2_f32, product_3_f32, product_4_f32},
    {product_1_f16, product_2_f16, product_3_f16, product_4_f16},
    {product_1_bf16, product_2_bf16, product_3_bf16, product_4_bf16},
    {product_1_int8, product_2_int8, product_3_int8, product_4_int8},
#endif
};

/// The product of neighbouring panels with any number of vectors; memory is asked for `ahead` bytes ahead.
static void product_of_panels(
    const uint8_t *w, size_t panels, size_t columns, flow_number kind, size_t ahead, const float *x, size_t x_stride,
    size_t vectors, float *y, size_t y_stride, bool add) {
    for (size_t v = 0; v < vectors; v += TILE_VECTORS) {
        const size_t some = vectors - v < TILE_VECTORS ? vectors - v : TILE_VECTORS;
        products[kind][some - 1](
            w, panels, columns, ahead, x + v * x_stride, x_stride, y + v * y_stride, y_stride, add);
    }
}

static void matrix_product(
    const flow_matrix *matrix, size_t first_panel, size_t last_panel, const float *x, size_t x_stride, size_t vectors,
    float *y, size_t y_stride, bool add) {
    const flow_number kind = matrix->number;
    const size_t panel_bytes = matrix->columns * 2 * LANES * number_bytes(kind);
    for (size_t panel = first_panel; panel < last_panel; panel += GROUP_PANELS) {
        const size_t panels = last_panel - panel < GROUP_PANELS ? last_panel - panel : GROUP_PANELS;
        product_of_panels(
            (const uint8_t *)matrix->panels + panel * panel_bytes, panels, matrix->columns, kind, PREFETCH_BYTES, x,
            x_stride, vectors, y + panel * 2 * LANES, y_stride, add);
    }
}
