// SPDX-License-Identifier: Apache-2.0
//
// Quantised panels: where the parts of a block lie, how its numbers are taken out, and the dot product of four bytes.
//
// A step is four neighbouring columns; its weights are 2 units x 64 bytes, 16 rows of 4 bytes each, all unsigned. The
// numbers of a small block of 32 columns:
//     8 bits        8 steps of bytes
//     nibbles       4 double steps: low nibbles are columns 4s ..< 4s + 4, high ones 16 columns further
//     2 bits        [2 halves of 16 columns][2 units][64 bytes], two bits for each of the half's steps, step 0 lowest
//     6 bits        nibbles, then as 2 bits their upper bits
// What stands before them, F16 scales [32 rows] always first, and what a number is:
//     int8, int4    scales; scale * (bits - 128 or 8)
//     codebook      scales; scale * codebook[nibble]
//     int4 minima, int6 minima
//                   scales, F16 minima [32]; scale * bits - minimum
//     int4 scaled, int6 scaled minima
//                   8 small blocks behind scales and minima; each: scale bytes [32], minimum bytes [32];
//                   scale * scale byte * bits - minimum * minimum byte
//     int2 scaled   8 small blocks behind scales and minima; each: bytes [2 halves][32], low nibbles are
//                   scale bytes, high ones minimum bytes; as above
//     int6 scaled   8 small blocks behind scales; each: signed scale bytes [2 halves][32]; scale * byte * (bits - 32)
//     codebook scaled
//                   8 small blocks behind scales and all their signed scale bytes [8][32];
//                   scale * byte * codebook[nibble]

#include "panel_shapes.h"

enum { STEP_BYTES = 128, SCALES_BYTES = 64, NIBBLES_BYTES = 4 * STEP_BYTES, BLOCK = FLOW_BLOCK_NUMBERS };

/// The numbers that the nibbles of a codebook stand for, plus 128.
static const uint8_t codebook[16] __attribute__((aligned(16))) = {1,   24,  45,  63,  79,  93,  106, 118,
                                                                 129, 141, 153, 166, 181, 197, 217, 241};

typedef int32_t lane_ints __attribute__((vector_size(64)));
typedef uint8_t lane_bytes __attribute__((vector_size(64)));
typedef uint16_t lane_shorts __attribute__((vector_size(64)));
typedef uint8_t sixteen_bytes __attribute__((vector_size(16), aligned(1), may_alias));
typedef int8_t sixteen_signed __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint8_t bytes_in_memory __attribute__((vector_size(64), aligned(1), may_alias));

/// A small block in a panel.
typedef struct panel_block {
    const uint8_t *group;   ///< the F16 scales, then F16 minima where the kind has them
    const uint8_t *scales;  ///< the bytes that scale again, where the kind has them
    const uint8_t *numbers; ///< the first step
} panel_block;

FLOW_INLINE panel_block block_of(const int kind, const uint8_t *panel, size_t block) {
    const panel_shape shape = shape_of(kind);
    const uint8_t *group = panel + block / shape.blocks * group_bytes(shape);
    const size_t place = block % shape.blocks;
    const uint8_t *own = group + shape.group_head + place * (shape.block_head + shape.number_bytes);
    const bool is_ahead = kind == FLOW_NUMBER_CODEBOOK_SCALED;
    return (panel_block){group, is_ahead ? group + SCALES_BYTES + place * 32 : own, own + shape.block_head};
}

/// Whether each half of 16 columns has a scale of its own.
FLOW_INLINE bool has_half_scales(const int kind) {
    return kind == FLOW_NUMBER_INT6_SCALED || kind == FLOW_NUMBER_INT2_SCALED;
}

/// Whether numbers have a minimum subtracted.
FLOW_INLINE bool has_minima(const int kind) {
    return kind == FLOW_NUMBER_INT4_SCALED || kind == FLOW_NUMBER_INT4_MINIMA || kind == FLOW_NUMBER_INT6_MINIMA
           || kind == FLOW_NUMBER_INT6_SCALED_MINIMA || kind == FLOW_NUMBER_INT2_SCALED;
}

/// Whether numbers are looked up.
FLOW_INLINE bool has_codebook(const int kind) {
    return kind == FLOW_NUMBER_CODEBOOK || kind == FLOW_NUMBER_CODEBOOK_SCALED;
}

/// Whether nibbles have two upper bits behind them.
FLOW_INLINE bool has_upper_bits(const int kind) {
    return kind == FLOW_NUMBER_INT6_SCALED || kind == FLOW_NUMBER_INT6_MINIMA || kind == FLOW_NUMBER_INT6_SCALED_MINIMA;
}

