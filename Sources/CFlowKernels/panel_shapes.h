// SPDX-License-Identifier: Apache-2.0
//
// How many bytes the parts of each kind of quantised panel have, for those who size panels and those who read them.
#ifndef FLOW_PANEL_SHAPES_H
#define FLOW_PANEL_SHAPES_H

#include "CFlowKernels.h"

#define FLOW_SHAPE_INLINE static inline __attribute__((always_inline))

/// The sizes of a group of small blocks, each 32 rows by 32 columns. With a constant kind they are constants.
typedef struct panel_shape {
    size_t group_head;   ///< bytes before the group's first small block
    size_t block_head;   ///< bytes of a small block before its numbers
    size_t number_bytes; ///< bytes of a small block's numbers
    size_t blocks;       ///< small blocks of a group
} panel_shape;

FLOW_SHAPE_INLINE panel_shape shape_of(const int kind) {
    switch (kind) {
    case FLOW_NUMBER_INT8:
        return (panel_shape){64, 0, 1024, 1};
    case FLOW_NUMBER_INT4:
    case FLOW_NUMBER_CODEBOOK:
        return (panel_shape){64, 0, 512, 1};
    case FLOW_NUMBER_INT4_MINIMA:
        return (panel_shape){128, 0, 512, 1};
    case FLOW_NUMBER_INT6_MINIMA:
        return (panel_shape){128, 0, 768, 1};
    case FLOW_NUMBER_INT4_SCALED:
        return (panel_shape){128, 64, 512, 8};
    case FLOW_NUMBER_INT6_SCALED:
        return (panel_shape){64, 64, 768, 8};
    case FLOW_NUMBER_INT6_SCALED_MINIMA:
        return (panel_shape){128, 64, 768, 8};
    case FLOW_NUMBER_INT2_SCALED:
        return (panel_shape){128, 64, 256, 8};
    case FLOW_NUMBER_CODEBOOK_SCALED:
        return (panel_shape){64 + 8 * 32, 0, 512, 8};
    default:
        return (panel_shape){0, 0, 0, 1};
    }
}

/// Bytes of a group with its small blocks.
FLOW_SHAPE_INLINE size_t group_bytes(const panel_shape shape) {
    return shape.group_head + shape.blocks * (shape.block_head + shape.number_bytes);
}

#endif
