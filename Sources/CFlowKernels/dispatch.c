// SPDX-License-Identifier: Apache-2.0
//
// Chooses a path at run time and forwards each kernel to it.
#include "kernel_table.h"
#include "panel_shapes.h"
#include <stdatomic.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/// The path of the whole process once it is known, and the one that a test forces on its thread; -1 = none.
static atomic_int chosen = -1;
static _Thread_local int forced = -1;

bool flow_path_available(flow_path path) {
    switch (path) {
    case FLOW_PATH_PORTABLE:
        return true;
#if defined(__x86_64__)
    case FLOW_PATH_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    case FLOW_PATH_AVX512:
        return flow_path_available(FLOW_PATH_AVX2) && __builtin_cpu_supports("avx512f")
               && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
               && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
#endif
    default:
        return false;
    }
}

flow_path flow_path_active(void) {
    if (forced >= 0) return (flow_path)forced;
    int path = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (path < 0) {
        // Every thread that comes here at once finds the same answer.
        path = FLOW_PATH_AVX512;
        while (!flow_path_available((flow_path)path)) path--;
        atomic_store_explicit(&chosen, path, memory_order_relaxed);
    }
    return (flow_path)path;
}

const char *flow_path_name(flow_path path) {
    static const char *const names[] = {"portable", "avx2", "avx512"};
    return path <= FLOW_PATH_AVX512 ? names[path] : "unknown";
}

bool flow_path_choose(flow_path path) {
    if (!flow_path_available(path)) return false;
    atomic_store_explicit(&chosen, path, memory_order_relaxed);
    return true;
}

bool flow_path_force(int path) {
    if (path >= 0 && !flow_path_available((flow_path)path)) return false;
    forced = path < 0 ? -1 : path;
    return true;
}

void flow_float_state_reset(void) {
#if defined(__x86_64__)
    _mm_setcsr(0x1f80);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" ::"r"((uint64_t)0));
#endif
}

static const kernel_table *kernels(void) {
#if defined(__x86_64__)
    static const kernel_table *const tables[] = {&kernel_table_portable, &kernel_table_avx2, &kernel_table_avx512};
    return tables[flow_path_active()];
#else
    return &kernel_table_portable;
#endif
}

size_t flow_panel_bytes(const flow_matrix *matrix) {
    const panel_shape shape = shape_of(matrix->number);
    switch (matrix->number) {
    case FLOW_NUMBER_F32:
        return matrix->columns * 128;
    case FLOW_NUMBER_F16:
    case FLOW_NUMBER_BF16:
        return matrix->columns * 64;
    default:
        return matrix->columns / FLOW_BLOCK_NUMBERS / shape.blocks * group_bytes(shape);
    }
}

bool flow_is_quantised(const flow_matrix *matrix) { return matrix->number >= FLOW_NUMBER_INT8; }

void flow_matrix_product(
    const flow_matrix *matrix, size_t first_panel, size_t last_panel, const float *x, size_t x_stride, size_t vectors,
    float *y, size_t y_stride, bool add) {
    kernels()->matrix_product(matrix, first_panel, last_panel, x, x_stride, vectors, y, y_stride, add);
}

void flow_brain_from_float(const float *x, size_t count, uint16_t *y) { kernels()->brain_from_float(x, count, y); }

void flow_brain_product(
    const flow_matrix *matrix, size_t first_panel, size_t last_panel, const uint16_t *x, size_t x_stride,
    size_t vectors, float *y, size_t y_stride, bool add) {
    kernels()->brain_product(matrix, first_panel, last_panel, x, x_stride, vectors, y, y_stride, add);
}

void flow_quantised_product(
    const flow_matrix *matrix, size_t first_panel, size_t last_panel, const void *next, const flow_block *x,
    size_t x_stride, size_t vectors, float *y, size_t y_stride, bool add) {
    kernels()->quantised_product(matrix, first_panel, last_panel, next, x, x_stride, vectors, y, y_stride, add);
}

void flow_quantise(const float *x, size_t count, flow_block *blocks) { kernels()->quantise(x, count, blocks); }

void flow_matrix_row(const flow_matrix *matrix, size_t row, float *y) { kernels()->matrix_row(matrix, row, y); }

void flow_norm(const float *x, const float *weight, size_t count, float epsilon, float *y) {
    kernels()->norm(x, weight, count, epsilon, y);
}

void flow_centred_norm(
    const float *x, const float *weight, const float *bias, size_t count, float epsilon, float *y) {
    kernels()->centred_norm(x, weight, bias, count, epsilon, y);
}

void flow_activate(flow_activation kind, float *gate, const float *up, size_t count) {
    kernels()->activate(kind, gate, up, count);
}

void flow_keep_bounded(float *x, float bound, size_t count) { kernels()->keep_bounded(x, bound, count); }

void flow_swiglu(float *gate, const float *up, size_t count) { kernels()->swiglu(gate, up, count); }

void flow_exponential(const float *x, size_t count, float *y) { kernels()->exponential(x, count, y); }

void flow_half_from_float(const float *x, size_t count, uint16_t *y) { kernels()->half_from_float(x, count, y); }

void flow_float_from_half(const uint16_t *x, size_t count, float *y) { kernels()->float_from_half(x, count, y); }

void flow_store(const flow_attention *head, size_t position, const float *key, const float *value) {
    kernels()->store(head, position, key, value);
}

void flow_attend(
    const flow_attention *head, size_t count, const float *const *queries, const size_t *lengths,
    float *const *outputs) {
    kernels()->attend(head, count, queries, lengths, outputs);
}

size_t flow_largest(const float *x, size_t count) { return kernels()->largest(x, count); }

size_t flow_sample(float *logits, float *scratch, size_t count, const flow_choice *choice) {
    return kernels()->sample(logits, scratch, count, choice);
}

uint64_t flow_read(const void *memory, size_t count) { return kernels()->read_all(memory, count); }

int32_t flow_multiply_bytes(size_t rounds) { return kernels()->multiply_bytes(rounds); }

int32_t flow_multiply_nibbles(size_t rounds) { return kernels()->multiply_nibbles(rounds); }

float flow_multiply_floats(size_t rounds) { return kernels()->multiply_floats(rounds); }

double flow_log_sum(const float *x, size_t count) { return kernels()->log_sum(x, count); }
