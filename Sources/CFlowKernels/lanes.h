// SPDX-License-Identifier: Apache-2.0
//
// Sixteen numbers at a time. Included by each path with FLOW_PATH_LEVEL set (0 portable, 1 AVX2, 2 AVX-512); the
// compiler lowers the vectors to what the path has, and conversions to and from halves are given by hand.
#ifndef FLOW_LANES_H
#define FLOW_LANES_H

#include "kernel_table.h"
#include <math.h>
#include <string.h>
#if FLOW_PATH_LEVEL > 0
#include <immintrin.h>
#endif

// The portable path passes wide vectors between inlined functions only, so their calling convention does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

#define FLOW_INLINE static inline __attribute__((always_inline))
#define FLOW_UNROLL _Pragma("clang loop unroll(full)")

enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(64)));
typedef uint32_t lane_bits __attribute__((vector_size(64)));
typedef uint16_t shorts_in_memory __attribute__((vector_size(32), aligned(2), may_alias));
typedef float lanes_in_memory __attribute__((vector_size(64), aligned(4), may_alias));

#if FLOW_PATH_LEVEL == 2
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), \
                             apply_to = function)
#elif FLOW_PATH_LEVEL == 1
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#endif

FLOW_INLINE lanes lanes_load(const float *x) { return *(const lanes_in_memory *)x; }
FLOW_INLINE void lanes_store(float *x, lanes v) { *(lanes_in_memory *)x = v; }
FLOW_INLINE lanes lanes_of(float x) { return (lanes){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
FLOW_INLINE lanes lanes_fma(lanes a, lanes b, lanes c) { return __builtin_elementwise_fma(a, b, c); }

/// The first `count` numbers, zeros behind them.
FLOW_INLINE lanes lanes_load_part(const float *x, size_t count) {
    float part[LANES] = {0};
    memcpy(part, x, count * sizeof(float));
    return lanes_load(part);
}

FLOW_INLINE void lanes_store_part(float *x, lanes v, size_t count) {
    float part[LANES];
    lanes_store(part, v);
    memcpy(x, part, count * sizeof(float));
}

/// mask ? a : b; a mask is all ones or all zeros in each lane.
FLOW_INLINE lanes lanes_select(lane_bits mask, lanes a, lanes b) {
    return (lanes)(((lane_bits)a & mask) | ((lane_bits)b & ~mask));
}

/// The larger one of each lane; b where either is not a number.
FLOW_INLINE lanes lanes_larger(lanes a, lanes b) { return lanes_select((lane_bits)(a > b), a, b); }

typedef float eight_lanes __attribute__((vector_size(32)));
typedef float four_lanes __attribute__((vector_size(16)));

/// The sum of all lanes, always as the same tree: halves are added until one number is left.
FLOW_INLINE float lanes_sum(lanes v) {
    const eight_lanes eight = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)
                              + __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    const four_lanes four =
        __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
    return (four[0] + four[2]) + (four[1] + four[3]);
}

/// The largest lane; lanes must be numbers.
FLOW_INLINE float lanes_maximum(lanes v) {
    const eight_lanes eight = __builtin_elementwise_max(
        __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7),
        __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15));
    const four_lanes four = __builtin_elementwise_max(
        __builtin_shufflevector(eight, eight, 0, 1, 2, 3), __builtin_shufflevector(eight, eight, 4, 5, 6, 7));
    const float left = four[0] > four[2] ? four[0] : four[2], right = four[1] > four[3] ? four[1] : four[3];
    return left > right ? left : right;
}

/// The bits of a number as a half, rounded to nearest even; quiet where it is not a number.
FLOW_INLINE uint16_t half_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    const uint32_t sign = (bits >> 16) & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00 | ((magnitude >> 13) & 0x3ff));
    if (magnitude >= 0x477ff000) return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x38800000) {
        // Below the smallest normal half, adding 0.5 lets the processor round at the right bit.
        float shifted;
        memcpy(&shifted, &magnitude, 4);
        shifted += 0.5f;
        memcpy(&bits, &shifted, 4);
        return (uint16_t)(sign | (bits - 0x3f000000));
    }
    return (uint16_t)(sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13));
}

