// SPDX-License-Identifier: Apache-2.0
//
// The ticket of ranks: one 64-bit word {generation, pieces, next piece}, so that one addition takes a piece and says at
// the same time whether it exists; nobody can mistake a piece of one operation for one of the next.
#define _GNU_SOURCE
#include "CFlowKernels.h"
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/// Each word on its own pair of cache lines: takers, finishers and sleepers do not disturb each other.
struct flow_ticket {
    _Alignas(128) _Atomic uint64_t word;      // generation << 32 | pieces << 16 | next
    _Alignas(128) _Atomic uint32_t unfinished; // pieces of this generation that are not done
    _Alignas(128) _Atomic uint32_t generation; // what sleepers wait on
    _Atomic uint32_t sleepers;
    _Atomic uint32_t closed;
};

flow_ticket *flow_ticket_create(void) {
    flow_ticket *ticket = aligned_alloc(128, sizeof(flow_ticket));
    if (!ticket) return NULL;
    atomic_init(&ticket->word, 0);
    atomic_init(&ticket->unfinished, 0);
    atomic_init(&ticket->generation, 0);
    atomic_init(&ticket->sleepers, 0);
    atomic_init(&ticket->closed, 0);
    return ticket;
}

void flow_ticket_destroy(flow_ticket *ticket) { free(ticket); }

static void futex(_Atomic uint32_t *word, int operation, uint32_t value) {
    syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

uint32_t flow_ticket_publish(flow_ticket *ticket, uint32_t pieces) {
    const uint32_t generation = (uint32_t)(atomic_load(&ticket->word) >> 32) + 1;
    atomic_store(&ticket->unfinished, pieces);
    atomic_store(&ticket->word, (uint64_t)generation << 32 | (uint64_t)pieces << 16);
    atomic_store(&ticket->generation, generation);
    // A rank that counts itself after this load reads the new generation and does not sleep.
    if (atomic_load(&ticket->sleepers)) futex(&ticket->generation, FUTEX_WAKE, FLOW_TICKET_RANKS);
    return generation;
}

flow_take flow_ticket_take(flow_ticket *ticket) {
    // Looking first keeps the counter within its 16 bits: each rank overshoots at most once per look.
    uint64_t word = atomic_load(&ticket->word);
    if ((word & 0xffff) < (word >> 16 & 0xffff)) word = atomic_fetch_add(&ticket->word, 1);
    const uint32_t piece = word & 0xffff, pieces = word >> 16 & 0xffff;
    return (flow_take){
        .generation = (uint32_t)(word >> 32),
        .piece = piece,
        .taken = piece < pieces,
        .closed = atomic_load(&ticket->closed) != 0,
    };
}

void flow_ticket_close(flow_ticket *ticket) {
    atomic_store(&ticket->closed, 1);
    flow_ticket_publish(ticket, 0);
}

bool flow_ticket_finish(flow_ticket *ticket) { return atomic_fetch_sub(&ticket->unfinished, 1) == 1; }

uint32_t flow_ticket_generation(flow_ticket *ticket) { return (uint32_t)(atomic_load(&ticket->word) >> 32); }

uint64_t flow_ticket_progress(flow_ticket *ticket) { return atomic_load(&ticket->word); }

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

void flow_ticket_wait(flow_ticket *ticket, uint32_t generation, uint32_t spin_microseconds) {
    const uint64_t start = microseconds();
    do {
        for (int i = 0; i < 32; i++) {
            if (flow_ticket_generation(ticket) != generation) return;
            pause_briefly();
        }
    } while (microseconds() - start < spin_microseconds);
    atomic_fetch_add(&ticket->sleepers, 1);
    while (atomic_load(&ticket->generation) == generation) futex(&ticket->generation, FUTEX_WAIT, generation);
    atomic_fetch_sub(&ticket->sleepers, 1);
}
