// SPDX-License-Identifier: Apache-2.0
//
// What a process writes of itself when a signal ends it. In C, since a handler may call next to nothing.
#define _GNU_SOURCE
#include "clinux.h"
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { STACK_BYTES = 32768, FRAME_STEP_LIMIT = 1 << 20 };

static clinux_crash *volatile page;
/// The first thread gets its handler even where its own stack has overflowed; others handle on theirs.
static char handler_stack[STACK_BYTES];

static void note_registers(const ucontext_t *context, uint64_t *frame) {
#if defined(__x86_64__)
    page->instruction = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
    page->stack = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
    *frame = (uint64_t)context->uc_mcontext.gregs[REG_RBP];
#elif defined(__aarch64__)
    page->instruction = context->uc_mcontext.pc;
    page->stack = context->uc_mcontext.sp;
    *frame = context->uc_mcontext.regs[29];
#else
    (void)context;
    *frame = 0;
#endif
}

static void handle(int number, siginfo_t *information, void *context) {
    page->code = information->si_code;
    page->address = (uint64_t)(uintptr_t)information->si_addr;
    uint64_t frame = 0;
    note_registers(context, &frame);
    // Last of what is certain: a reader sees it, and the rest is there.
    page->signal = number;
    // Frame pointers may be anything: a bad one faults again, whose disposition is the default by now.
    uint64_t below = page->stack;
    while (page->frame_count < CLINUX_CRASH_FRAMES && frame % sizeof(uint64_t) == 0 && frame >= below &&
           frame - below < FRAME_STEP_LIMIT) {
        const uint64_t *record = (const uint64_t *)(uintptr_t)frame;
        page->frames[page->frame_count] = record[1];
        page->frame_count = page->frame_count + 1;
        below = frame + 1;
        frame = record[0];
    }
    // One that was sent does not come again by itself.
    syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), number);
}

int clinux_note_crashes(void *memory) {
    page = memory;
    const stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    if (sigaltstack(&stack, NULL) != 0) return -1;
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND};
    const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], &action, NULL) != 0) return -1;
    return 0;
}
