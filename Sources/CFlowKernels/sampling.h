// SPDX-License-Identifier: Apache-2.0
//
// Choosing a token from logits: the largest one, or a draw among the largest ones. All orders are fixed, so equal
// logits, plans and numbers give equal tokens.

static size_t largest(const float *x, size_t count) {
    lanes best = lanes_of(-INFINITY);
    const size_t whole = count / LANES * LANES;
    // Numbers on the left side of the comparison: one that is not a number never replaces the best.
    for (size_t i = 0; i < whole; i += LANES) best = lanes_larger(lanes_load(x + i), best);
    float maximum = lanes_maximum(best);
    for (size_t i = whole; i < count; i++)
        if (x[i] > maximum) maximum = x[i];
    for (size_t i = 0; i < count; i++)
        if (x[i] == maximum) return i;
    return 0;
}

/// A number's bits such that unsigned order is the numbers' order; what is not a number comes first.
FLOW_INLINE uint32_t order_of(float x) {
    uint32_t bits;
    if (x != x) return 0;
    memcpy(&bits, &x, 4);
    return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

/// The order of the top-th largest number, and in *equals how many of that order belong to the top: three passes that
/// count leading bits (11, 11, 10), no sorting.
static uint32_t order_of_top(const float *x, size_t count, size_t top, size_t *equals) {
    static const int shifts[] = {21, 10, 0}, widths[] = {11, 11, 10};
    uint32_t found = 0, known = 0;
    size_t left = top;
    for (int pass = 0; pass < 3; pass++) {
        uint32_t counts[2048] = {0};
        const uint32_t mask = (1u << widths[pass]) - 1;
        for (size_t i = 0; i < count; i++) {
            const uint32_t order = order_of(x[i]);
            if ((order & known) == found) counts[(order >> shifts[pass]) & mask]++;
        }
        uint32_t digit = mask;
        while (digit > 0 && counts[digit] < left) left -= counts[digit--];
        found |= digit << shifts[pass];
        known |= mask << shifts[pass];
    }
    *equals = left;
    return found;
}

/// Minus infinity for all but the `top` largest.
static void keep_top(float *x, size_t count, size_t top) {
    size_t equals = 0;
    const uint32_t limit = order_of_top(x, count, top, &equals);
    for (size_t i = 0; i < count; i++) {
        const uint32_t order = order_of(x[i]);
        if (order > limit) continue;
        if (order == limit && equals > 0) {
            equals--;
            continue;
        }
        x[i] = -INFINITY;
    }
}

/// Replaces logits by weights relative to the largest one and returns their sum, block by block of 256 in order.
static double weights_of(float *x, size_t count, float maximum, float factor) {
    double total = 0;
    for (size_t start = 0; start < count; start += 256) {
        const size_t end = count - start < 256 ? count : start + 256;
        lanes sum = lanes_of(0);
        for (size_t i = start; i < end; i += LANES) {
            const size_t some = end - i < LANES ? end - i : LANES;
            lanes v = lanes_exponential((lanes_load_part(x + i, some) - lanes_of(maximum)) * lanes_of(factor));
            v = lanes_select((lane_bits)(v == v), v, lanes_of(0));
            lanes_store_part(x + i, v, some);
            sum += lanes_load_part(x + i, some);
        }
        total += (double)lanes_sum(sum);
    }
    return total;
}

static size_t sample(float *logits, size_t count, float temperature, size_t top, double uniform) {
    const size_t best = largest(logits, count);
    // Below this the quotient of two logits that differ at all leaves nothing to the second one.
    if (!(temperature > 1e-5f) || !(logits[best] > -INFINITY) || logits[best] == INFINITY) return best;
    if (top > 0 && top < count) keep_top(logits, count, top);
    const double total = weights_of(logits, count, logits[best], 1.0f / temperature);
    const double goal = uniform * total;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)logits[i];
        if (sum > goal && logits[i] > 0) return i;
    }
    // Rounding may leave the goal a hair above the sum: then the most likely token.
    return best;
}
