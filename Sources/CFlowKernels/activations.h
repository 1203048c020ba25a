// SPDX-License-Identifier: Apache-2.0
//
// The curves between matrices, by the exponential of lanes.h.

/// The hyperbolic tangent in each lane, its error under 1e-7: 1 - 2 / (e^2x + 1).
FLOW_INLINE lanes lanes_tanh(lanes x) {
    const lanes one = lanes_of(1), two = lanes_of(2);
    return one - two / (lanes_exponential(x + x) + one);
}

/// bound * tanh(x / bound).
FLOW_INLINE lanes lanes_bounded(lanes x, float bound) { return lanes_tanh(x / lanes_of(bound)) * lanes_of(bound); }

/// x * sigmoid(x).
FLOW_INLINE lanes lanes_silu(lanes x) { return x / (lanes_of(1) + lanes_exponential(-x)); }

/// The usual approximation of x times the normal distribution: x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))).
FLOW_INLINE lanes lanes_gelu_tanh(lanes x) {
    const lanes cube = x * x * x;
    const lanes inner = lanes_fma(cube, lanes_of(0.044715f), x) * lanes_of(0.7978845608f);
    return x * lanes_of(0.5f) * (lanes_of(1) + lanes_tanh(inner));
}

/// The error function, its error under 2e-7 (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26).
FLOW_INLINE lanes lanes_erf(lanes x) {
    const lanes size = lanes_select((lane_bits)(x < lanes_of(0)), -x, x), one = lanes_of(1);
    const lanes t = one / lanes_fma(size, lanes_of(0.3275911f), one);
    lanes p = lanes_of(1.061405429f);
    p = lanes_fma(p, t, lanes_of(-1.453152027f));
    p = lanes_fma(p, t, lanes_of(1.421413741f));
    p = lanes_fma(p, t, lanes_of(-0.284496736f));
    p = lanes_fma(p, t, lanes_of(0.254829592f));
    const lanes positive = one - p * t * lanes_exponential(-(size * size));
    return lanes_select((lane_bits)(x < lanes_of(0)), -positive, positive);
}

/// x times the normal distribution.
FLOW_INLINE lanes lanes_gelu(lanes x) {
    return x * lanes_of(0.5f) * (lanes_of(1) + lanes_erf(x * lanes_of(0.70710678f)));
}

FLOW_INLINE lanes lanes_activation(flow_activation kind, lanes x) {
    switch (kind) {
    case FLOW_ACTIVATION_GELU_TANH:
        return lanes_gelu_tanh(x);
    case FLOW_ACTIVATION_GELU:
        return lanes_gelu(x);
    default:
        return lanes_silu(x);
    }
}

static void activate(flow_activation kind, float *gate, const float *up, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        const size_t some = count - i < LANES ? count - i : LANES;
        lanes y = lanes_activation(kind, lanes_load_part(gate + i, some));
        if (up) y = y * lanes_load_part(up + i, some);
        lanes_store_part(gate + i, y, some);
    }
}

static void keep_bounded(float *x, float bound, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        const size_t some = count - i < LANES ? count - i : LANES;
        lanes_store_part(x + i, lanes_bounded(lanes_load_part(x + i, some), bound), some);
    }
}
