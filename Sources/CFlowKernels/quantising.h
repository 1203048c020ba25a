// SPDX-License-Identifier: Apache-2.0
//
// Vectors to blocks of signed bytes: the one way for all batch sizes and paths.

static void quantise(const float *x, size_t count, flow_block *blocks) {
    const lanes origin = lanes_of(0x1.8p23f);
    for (size_t i = 0; i < count; i += BLOCK, blocks++) {
        const lanes part[2] = {lanes_load(x + i), lanes_load(x + i + LANES)};
        const lane_bits positive = (lane_bits){} + 0x7fffffff;
        const lanes low = (lanes)((lane_bits)part[0] & positive), high = (lanes)((lane_bits)part[1] & positive);
        const float largest = lanes_maximum(lanes_larger(low, high));
        // Zero times a number that is infinite or none is not a number, and so becomes the scale.
        const float poison = lanes_sum(part[0] * lanes_of(0) + part[1] * lanes_of(0));
        const bool is_nothing = largest < 0x1p-100f;
        const lanes inverse = lanes_of(is_nothing ? 0 : 127 / largest);
        blocks->scale = (is_nothing ? 0 : largest / 127) + poison;
        int32_t total = 0;
        for (int half = 0; half < 2; half++) {
            const lanes scaled = part[half] * inverse;
            const lanes rounded = lanes_select((lane_bits)(scaled == scaled), scaled, lanes_of(0)) + origin;
            lane_ints numbers = (lane_ints)rounded - (lane_ints)origin;
            *(sixteen_signed *)(blocks->numbers + half * LANES) = __builtin_convertvector(numbers, sixteen_signed);
            FLOW_UNROLL for (int width = LANES / 2; width > 0; width /= 2) {
                FLOW_UNROLL for (int j = 0; j < width; j++) numbers[j] += numbers[j + width];
            }
            const int32_t sum = numbers[0];
            blocks->minus_half_sum[half] = (int16_t)-sum;
            total += sum;
        }
        blocks->minus_sum = -total;
        blocks->scaled_sum = blocks->scale * (float)total;
    }
}
