// SPDX-License-Identifier: Apache-2.0
//
// The kernels in what every processor has; fused multiply-adds come from the processor or exactly from the C library.
#define FLOW_PATH_LEVEL 0
#define FLOW_PATH_TABLE kernel_table_portable
#include "path_kernels.h"
