// SPDX-License-Identifier: Apache-2.0
//
// The work queue of ranks: one 64-bit word {generation, tiles, next tile}, so that one addition takes a tile and says
// at the same time whether it exists; nobody can mistake a tile of one operation for one of the next.
//
// A rank that lost its core in the middle of a tile must not hold up the others until the kernel lets it go on. Tiles
// whose results stay in a buffer of their rank until it delivers them are claimed: a rank without work computes a late
// one too (backup execution), and the exchange of the claim decides which of the two was first. The result of the other
// is dropped.
#define _GNU_SOURCE
#include "CFlowKernels.h"
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/// What a rank computes, {generation, tile, state} in one word that its rank and one other exchange.
typedef struct claim {
    _Alignas(128) _Atomic uint64_t word;
} claim;

/// None; its rank computes it; so does another rank; the other rank was first.
enum { CLAIM_NONE = 0, CLAIM_COMPUTES = 1, CLAIM_BACKED_UP = 2, CLAIM_LOST = 3, CLAIM_STATES = 3 };

static uint64_t claim_word(flow_take take, uint64_t state) {
    return (uint64_t)take.generation << 32 | (uint64_t)take.tile << 16 | state;
}

/// Each word on its own pair of cache lines: takers, finishers and sleepers do not disturb each other.
struct flow_work_queue {
    _Alignas(128) _Atomic uint64_t word;      // generation << 32 | tiles << 16 | next
    _Alignas(128) _Atomic uint32_t unfinished; // tiles of this generation that are not done
    _Alignas(128) _Atomic uint32_t generation; // what sleepers wait on
    _Atomic uint32_t sleepers;
    _Atomic uint32_t closed;
    _Atomic uint32_t backups; // tiles that two ranks began, less those whose loser has stopped
    uint32_t ranks;
    claim claims[]; // [ranks]
};

flow_work_queue *flow_work_queue_create(uint32_t ranks) {
    flow_work_queue *queue = aligned_alloc(128, sizeof(flow_work_queue) + ranks * sizeof(claim));
    if (!queue) return NULL;
    queue->ranks = ranks;
    atomic_init(&queue->backups, 0);
    for (uint32_t rank = 0; rank < ranks; rank++) atomic_init(&queue->claims[rank].word, CLAIM_NONE);
    atomic_init(&queue->word, 0);
    atomic_init(&queue->unfinished, 0);
    atomic_init(&queue->generation, 0);
    atomic_init(&queue->sleepers, 0);
    atomic_init(&queue->closed, 0);
    return queue;
}

void flow_work_queue_destroy(flow_work_queue *queue) { free(queue); }

static void futex(_Atomic uint32_t *word, int operation, uint32_t value) {
    syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

uint32_t flow_work_queue_publish(flow_work_queue *queue, uint32_t tiles) {
    const uint32_t generation = (uint32_t)(atomic_load(&queue->word) >> 32) + 1;
    atomic_store(&queue->unfinished, tiles);
    atomic_store(&queue->word, (uint64_t)generation << 32 | (uint64_t)tiles << 16);
    atomic_store(&queue->generation, generation);
    // A rank that counts itself after this load reads the new generation and does not sleep.
    if (atomic_load(&queue->sleepers)) futex(&queue->generation, FUTEX_WAKE, FLOW_WORK_QUEUE_RANKS);
    return generation;
}

flow_take flow_work_queue_take(flow_work_queue *queue) {
    // Looking first keeps the counter within its 16 bits: each rank overshoots at most once per look.
    uint64_t word = atomic_load(&queue->word);
    if ((word & 0xffff) < (word >> 16 & 0xffff)) word = atomic_fetch_add(&queue->word, 1);
    const uint32_t tile = word & 0xffff, tiles = word >> 16 & 0xffff;
    return (flow_take){
        .generation = (uint32_t)(word >> 32),
        .tile = tile,
        .taken = tile < tiles,
        .closed = atomic_load(&queue->closed) != 0,
    };
}

void flow_work_queue_close(flow_work_queue *queue) {
    atomic_store(&queue->closed, 1);
    flow_work_queue_publish(queue, 0);
}

bool flow_work_queue_finish(flow_work_queue *queue) { return atomic_fetch_sub(&queue->unfinished, 1) == 1; }

uint32_t flow_work_queue_generation(flow_work_queue *queue) { return (uint32_t)(atomic_load(&queue->word) >> 32); }

uint64_t flow_work_queue_progress(flow_work_queue *queue) { return atomic_load(&queue->word); }

static uint64_t microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

bool flow_work_queue_spin(flow_work_queue *queue, uint32_t generation, uint32_t spin_microseconds) {
    const uint64_t start = microseconds();
    do {
        for (int i = 0; i < 32; i++) {
            if (flow_work_queue_generation(queue) != generation) return true;
            pause_briefly();
        }
    } while (microseconds() - start < spin_microseconds);
    return false;
}

void flow_work_queue_sleep(flow_work_queue *queue, uint32_t generation) {
    atomic_fetch_add(&queue->sleepers, 1);
    while (atomic_load(&queue->generation) == generation) futex(&queue->generation, FUTEX_WAIT, generation);
    atomic_fetch_sub(&queue->sleepers, 1);
}

void flow_work_queue_claim(flow_work_queue *queue, uint32_t rank, flow_take take) {
    atomic_store(&queue->claims[rank].word, claim_word(take, CLAIM_COMPUTES));
}

static void end_backup(flow_work_queue *queue) {
    if (atomic_fetch_sub(&queue->backups, 1) == 1) futex(&queue->backups, FUTEX_WAKE, 1);
}

bool flow_work_queue_confirm(flow_work_queue *queue, uint32_t rank) {
    _Atomic uint64_t *word = &queue->claims[rank].word;
    uint64_t own = atomic_load(word);
    while ((own & CLAIM_STATES) != CLAIM_LOST) {
        if (atomic_compare_exchange_weak(word, &own, CLAIM_NONE)) return true;
    }
    atomic_store(word, CLAIM_NONE);
    end_backup(queue);
    return false;
}

flow_take flow_work_queue_back_up(flow_work_queue *queue, uint32_t generation, uint32_t *rank) {
    for (*rank = 0; *rank < queue->ranks; ++*rank) {
        uint64_t word = atomic_load(&queue->claims[*rank].word);
        const flow_take take = {.generation = generation, .tile = word >> 16 & 0xffff, .taken = true};
        if (word != claim_word(take, CLAIM_COMPUTES)) continue;
        // Counted first: who settles must not overlook this one.
        atomic_fetch_add(&queue->backups, 1);
        if (atomic_compare_exchange_strong(
                &queue->claims[*rank].word, &word, claim_word(take, CLAIM_BACKED_UP)))
            return take;
        end_backup(queue);
    }
    return (flow_take){.generation = generation};
}

bool flow_work_queue_confirm_backup(flow_work_queue *queue, uint32_t rank, flow_take take) {
    uint64_t word = claim_word(take, CLAIM_BACKED_UP);
    if (atomic_compare_exchange_strong(&queue->claims[rank].word, &word, CLAIM_LOST)) return true;
    end_backup(queue);
    return false;
}

void flow_work_queue_quiesce(flow_work_queue *queue, uint32_t spin_microseconds) {
    const uint64_t start = microseconds();
    uint32_t backups;
    while ((backups = atomic_load(&queue->backups)) != 0) {
        if (microseconds() - start < spin_microseconds) {
            pause_briefly();
        } else {
            futex(&queue->backups, FUTEX_WAIT, backups);
        }
    }
}
