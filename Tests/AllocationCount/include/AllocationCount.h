// SPDX-License-Identifier: Apache-2.0
//
// Counts what a program asks of the allocator. Linking this puts its malloc before the C library's.
#ifndef ALLOCATION_COUNT_H
#define ALLOCATION_COUNT_H

#include <stdint.h>

/// Blocks of memory that all threads of this process have asked for so far.
uint64_t allocation_count(void);

#endif
