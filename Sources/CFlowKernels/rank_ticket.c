// SPDX-License-Identifier: Apache-2.0
//
// The ticket of ranks: one 64-bit word {generation, pieces, next piece}, so that one addition takes a piece and says at
// the same time whether it exists; nobody can mistake a piece of one operation for one of the next.
//
// A rank that lost its core in the middle of a piece must not hold up the others until the kernel lets it go on. Pieces
// whose results stay with their rank until it hands them out are claimed: a rank without work computes a late one too, and
// the exchange of the claim decides which of the two was first. The other's result is forgotten.
#define _GNU_SOURCE
#include "CFlowKernels.h"
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/// What a rank is at, {generation, piece, state} in one word that its rank and one other exchange.
typedef struct claim {
    _Alignas(128) _Atomic uint64_t word;
} claim;

/// None; its rank computes it; so does another rank; the other rank was first.
enum { CLAIM_NONE = 0, CLAIM_COMPUTES = 1, CLAIM_DOUBLED = 2, CLAIM_LOST = 3, CLAIM_STATES = 3 };

static uint64_t claim_word(flow_take take, uint64_t state) {
    return (uint64_t)take.generation << 32 | (uint64_t)take.piece << 16 | state;
}

/// Each word on its own pair of cache lines: takers, finishers and sleepers do not disturb each other.
struct flow_ticket {
    _Alignas(128) _Atomic uint64_t word;      // generation << 32 | pieces << 16 | next
    _Alignas(128) _Atomic uint32_t unfinished; // pieces of this generation that are not done
    _Alignas(128) _Atomic uint32_t generation; // what sleepers wait on
    _Atomic uint32_t sleepers;
    _Atomic uint32_t closed;
    _Atomic uint32_t doubles; // pieces that two ranks began, less those whose loser has stopped
    uint32_t ranks;
    claim claims[]; // [ranks]
};

flow_ticket *flow_ticket_create(uint32_t ranks) {
    flow_ticket *ticket = aligned_alloc(128, sizeof(flow_ticket) + ranks * sizeof(claim));
    if (!ticket) return NULL;
    ticket->ranks = ranks;
    atomic_init(&ticket->doubles, 0);
    for (uint32_t rank = 0; rank < ranks; rank++) atomic_init(&ticket->claims[rank].word, CLAIM_NONE);
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

bool flow_ticket_spin(flow_ticket *ticket, uint32_t generation, uint32_t spin_microseconds) {
    const uint64_t start = microseconds();
    do {
        for (int i = 0; i < 32; i++) {
            if (flow_ticket_generation(ticket) != generation) return true;
            pause_briefly();
        }
    } while (microseconds() - start < spin_microseconds);
    return false;
}

void flow_ticket_sleep(flow_ticket *ticket, uint32_t generation) {
    atomic_fetch_add(&ticket->sleepers, 1);
    while (atomic_load(&ticket->generation) == generation) futex(&ticket->generation, FUTEX_WAIT, generation);
    atomic_fetch_sub(&ticket->sleepers, 1);
}

void flow_ticket_claim(flow_ticket *ticket, uint32_t rank, flow_take take) {
    atomic_store(&ticket->claims[rank].word, claim_word(take, CLAIM_COMPUTES));
}

static void stop_doubling(flow_ticket *ticket) {
    if (atomic_fetch_sub(&ticket->doubles, 1) == 1) futex(&ticket->doubles, FUTEX_WAKE, 1);
}

bool flow_ticket_confirm(flow_ticket *ticket, uint32_t rank) {
    _Atomic uint64_t *word = &ticket->claims[rank].word;
    uint64_t own = atomic_load(word);
    while ((own & CLAIM_STATES) != CLAIM_LOST) {
        if (atomic_compare_exchange_weak(word, &own, CLAIM_NONE)) return true;
    }
    atomic_store(word, CLAIM_NONE);
    stop_doubling(ticket);
    return false;
}

flow_take flow_ticket_double(flow_ticket *ticket, uint32_t generation, uint32_t *rank) {
    for (*rank = 0; *rank < ticket->ranks; ++*rank) {
        uint64_t word = atomic_load(&ticket->claims[*rank].word);
        const flow_take take = {.generation = generation, .piece = word >> 16 & 0xffff, .taken = true};
        if (word != claim_word(take, CLAIM_COMPUTES)) continue;
        // Counted first: who settles must not overlook this one.
        atomic_fetch_add(&ticket->doubles, 1);
        if (atomic_compare_exchange_strong(
                &ticket->claims[*rank].word, &word, claim_word(take, CLAIM_DOUBLED)))
            return take;
        stop_doubling(ticket);
    }
    return (flow_take){.generation = generation};
}

bool flow_ticket_overtake(flow_ticket *ticket, uint32_t rank, flow_take take) {
    uint64_t word = claim_word(take, CLAIM_DOUBLED);
    if (atomic_compare_exchange_strong(&ticket->claims[rank].word, &word, CLAIM_LOST)) return true;
    stop_doubling(ticket);
    return false;
}

void flow_ticket_settle(flow_ticket *ticket, uint32_t spin_microseconds) {
    const uint64_t start = microseconds();
    uint32_t doubles;
    while ((doubles = atomic_load(&ticket->doubles)) != 0) {
        if (microseconds() - start < spin_microseconds) {
            pause_briefly();
        } else {
            futex(&ticket->doubles, FUTEX_WAIT, doubles);
        }
    }
}