/// Whether weights need all eight bits.
FLOW_INLINE bool is_wide(const int kind) { return kind == FLOW_NUMBER_INT8 || has_codebook(kind); }

FLOW_INLINE lane_ints ints_of(int32_t x) { return (lane_ints){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
FLOW_INLINE lanes floats_of(lane_ints x) { return __builtin_convertvector(x, lanes); }
FLOW_INLINE lanes floats_of_bytes(const uint8_t *x) {
    return floats_of(__builtin_convertvector(*(const sixteen_bytes *)x, lane_ints));
}
FLOW_INLINE lanes floats_of_signed(const uint8_t *x) {
    return floats_of(__builtin_convertvector(*(const sixteen_signed *)x, lane_ints));
}
FLOW_INLINE lanes floats_of_nibbles(const uint8_t *x, const int shift) {
    return floats_of(__builtin_convertvector(*(const sixteen_bytes *)x, lane_ints) >> shift & 15);
}
FLOW_INLINE lane_bytes bytes_load(const uint8_t *x) { return *(const bytes_in_memory *)x; }
FLOW_INLINE lane_bytes low_nibbles(lane_bytes x) { return x & 15; }
// Shifts of bytes do not exist: wider lanes are shifted, and what came from the neighbour is masked.
FLOW_INLINE lane_bytes high_nibbles(lane_bytes x) { return (lane_bytes)((lane_shorts)x >> 4) & 15; }

/// The two upper bits of step `step` of a half, in bits 4 and 5.
FLOW_INLINE lane_bytes upper_bits(const int step, lane_bytes x) {
    const lane_shorts wide = (lane_shorts)x;
    return (lane_bytes)(step < 2 ? wide << (4 - 2 * step) : wide >> (2 * step - 4)) & 48;
}

/// The two bits of step `step` of a half.
FLOW_INLINE lane_bytes two_bits(const int step, lane_bytes x) { return (lane_bytes)((lane_shorts)x >> (2 * step)) & 3; }

/// What nibbles stand for in the codebook, plus 128.
FLOW_INLINE lane_bytes looked_up(lane_bytes nibbles) {
#if FLOW_PATH_LEVEL == 2
    const __m512i table = _mm512_broadcast_i32x4(_mm_load_si128((const __m128i *)codebook));
    return (lane_bytes)_mm512_shuffle_epi8(table, (__m512i)nibbles);
#elif FLOW_PATH_LEVEL == 1
    const __m256i table = _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)codebook));
    __m256i parts[2];
    memcpy(parts, &nibbles, sizeof parts);
    FLOW_UNROLL for (int i = 0; i < 2; i++) parts[i] = _mm256_shuffle_epi8(table, parts[i]);
    memcpy(&nibbles, parts, sizeof parts);
    return nibbles;
#else
    for (int i = 0; i < 64; i++) nibbles[i] = codebook[nibbles[i]];
    return nibbles;
#endif
}

/// Adds to each lane the dot product of its four unsigned weights with four signed activations. AVX2, whose products of
/// bytes saturate, has a microtile of its own.
FLOW_INLINE lane_ints add_dots(lane_ints sum, lane_bytes weights, int32_t four) {
#if FLOW_PATH_LEVEL == 2
    return (lane_ints)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)weights, _mm512_set1_epi32(four));
#else
    const lane_ints all = (lane_ints)weights;
    const uint32_t bits = (uint32_t)four;
    sum += (all & 255) * ints_of((int8_t)bits);
    sum += ((all >> 8) & 255) * ints_of((int8_t)(bits >> 8));
    sum += ((all >> 16) & 255) * ints_of((int8_t)(bits >> 16));
    return sum + ((all >> 24) & 255) * ints_of((int8_t)(bits >> 24));
#endif
}

/// Where sums of dots start so that they end free of the weights' offset. AVX2 takes the offset off wide weights.
FLOW_INLINE lane_ints dot_start(const int kind, const flow_block *x, const int half) {
    switch (kind) {
    case FLOW_NUMBER_INT8:
    case FLOW_NUMBER_CODEBOOK:
    case FLOW_NUMBER_CODEBOOK_SCALED:
        return FLOW_PATH_LEVEL == 1 ? ints_of(0) : ints_of(x->minus_sum) << 7;
    case FLOW_NUMBER_INT4:
        return ints_of(x->minus_sum) << 3;
    case FLOW_NUMBER_INT6_SCALED:
        return ints_of(x->minus_half_sum[half]) << 5;
    default:
        return ints_of(0);
    }
}
