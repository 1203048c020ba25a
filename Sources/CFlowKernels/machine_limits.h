// SPDX-License-Identifier: Apache-2.0
//
// Loops that do nothing but what a kernel cannot do without: the measure that kernels are held against.

/// How far ahead the read loop asks for memory: whole pages, since the processor's own prefetcher stops at their ends.
enum { READ_AHEAD_BYTES = 4096 };

static uint64_t read_all(const void *memory, size_t count) {
    lane_bits sums[8];
    FLOW_UNROLL for (int i = 0; i < 8; i++) sums[i] = (lane_bits){};
    const uint8_t *at = memory;
    for (size_t step = 0; step < count / 512; step++, at += 512) {
        FLOW_UNROLL for (int i = 0; i < 8; i++) {
            __builtin_prefetch(at + READ_AHEAD_BYTES + i * 64, 0, 3);
            sums[i] ^= (lane_bits)bytes_load(at + i * 64);
        }
    }
    FLOW_UNROLL for (int i = 1; i < 8; i++) sums[0] ^= sums[i];
    uint64_t folded = 0;
    for (int i = 0; i < LANES; i += 2) folded ^= (uint64_t)sums[0][i] << 32 | sums[0][i + 1];
    return folded;
}

#if FLOW_PATH_LEVEL == 1
/// 1,024 products of bytes in a round: four times eight registers of them, of factors that the compiler must take for
/// different ones each time, or it multiplies once and adds the same again and again. `add` adds the products of weights
/// and activations to a sum.
#define MULTIPLY_256(name, add)                                                                                       \
    static int32_t name(size_t rounds) {                                                                              \
        __m256i sums[8], weights[2], fours[4];                                                                        \
        const __m256i ones = _mm256_set1_epi16(1);                                                                    \
        (void)ones;                                                                                                   \
        FLOW_UNROLL for (int i = 0; i < 8; i++) sums[i] = _mm256_set1_epi32(i);                                       \
        FLOW_UNROLL for (int i = 0; i < 2; i++) weights[i] = _mm256_set1_epi8((char)(i + 3));                         \
        FLOW_UNROLL for (int i = 0; i < 4; i++) fours[i] = _mm256_set1_epi32(0x01020304 + i);                         \
        for (size_t part = 0; part < 4 * rounds; part++) {                                                            \
            __asm__ volatile("" : "+x"(weights[0]), "+x"(weights[1]), "+x"(fours[0]), "+x"(fours[1]));                \
            __asm__ volatile("" : "+x"(fours[2]), "+x"(fours[3]));                                                    \
            FLOW_UNROLL for (int i = 0; i < 8; i++) sums[i] = add(sums[i], weights[i % 2], fours[i / 2], ones);       \
        }                                                                                                             \
        FLOW_UNROLL for (int i = 1; i < 8; i++) sums[0] = _mm256_add_epi32(sums[0], sums[i]);                         \
        return _mm256_extract_epi32(sums[0], 0);                                                                      \
    }
#define ADD_BYTES(sum, w, x, ones) _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(w, x), ones))
#define ADD_NIBBLES(sum, w, x, ones) _mm256_add_epi16(sum, _mm256_maddubs_epi16(w, x))
MULTIPLY_256(multiply_bytes, ADD_BYTES)
MULTIPLY_256(multiply_nibbles, ADD_NIBBLES)
#else
static int32_t multiply_bytes(size_t rounds) {
    lane_ints sums[16];
    FLOW_UNROLL for (int i = 0; i < 16; i++) sums[i] = ints_of(i);
    lane_bytes weights = (lane_bytes){} + 3;
    for (size_t round = 0; round < rounds; round++) {
        // Weights that differ from round to round leave the compiler nothing to take out of the loop.
        weights ^= (lane_bytes)ints_of((int32_t)round & 0x07070707);
        FLOW_UNROLL for (int i = 0; i < 16; i++) sums[i] = add_dots(sums[i], weights, 0x01020304);
    }
    lane_bits all = (lane_bits)sums[0];
    FLOW_UNROLL for (int i = 1; i < 16; i++) all = all * 31 + (lane_bits)sums[i];
    uint32_t folded = 0;
    for (int i = 0; i < LANES; i++) folded = folded * 31 + all[i];
    return (int32_t)folded;
}

/// Dots of four bytes are one instruction, whatever the bytes are.
static int32_t multiply_nibbles(size_t rounds) { return multiply_bytes(rounds); }
#endif

static float multiply_floats(size_t rounds) {
    lanes sums[16];
    FLOW_UNROLL for (int i = 0; i < 16; i++) sums[i] = lanes_of((float)i);
    const lanes factor = lanes_of(0.5f);
    for (size_t round = 0; round < rounds; round++) {
        const lanes term = lanes_of((float)(round & 7));
        FLOW_UNROLL for (int i = 0; i < 16; i++) sums[i] = lanes_fma(sums[i], factor, term);
    }
    FLOW_UNROLL for (int i = 1; i < 16; i++) sums[0] += sums[i];
    return lanes_sum(sums[0]);
}
