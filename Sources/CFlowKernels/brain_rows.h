// SPDX-License-Identifier: Apache-2.0
//
// What BF16 panels and vectors are read and written with, and the choice between the two ways to multiply them.

/// One column of a panel: 32 numbers of 16 bits.
typedef uint16_t brain_row __attribute__((vector_size(64)));
typedef uint16_t brain_row_in_memory __attribute__((vector_size(64), aligned(2), may_alias));
typedef void (*brain_function)(
    const uint8_t *, size_t, size_t, const uint16_t *, size_t, float *, size_t, bool);

FLOW_INLINE brain_row brain_load(const void *x) { return *(const brain_row_in_memory *)x; }

/// Pairs of two columns' numbers: of rows 0 to 3 of every eight, or of rows 4 to 7.
FLOW_INLINE lane_bits brain_low_pairs(brain_row a, brain_row b) {
    return (lane_bits)__builtin_shufflevector(
        a, b, 0, 32, 1, 33, 2, 34, 3, 35, 8, 40, 9, 41, 10, 42, 11, 43, 16, 48, 17, 49, 18, 50, 19, 51, 24, 56, 25, 57,
        26, 58, 27, 59);
}
FLOW_INLINE lane_bits brain_high_pairs(brain_row a, brain_row b) {
    return (lane_bits)__builtin_shufflevector(
        a, b, 4, 36, 5, 37, 6, 38, 7, 39, 12, 44, 13, 45, 14, 46, 15, 47, 20, 52, 21, 53, 22, 54, 23, 55, 28, 60, 29,
        61, 30, 62, 31, 63);
}

/// Rows 0 to 15, or 16 to 31, from the sums of such pairs.
FLOW_INLINE lanes brain_first_rows(lanes low, lanes high) {
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
}
FLOW_INLINE lanes brain_last_rows(lanes low, lanes high) {
    return __builtin_shufflevector(low, high, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
}

/// Numbers to BF16, to nearest even; what is not a number stays quiet.
static void brain_from_float(const float *x, size_t count, uint16_t *y) {
    for (size_t i = 0; i < count; i += LANES) {
        const size_t some = count - i < LANES ? count - i : LANES;
        const lanes v = some == LANES ? lanes_load(x + i) : lanes_load_part(x + i, some);
        const lane_bits bits = (lane_bits)v, rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
        const lane_bits is_number = (lane_bits)(v == v);
        const lane_bits brain = (rounded & is_number) | (((bits >> 16) | 0x40) & ~is_number);
        uint16_t part[LANES];
        *(shorts_in_memory *)part = __builtin_convertvector(brain, shorts_in_memory);
        memcpy(y + i, part, some * sizeof *y);
    }
}

#define BRAIN_NATIVE 0
#include "brain_product.h"
#undef BRAIN_NATIVE
#if FLOW_PATH_LEVEL == 2
// Of two targets a function has the outer one only, so the path's own ends meanwhile.
#pragma clang attribute pop
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16,avx2,fma,f16c"))), \
    apply_to = function)
#define BRAIN_NATIVE 1
#include "brain_product.h"
#undef BRAIN_NATIVE
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), \
                             apply_to = function)
#endif

static void brain_product(
    const flow_matrix *matrix, size_t first_panel, size_t last_panel, const uint16_t *x, size_t x_stride,
    size_t vectors, float *y, size_t y_stride, bool add) {
    const brain_function *products = brain_products_written_down;
#if FLOW_PATH_LEVEL == 2
    if (__builtin_cpu_supports("avx512bf16")) products = brain_products_native;
#endif
    const size_t panel_bytes = matrix->columns * 64;
    for (size_t panel = first_panel; panel < last_panel; panel += GROUP_PANELS) {
        const size_t panels = last_panel - panel < GROUP_PANELS ? last_panel - panel : GROUP_PANELS;
        for (size_t v = 0; v < vectors; v += TILE_VECTORS) {
            const size_t some = vectors - v < TILE_VECTORS ? vectors - v : TILE_VECTORS;
            products[some - 1](
                (const uint8_t *)matrix->panels + panel * panel_bytes, panels, matrix->columns, x + v * x_stride,
                x_stride, y + v * y_stride + panel * 2 * LANES, y_stride, add);
        }
    }
}
