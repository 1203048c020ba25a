// SPDX-License-Identifier: Apache-2.0
#include "CContentDigest.h"

#include <string.h>

// The fractional parts of the cube roots of the first 64 primes.
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotated(uint32_t word, int count) { return (word >> count) | (word << (32 - count)); }

static void spread(uint32_t words[64], const uint8_t *block) {
    for (int i = 0; i < 16; i++) {
        uint32_t word;
        memcpy(&word, block + 4 * i, 4);
        words[i] = __builtin_bswap32(word);
    }
    for (int i = 16; i < 64; i++) {
        uint32_t near = words[i - 15], far = words[i - 2];
        uint32_t small = rotated(near, 7) ^ rotated(near, 18) ^ (near >> 3);
        uint32_t large = rotated(far, 17) ^ rotated(far, 19) ^ (far >> 10);
        words[i] = words[i - 16] + small + words[i - 7] + large;
    }
}

void content_digest_portable(uint32_t state[8], const void *blocks, size_t count) {
    const uint8_t *block = blocks;
    for (; count > 0; count--, block += 64) {
        uint32_t words[64], v[8];
        spread(words, block);
        memcpy(v, state, sizeof v);
        for (int i = 0; i < 64; i++) {
            uint32_t upper = rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25);
            uint32_t first = v[7] + upper + ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[i] + words[i];
            uint32_t lower = rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22);
            uint32_t second = lower + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
            memmove(v + 1, v, 7 * sizeof v[0]);
            v[4] += first;
            v[0] = first + second;
        }
        for (int i = 0; i < 8; i++) state[i] += v[i];
    }
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

__attribute__((target("sha,sse4.1,ssse3")))
static void with_instructions(uint32_t state[8], const uint8_t *block, size_t count) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    // The instructions want the words a to h as (a b e f) and (c d g h), the first one in the highest lane.
    __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xB1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1B);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
    __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);
    for (; count > 0; count--, block += 64) {
        __m128i words[4], abef_before = abef, cdgh_before = cdgh;
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) {
            if (i < 4) {
                words[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)block + i), big_endian);
            } else {
                __m128i sum = _mm_sha256msg1_epu32(words[i & 3], words[(i + 1) & 3]);
                sum = _mm_add_epi32(sum, _mm_alignr_epi8(words[(i + 3) & 3], words[(i + 2) & 3], 4));
                words[i & 3] = _mm_sha256msg2_epu32(sum, words[(i + 3) & 3]);
            }
            __m128i four = _mm_add_epi32(words[i & 3], _mm_loadu_si128((const __m128i *)constants + i));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, four);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(four, 0x0E));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    __m128i feba = _mm_shuffle_epi32(abef, 0x1B), dchg = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// Asked once: under a hypervisor the question costs more than some digests.
static int has_instructions(void) {
    static _Atomic int answer = -1;
    if (answer < 0) {
        unsigned a, b, c, d;
        answer = __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
    }
    return answer;
}

void content_digest_blocks(uint32_t state[8], const void *blocks, size_t count) {
    if (has_instructions()) {
        with_instructions(state, blocks, count);
    } else {
        content_digest_portable(state, blocks, count);
    }
}
#else
void content_digest_blocks(uint32_t state[8], const void *blocks, size_t count) {
    content_digest_portable(state, blocks, count);
}
#endif
