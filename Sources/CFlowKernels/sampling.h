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

/// Keeps the weights of the largest keys until they have `goal` together, at least one, and makes the others 0. Returns
/// the sum of what is kept. As order_of_top, three passes that sum weights by the leading bits of their keys' order.
static double keep_mass(float *weights, const float *keys, size_t count, double goal) {
    static const int shifts[] = {21, 10, 0}, widths[] = {11, 11, 10};
    uint32_t found = 0, known = 0;
    double before = 0;
    // The least goal is reached by the first weight, never by none.
    if (!(goal > 0)) goal = 0x1p-1074;
    for (int pass = 0; pass < 3; pass++) {
        double masses[2048] = {0};
        const uint32_t mask = (1u << widths[pass]) - 1;
        for (size_t i = 0; i < count; i++) {
            const uint32_t order = order_of(keys[i]);
            if (weights[i] > 0 && (order & known) == found) masses[(order >> shifts[pass]) & mask] += (double)weights[i];
        }
        uint32_t digit = mask;
        while (digit > 0 && before + masses[digit] < goal) before += masses[digit--];
        found |= digit << shifts[pass];
        known |= mask << shifts[pass];
    }
    double total = 0;
    bool keeps_one = before > 0;
    for (size_t i = 0; i < count; i++) {
        if (!(weights[i] > 0)) continue;
        const uint32_t order = order_of(keys[i]);
        const bool fits = order > found || (order == found && (before < goal || !keeps_one));
        if (order == found && fits) before += (double)weights[i], keeps_one = true;
        if (fits) total += (double)weights[i];
        else weights[i] = 0;
    }
    return total;
}

/// Makes weights under `limit` 0 and returns the sum of the others.
static double keep_above(float *weights, size_t count, float limit) {
    double total = 0;
    for (size_t i = 0; i < count; i++) {
        if (weights[i] >= limit) total += (double)weights[i];
        else weights[i] = 0;
    }
    return total;
}

/// Keeps the weights whose logarithms are nearest to their mean until they have `goal` together. `logarithms` holds
/// those of all weights and is overwritten by keys. (The information of a token less the expected information is the
/// mean logarithm less its own: the sum of the weights falls out.)
static double keep_typical(float *weights, float *logarithms, size_t count, double total, double goal) {
    double mean = 0;
    for (size_t i = 0; i < count; i++)
        if (weights[i] > 0) mean += (double)weights[i] * (double)logarithms[i];
    mean /= total;
    for (size_t i = 0; i < count; i++) {
        const double distance = mean - (double)logarithms[i];
        logarithms[i] = (float)(distance > 0 ? -distance : distance);
    }
    return keep_mass(weights, logarithms, count, goal);
}

static size_t draw(const float *weights, size_t count, double goal, size_t best) {
    double sum = 0;
    size_t last = best;
    for (size_t i = 0; i < count; i++) {
        if (!(weights[i] > 0)) continue;
        sum += (double)weights[i];
        if (sum > goal) return i;
        last = i;
    }
    // Rounding may leave the goal a hair above the sum.
    return weights[best] > 0 ? best : last;
}

static size_t sample(float *logits, float *scratch, size_t count, const flow_choice *choice) {
    const size_t best = largest(logits, count);
    // Below this the quotient of two logits that differ at all leaves nothing to the second one.
    if (!(choice->temperature > 1e-5f) || !(logits[best] > -INFINITY) || logits[best] == INFINITY) return best;
    if (choice->top > 0 && choice->top < count) keep_top(logits, count, choice->top);
    const float factor = 1.0f / choice->temperature, maximum = logits[best];
    const bool typical = choice->typical_p < 1 && scratch != NULL;
    if (typical)
        for (size_t i = 0; i < count; i++) scratch[i] = (logits[i] - maximum) * factor;
    double total = weights_of(logits, count, maximum, factor);
    if (choice->top_p < 1) total = keep_mass(logits, logits, count, (double)choice->top_p * total);
    if (choice->min_p > 0) total = keep_above(logits, count, choice->min_p * logits[best]);
    if (typical) total = keep_typical(logits, scratch, count, total, (double)choice->typical_p * total);
    return draw(logits, count, choice->uniform * total, best);
}

static double log_sum(const float *x, size_t count) {
    const float maximum = x[largest(x, count)];
    if (!(maximum > -INFINITY) || maximum == INFINITY) return (double)maximum;
    double total = 0;
    for (size_t start = 0; start < count; start += 256) {
        const size_t end = count - start < 256 ? count : start + 256;
        lanes sum = lanes_of(0);
        for (size_t i = start; i < end; i += LANES) {
            const size_t some = end - i < LANES ? end - i : LANES;
            lanes v = lanes_exponential(lanes_load_part(x + i, some) - lanes_of(maximum));
            v = lanes_select((lane_bits)(v == v), v, lanes_of(0));
            float part[LANES] = {0};
            lanes_store_part(part, v, some);
            sum += lanes_load(part);
        }
        total += (double)lanes_sum(sum);
    }
    return (double)maximum + log(total);
}
