// SPDX-License-Identifier: Apache-2.0
//
// Rotary embedding, sums and multiples of vectors. Plain scalar arithmetic without contraction: the same bits on every
// machine.
#include "CFlowKernels.h"

void flow_rope_angles(const flow_rope *rope, size_t position, float *out) {
    const size_t mask = ((size_t)1 << FLOW_ROPE_LOW_BITS) - 1, row = 2 * rope->pairs;
    const double *low = rope->low + (position & mask) * row;
    const double *high = rope->high + (position >> FLOW_ROPE_LOW_BITS) * row;
    for (size_t i = 0; i < row; i += 2) {
        out[i] = (float)(high[i] * low[i] - high[i + 1] * low[i + 1]);
        out[i + 1] = (float)(high[i + 1] * low[i] + high[i] * low[i + 1]);
    }
}

void flow_rope_adjacent(float *x, const float *cosines_sines, size_t pairs) {
    for (size_t i = 0; i < 2 * pairs; i += 2) {
        const float cosine = cosines_sines[i], sine = cosines_sines[i + 1], a = x[i], b = x[i + 1];
        x[i] = a * cosine - b * sine;
        x[i + 1] = a * sine + b * cosine;
    }
}

void flow_rope_halves(float *x, const float *cosines_sines, size_t pairs) {
    for (size_t i = 0; i < pairs; i++) {
        const float cosine = cosines_sines[2 * i], sine = cosines_sines[2 * i + 1], a = x[i], b = x[pairs + i];
        x[i] = a * cosine - b * sine;
        x[pairs + i] = a * sine + b * cosine;
    }
}

void flow_add(float *restrict x, const float *restrict y, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] += y[i];
}

void flow_add_scaled(float *restrict x, const float *restrict y, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] += factor * y[i];
}

void flow_scale(float *x, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] *= factor;
}
