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

static int32_t multiply_bytes(size_t rounds) {
    lane_ints sums[16];
    FLOW_UNROLL for (int i = 0; i < 16; i++) sums[i] = ints_of(i);
    lane_bytes weights = (lane_bytes){} + 3;
    for (size_t round = 0; round < rounds; round++) {
        // Weights that differ from round to round leave the compiler nothing to take out of the loop.
        weights ^= (lane_bytes)ints_of((int32_t)round & 0x07070707);
        FLOW_UNROLL for (int i = 0; i < 16; i++) sums[i] = add_dots(false, sums[i], weights, 0x01020304);
    }
    lane_bits all = (lane_bits)sums[0];
    FLOW_UNROLL for (int i = 1; i < 16; i++) all = all * 31 + (lane_bits)sums[i];
    uint32_t folded = 0;
    for (int i = 0; i < LANES; i++) folded = folded * 31 + all[i];
    return (int32_t)folded;
}

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
