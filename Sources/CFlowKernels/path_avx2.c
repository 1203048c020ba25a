// SPDX-License-Identifier: Apache-2.0
//
// The kernels for processors with AVX2, FMA and F16C.
#if defined(__x86_64__)
#define FLOW_PATH_LEVEL 1
#define FLOW_PATH_TABLE kernel_table_avx2
#include "path_kernels.h"
#else
typedef int path_absent;
#endif
