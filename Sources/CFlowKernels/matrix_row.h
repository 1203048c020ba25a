// SPDX-License-Identifier: Apache-2.0
//
// One row taken out of a panel of any kind.

static void float_row(const flow_matrix *matrix, size_t row, float *y) {
    const size_t start = row / 32 * matrix->columns * 32 + row % 32;
    if (matrix->number == FLOW_NUMBER_F32) {
        const float *numbers = (const float *)matrix->panels + start;
        for (size_t k = 0; k < matrix->columns; k++) y[k] = numbers[k * 32];
        return;
    }
    const uint16_t *numbers = (const uint16_t *)matrix->panels + start;
    for (size_t k = 0; k < matrix->columns; k += LANES) {
        const size_t some = matrix->columns - k < LANES ? matrix->columns - k : LANES;
        uint16_t bits[LANES] = {0};
        for (size_t i = 0; i < some; i++) bits[i] = numbers[(k + i) * 32];
        lanes_store_part(y + k, lanes_load_kind(matrix->number, bits), some);
    }
}

/// The integer at a byte of a step's place, free of its offset.
static int quantised_number(const int kind, const uint8_t *numbers, const int half, const int step) {
    if (kind == FLOW_NUMBER_INT8) return numbers[(half * 4 + step) * STEP_BYTES] - 128;
    if (kind == FLOW_NUMBER_INT2_SCALED) return numbers[half * STEP_BYTES] >> (2 * step) & 3;
    const int nibble = numbers[step * STEP_BYTES] >> (4 * half) & 15;
    if (has_codebook(kind)) return codebook[nibble] - 128;
    if (kind == FLOW_NUMBER_INT4) return nibble - 8;
    if (!has_upper_bits(kind)) return nibble;
    const int bits = nibble | (numbers[NIBBLES_BYTES + half * STEP_BYTES] >> (2 * step) & 3) << 4;
    return kind == FLOW_NUMBER_INT6_SCALED ? bits - 32 : bits;
}

/// Sixteen numbers of a row of a quantised panel, with the roundings that their format's own definition has.
static void quantised_half(const int kind, const uint8_t *panel, size_t row, size_t column, float *y) {
    const size_t half = column % BLOCK / LANES;
    const int unit = (int)(row / LANES);
    const panel_block block = block_of(kind, panel, column / BLOCK);
    const float scale = row_scales(kind, block, unit, (int)half)[row % LANES];
    const float minus = has_minima(kind) ? minus_minima(kind, block, unit, (int)half)[row % LANES] : 0;
    for (int i = 0; i < LANES; i++) {
        const int step = i / 4;
        const uint8_t *numbers = block.numbers + unit * 64 + row % LANES * 4 + i % 4;
        const int number = quantised_number(kind, numbers, (int)half, step);
        y[i] = has_minima(kind) ? scale * (float)number + minus : scale * (float)number;
    }
}

static void matrix_row(const flow_matrix *matrix, size_t row, float *y) {
    if (!flow_is_quantised(matrix)) {
        float_row(matrix, row, y);
        return;
    }
    const uint8_t *panel = (const uint8_t *)matrix->panels + row / 32 * flow_panel_bytes(matrix);
    for (size_t k = 0; k < matrix->columns; k += LANES)
        quantised_half(matrix->number, panel, row % 32, k, y + k);
}
