// SPDX-License-Identifier: Apache-2.0
//
// The kernels for processors with AVX-512 (F, BW, DQ, VL, VNNI).
#if defined(__x86_64__)
#define FLOW_PATH_LEVEL 2
#define FLOW_PATH_TABLE kernel_table_avx512
#include "path_kernels.h"
#else
typedef int path_absent;
#endif
