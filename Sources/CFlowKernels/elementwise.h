// SPDX-License-Identifier: Apache-2.0
//
// Kernels over single vectors of any length; the last, partial group of lanes is padded with zeros.

static void norm(const float *x, const float *weight, size_t count, float epsilon, float *y) {
    const size_t whole = count / LANES * LANES, rest = count - whole;
    lanes squares = lanes_of(0);
    for (size_t i = 0; i < whole; i += LANES) {
        const lanes v = lanes_load(x + i);
        squares = lanes_fma(v, v, squares);
    }
    if (rest) {
        const lanes v = lanes_load_part(x + whole, rest);
        squares = lanes_fma(v, v, squares);
    }
    const lanes factor = lanes_of(1.0f / sqrtf(lanes_sum(squares) / (float)count + epsilon));
    for (size_t i = 0; i < whole; i += LANES)
        lanes_store(y + i, lanes_load(x + i) * factor * lanes_load(weight + i));
    if (rest)
        lanes_store_part(
            y + whole, lanes_load_part(x + whole, rest) * factor * lanes_load_part(weight + whole, rest), rest);
}

static void centred_norm(
    const float *x, const float *weight, const float *bias, size_t count, float epsilon, float *y) {
    lanes sum = lanes_of(0), squares = lanes_of(0);
    for (size_t i = 0; i < count; i += LANES)
        sum = sum + lanes_load_part(x + i, count - i < LANES ? count - i : LANES);
    const float mean = lanes_sum(sum) / (float)count;
    for (size_t i = 0; i < count; i += LANES) {
        const size_t some = count - i < LANES ? count - i : LANES;
        float part[LANES] = {0};
        for (size_t j = 0; j < some; j++) part[j] = x[i + j] - mean;
        const lanes v = lanes_load(part);
        squares = lanes_fma(v, v, squares);
    }
    const lanes factor = lanes_of(1.0f / sqrtf(lanes_sum(squares) / (float)count + epsilon));
    for (size_t i = 0; i < count; i += LANES) {
        const size_t some = count - i < LANES ? count - i : LANES;
        const lanes v = (lanes_load_part(x + i, some) - lanes_of(mean)) * factor;
        lanes_store_part(
            y + i, lanes_fma(v, lanes_load_part(weight + i, some), lanes_load_part(bias + i, some)), some);
    }
}

FLOW_INLINE lanes lanes_swiglu(lanes gate, lanes up) {
    const lanes one = lanes_of(1);
    return gate / (one + lanes_exponential(-gate)) * up;
}

static void swiglu(float *gate, const float *up, size_t count) {
    const size_t whole = count / LANES * LANES, rest = count - whole;
    for (size_t i = 0; i < whole; i += LANES)
        lanes_store(gate + i, lanes_swiglu(lanes_load(gate + i), lanes_load(up + i)));
    if (rest)
        lanes_store_part(
            gate + whole, lanes_swiglu(lanes_load_part(gate + whole, rest), lanes_load_part(up + whole, rest)), rest);
}

static void exponential(const float *x, size_t count, float *y) {
    const size_t whole = count / LANES * LANES, rest = count - whole;
    for (size_t i = 0; i < whole; i += LANES) lanes_store(y + i, lanes_exponential(lanes_load(x + i)));
    if (rest) lanes_store_part(y + whole, lanes_exponential(lanes_load_part(x + whole, rest)), rest);
}

static void half_from_float(const float *x, size_t count, uint16_t *y) {
    uint16_t part[LANES];
    for (size_t i = 0; i < count; i += LANES) {
        const size_t some = count - i < LANES ? count - i : LANES;
        lanes_store_half(part, lanes_load_part(x + i, some));
        memcpy(y + i, part, some * sizeof *y);
    }
}

static void float_from_half(const uint16_t *x, size_t count, float *y) {
    for (size_t i = 0; i < count; i += LANES) {
        const size_t some = count - i < LANES ? count - i : LANES;
        uint16_t part[LANES] = {0};
        memcpy(part, x + i, some * sizeof *x);
        lanes_store_part(y + i, lanes_load_half(part), some);
    }
}
