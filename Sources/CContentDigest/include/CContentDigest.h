// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Mixes `count` blocks of 64 bytes into the eight words of a SHA-256 state, as FIPS 180-4 defines it; with the
/// processor's own instructions where it has them.
void content_digest_blocks(uint32_t state[8], const void *blocks, size_t count);

/// The same without such instructions, for tests.
void content_digest_portable(uint32_t state[8], const void *blocks, size_t count);
