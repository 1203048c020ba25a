// SPDX-License-Identifier: Apache-2.0
//
// All kernels of one path: the same bodies, compiled for the path's instruction set, and their table.
#include "lanes.h"

#if FLOW_PATH_LEVEL == 2
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), \
                             apply_to = function)
#elif FLOW_PATH_LEVEL == 1
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#endif

#include "panel_blocks.h"
#include "matrix_product.h"
#include "brain_rows.h"
#include "quantised_product.h"
#include "quantising.h"
#include "matrix_row.h"
#include "elementwise.h"
#include "activations.h"
#include "stored_heads.h"
#include "attention.h"
#include "sampling.h"
#include "machine_limits.h"

#if FLOW_PATH_LEVEL > 0
#pragma clang attribute pop
#endif

const kernel_table FLOW_PATH_TABLE = {
    .matrix_product = matrix_product,
    .brain_from_float = brain_from_float,
    .brain_product = brain_product,
    .quantised_product = quantised_product,
    .quantise = quantise,
    .matrix_row = matrix_row,
    .norm = norm,
    .centred_norm = centred_norm,
    .swiglu = swiglu,
    .activate = activate,
    .keep_bounded = keep_bounded,
    .exponential = exponential,
    .half_from_float = half_from_float,
    .float_from_half = float_from_half,
    .store = store,
    .attend = attend,
    .largest = largest,
    .sample = sample,
    .read_all = read_all,
    .multiply_bytes = multiply_bytes,
    .multiply_nibbles = multiply_nibbles,
    .multiply_floats = multiply_floats,
    .log_sum = log_sum,
};
