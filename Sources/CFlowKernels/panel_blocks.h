// SPDX-License-Identifier: Apache-2.0
//
// Quantised panels: where the parts of a block lie, how its numbers are taken out, and the dot product of four bytes.
//
// A step is four neighbouring columns; its weights are 2 units x 64 bytes, 16 rows of 4 bytes each, all unsigned.
//     int8          block of 32 columns: F16 scales [32 rows], 8 steps of bytes (number + 128)
//     int4          block of 32 columns: F16 scales [32], 4 double steps: low nibbles are columns 4s ..< 4s + 4, high ones
//                   16 columns further (number + 8)
//     int4 scaled   8 blocks behind F16 scales [32] and F16 minima [32]; block: scale bytes [32], minimum bytes [32], 4
//                   double steps; number = scale * scale byte * nibble - minimum * minimum byte
//     int6 scaled   8 blocks behind F16 scales [32]; block: signed scale bytes [2 halves of 16 columns][32], 4 double steps,
//                   upper bits [2 halves][2 units][64 bytes], two bits for each of the half's steps (number + 32)

enum {
    STEP_BYTES = 128,
    SCALES_BYTES = 64,
    NIBBLES_BYTES = 4 * STEP_BYTES,
    UPPER_BYTES = 2 * STEP_BYTES,
    INT8_BYTES = SCALES_BYTES + 8 * STEP_BYTES,
    INT4_BYTES = SCALES_BYTES + NIBBLES_BYTES,
    INT4_SCALED_BLOCK = SCALES_BYTES + NIBBLES_BYTES,
    INT4_SCALED_BYTES = 2 * SCALES_BYTES + 8 * INT4_SCALED_BLOCK,
    INT6_SCALED_BLOCK = SCALES_BYTES + NIBBLES_BYTES + UPPER_BYTES,
    INT6_SCALED_BYTES = SCALES_BYTES + 8 * INT6_SCALED_BLOCK,
    BLOCK = FLOW_BLOCK_NUMBERS
};

typedef int32_t lane_ints __attribute__((vector_size(64)));
typedef uint8_t lane_bytes __attribute__((vector_size(64)));
typedef uint16_t lane_shorts __attribute__((vector_size(64)));
typedef uint8_t sixteen_bytes __attribute__((vector_size(16), aligned(1), may_alias));
typedef int8_t sixteen_signed __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint8_t bytes_in_memory __attribute__((vector_size(64), aligned(1), may_alias));

/// The block of 32 columns in a panel, and what stands before its group of eight where the kind has that.
typedef struct panel_block {
    const uint8_t *group;
    const uint8_t *own;
} panel_block;

FLOW_INLINE panel_block block_of(const int kind, const uint8_t *panel, size_t block) {
    const uint8_t *group;
    switch (kind) {
    case FLOW_NUMBER_INT8:
        return (panel_block){panel, panel + block * INT8_BYTES};
    case FLOW_NUMBER_INT4:
        return (panel_block){panel, panel + block * INT4_BYTES};
    case FLOW_NUMBER_INT4_SCALED:
        group = panel + block / 8 * INT4_SCALED_BYTES;
        return (panel_block){group, group + 2 * SCALES_BYTES + block % 8 * INT4_SCALED_BLOCK};
    default:
        group = panel + block / 8 * INT6_SCALED_BYTES;
        return (panel_block){group, group + SCALES_BYTES + block % 8 * INT6_SCALED_BLOCK};
    }
}

FLOW_INLINE lane_ints ints_of(int32_t x) { return (lane_ints){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
FLOW_INLINE lanes floats_of(lane_ints x) { return __builtin_convertvector(x, lanes); }
FLOW_INLINE lanes floats_of_bytes(const uint8_t *x) {
    return floats_of(__builtin_convertvector(*(const sixteen_bytes *)x, lane_ints));
}
FLOW_INLINE lanes floats_of_signed(const uint8_t *x) {
    return floats_of(__builtin_convertvector(*(const sixteen_signed *)x, lane_ints));
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

/// Adds to each lane the dot product of its four unsigned weights with four signed activations. Without `wide` weights
/// are at most 63. With it AVX2, whose products of bytes saturate, subtracts the 128 of the weights again: see
/// dot_start.
FLOW_INLINE lane_ints add_dots(const bool wide, lane_ints sum, lane_bytes weights, int32_t four) {
#if FLOW_PATH_LEVEL == 2
    return (lane_ints)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)weights, _mm512_set1_epi32(four));
#elif FLOW_PATH_LEVEL == 1
    __m256i parts[2], sums[2];
    memcpy(parts, &weights, sizeof parts);
    memcpy(sums, &sum, sizeof sums);
    FLOW_UNROLL for (int i = 0; i < 2; i++) {
        __m256i left = parts[i], right = _mm256_set1_epi32(four);
        if (wide) {
            left = _mm256_xor_si256(left, _mm256_set1_epi8((char)0x80));
            right = _mm256_sign_epi8(right, left);
            left = _mm256_abs_epi8(left);
        }
        const __m256i pairs = _mm256_maddubs_epi16(left, right);
        sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }
    memcpy(&sum, sums, sizeof sum);
    return sum;
#else
    const lane_ints all = (lane_ints)weights;
    const uint32_t bits = (uint32_t)four;
    sum += (all & 255) * ints_of((int8_t)bits);
    sum += ((all >> 8) & 255) * ints_of((int8_t)(bits >> 8));
    sum += ((all >> 16) & 255) * ints_of((int8_t)(bits >> 16));
    return sum + ((all >> 24) & 255) * ints_of((int8_t)(bits >> 24));
#endif
}

/// Where sums of dots start so that they end free of the weights' offset.
FLOW_INLINE lane_ints dot_start(const int kind, const flow_block *x, const int half) {
    switch (kind) {
    case FLOW_NUMBER_INT8:
        return FLOW_PATH_LEVEL == 1 ? ints_of(0) : ints_of(x->minus_sum) << 7;
    case FLOW_NUMBER_INT4:
        return ints_of(x->minus_sum) << 3;
    case FLOW_NUMBER_INT4_SCALED:
        return ints_of(0);
    default:
        return ints_of(x->minus_half_sum[half]) << 5;
    }
}
