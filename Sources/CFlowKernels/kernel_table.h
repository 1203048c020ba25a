// SPDX-License-Identifier: Apache-2.0
//
// The kernels of one path, as the dispatcher sees them: each entry is the function of CFlowKernels.h without its
// prefix.
#ifndef FLOW_KERNEL_TABLE_H
#define FLOW_KERNEL_TABLE_H

#include "CFlowKernels.h"

typedef struct kernel_table {
    void (*matrix_product)(
        const flow_matrix *, size_t, size_t, const float *, size_t, size_t, float *, size_t, bool);
    void (*brain_from_float)(const float *, size_t, uint16_t *);
    void (*brain_product)(
        const flow_matrix *, size_t, size_t, const uint16_t *, size_t, size_t, float *, size_t, bool);
    void (*quantised_product)(
        const flow_matrix *, size_t, size_t, const void *, const flow_block *, size_t, size_t, float *, size_t, bool);
    void (*quantise)(const float *, size_t, flow_block *);
    void (*matrix_row)(const flow_matrix *, size_t, float *);
    void (*norm)(const float *, const float *, size_t, float, float *);
    void (*centred_norm)(const float *, const float *, const float *, size_t, float, float *);
    void (*swiglu)(float *, const float *, size_t);
    void (*activate)(flow_activation, float *, const float *, size_t);
    void (*keep_bounded)(float *, float, size_t);
    void (*exponential)(const float *, size_t, float *);
    void (*half_from_float)(const float *, size_t, uint16_t *);
    void (*float_from_half)(const uint16_t *, size_t, float *);
    void (*store)(const flow_attention *, size_t, const float *, const float *);
    void (*attend)(const flow_attention *, size_t, const float *const *, const size_t *, float *const *);
    size_t (*largest)(const float *, size_t);
    size_t (*sample)(float *, float *, size_t, const flow_choice *);
    double (*log_sum)(const float *, size_t);
    uint64_t (*read_all)(const void *, size_t);
    int32_t (*multiply_bytes)(size_t);
    int32_t (*multiply_nibbles)(size_t);
    float (*multiply_floats)(size_t);
} kernel_table;

extern const kernel_table kernel_table_portable;
#if defined(__x86_64__)
extern const kernel_table kernel_table_avx2;
extern const kernel_table kernel_table_avx512;
#endif

#endif
