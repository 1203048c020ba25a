// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "clinux.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PR_GET_TID_ADDRESS
#define PR_GET_TID_ADDRESS 40
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

const uint64_t CLINUX_CLONE_PARENT = CLONE_PARENT, CLINUX_CLONE_CHILD_SETTID = CLONE_CHILD_SETTID,
               CLINUX_CLONE_CHILD_CLEARTID = CLONE_CHILD_CLEARTID, CLINUX_CLONE_THREAD = CLONE_THREAD;
const unsigned CLINUX_CLOSE_RANGE_CLOEXEC = 4;

int32_t clinux_clone(uint64_t flags) {
    // glibc caches the thread id in its control block; the kernel rewrites it there, as for glibc's own fork.
    int *tid_slot = NULL;
    if (prctl(PR_GET_TID_ADDRESS, &tid_slot, 0, 0, 0) != 0) return -1;
    void *robust_list = NULL;
    size_t robust_length = 0;
    syscall(SYS_get_robust_list, 0, &robust_list, &robust_length);
#if defined(__x86_64__)
    long pid = syscall(SYS_clone, flags, NULL, NULL, tid_slot, 0);
#else
    long pid = syscall(SYS_clone, flags, NULL, NULL, 0, tid_slot);
#endif
    if (pid == 0 && robust_list) syscall(SYS_set_robust_list, robust_list, robust_length);
    return (int32_t)pid;
}

int clinux_get_affinity(uint64_t *words, size_t count) {
    return sched_getaffinity(0, count * sizeof *words, (cpu_set_t *)words);
}

int clinux_set_affinity(const uint64_t *words, size_t count) {
    return sched_setaffinity(0, count * sizeof *words, (const cpu_set_t *)words);
}

int clinux_pidfd_open(int32_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int clinux_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

static int wait_id(int type, unsigned id, int options, int32_t *pid, int *code, int *status) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    int result = waitid((idtype_t)type, id, &info, options);
    *pid = info.si_pid;
    *code = info.si_code;
    *status = info.si_status;
    return result;
}

int clinux_waitid_pidfd(int pidfd, int options, int32_t *pid, int *code, int *status) {
    return wait_id(P_PIDFD, (unsigned)pidfd, options, pid, code, status);
}

int clinux_waitid_pid(int32_t child, int options, int32_t *pid, int *code, int *status) {
    return wait_id(P_PID, (unsigned)child, options, pid, code, status);
}

int clinux_close_range(unsigned first, unsigned last, unsigned flags) {
    return (int)syscall(SYS_close_range, first, last, flags);
}

int clinux_spawn_close_from(void *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int clinux_prctl(int operation, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
    return prctl(operation, a, b, c, d);
}

long clinux_raw_call(long number, long a, long b, long c, long d, long e, long f) {
    return syscall(number, a, b, c, d, e, f);
}

int clinux_pipe(int ends[2], int waits) { return pipe2(ends, O_CLOEXEC | (waits ? 0 : O_NONBLOCK)); }

int clinux_tgkill(int32_t process, int32_t thread, int signal) {
    return (int)syscall(SYS_tgkill, process, thread, signal);
}

char *clinux_take_title_memory(long *bytes) {
    enum { MOST_BYTES_OF_ARGUMENTS = 1 << 20 };
    static char *no_environment[] = {NULL};
    // glibc's own pointer to the first argument.
    char *start = program_invocation_name;
    if (!environ || !environ[0] || environ[0] <= start || environ[0] - start > MOST_BYTES_OF_ARGUMENTS) return NULL;
    char *end = environ[0];
    for (char **entry = environ; *entry == end; entry++) end += strlen(end) + 1;
    environ = no_environment;
    *bytes = end - start;
    return start;
}

int clinux_file_facts(int fd, int64_t *size, uint64_t *links) {
    struct stat facts;
    if (syscall(SYS_fstat, fd, &facts) != 0) return -1;
    *size = facts.st_size;
    *links = facts.st_nlink;
    return 0;
}