#if FLOW_PATH_LEVEL == 2
FLOW_INLINE lanes lanes_load_half(const void *x) {
    return (lanes)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)x));
}
FLOW_INLINE void lanes_store_half(void *x, lanes v) {
    _mm256_storeu_si256((__m256i *)x, _mm512_cvtps_ph((__m512)v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
#elif FLOW_PATH_LEVEL == 1
FLOW_INLINE lanes lanes_load_half(const void *x) {
    const __m128i *bits = (const __m128i *)x;
    const __m256 low = _mm256_cvtph_ps(_mm_loadu_si128(bits)), high = _mm256_cvtph_ps(_mm_loadu_si128(bits + 1));
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
FLOW_INLINE void lanes_store_half(void *x, lanes v) {
    const __m256 low = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
    const __m256 high = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    __m128i *bits = (__m128i *)x;
    _mm_storeu_si128(bits, _mm256_cvtps_ph(low, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    _mm_storeu_si128(bits + 1, _mm256_cvtps_ph(high, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
#else
FLOW_INLINE lanes lanes_load_half(const void *x) {
    uint16_t bits[LANES];
    memcpy(bits, x, sizeof bits);
    lane_bits wide;
    FLOW_UNROLL for (int i = 0; i < LANES; i++) wide[i] = bits[i];
    const lane_bits sign = (wide & 0x8000) << 16, magnitude = (wide & 0x7fff) << 13;
    // 2^112 moves the exponent's origin from a half's to a float's, exactly and for subnormals too.
    const lane_bits finite = (lane_bits)((lanes)magnitude * 0x1p112f);
    const lane_bits special = magnitude | 0x7f800000 | ((lane_bits)(magnitude > 0x0f800000) & 0x400000);
    const lane_bits is_special = (lane_bits)(magnitude >= 0x0f800000);
    return (lanes)(sign | (special & is_special) | (finite & ~is_special));
}
FLOW_INLINE void lanes_store_half(void *x, lanes v) {
    uint16_t bits[LANES];
    FLOW_UNROLL for (int i = 0; i < LANES; i++) bits[i] = half_bits(v[i]);
    memcpy(x, bits, sizeof bits);
}
#endif

/// Numbers whose bits are the upper halves of floats' bits.
FLOW_INLINE lanes lanes_load_brain(const void *x) {
    return (lanes)(__builtin_convertvector(*(const shorts_in_memory *)x, lane_bits) << 16);
}

/// e^x in each lane: x = n ln 2 + r, a polynomial of degree 7 in r, and n added to the exponent.
FLOW_INLINE lanes lanes_exponential(lanes x) {
    const lanes low = lanes_of(-87.0f), high = lanes_of(88.0f), origin = lanes_of(0x1.8p23f);
    const lanes inside = lanes_select((lane_bits)(x > high), high, lanes_select((lane_bits)(x < low), low, x));
    const lanes shifted = lanes_fma(inside, lanes_of(0x1.715476p0f), origin);
    const lanes n = shifted - origin;
    lanes r = lanes_fma(n, lanes_of(-0x1.62e400p-1f), inside);
    r = lanes_fma(n, lanes_of(-0x1.7f7d1cp-20f), r);
    lanes p = lanes_of(0x1.a01a02p-13f);
    p = lanes_fma(p, r, lanes_of(0x1.6c16c2p-10f));
    p = lanes_fma(p, r, lanes_of(0x1.111112p-7f));
    p = lanes_fma(p, r, lanes_of(0x1.555556p-5f));
    p = lanes_fma(p, r, lanes_of(0x1.555556p-3f));
    p = lanes_fma(p, r, lanes_of(0.5f));
    p = lanes_fma(p, r, lanes_of(1.0f));
    p = lanes_fma(p, r, lanes_of(1.0f));
    const lanes scaled = (lanes)((lane_bits)p + (((lane_bits)shifted - (lane_bits)origin) << 23));
    const lanes positive = lanes_select((lane_bits)(x < low), lanes_of(0), scaled);
    return lanes_select((lane_bits)(x == x), positive, x);
}

#if FLOW_PATH_LEVEL > 0
#pragma clang attribute pop
#endif
#endif
