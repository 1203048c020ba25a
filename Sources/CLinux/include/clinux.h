// SPDX-License-Identifier: Apache-2.0
// What Swift's Glibc module lacks: calls without a wrapper, variadic functions, function-like macros and constants
// behind _GNU_SOURCE. One line of C each, no logic: meaning and error handling are in LinuxKernel.
#pragma once
// Only headers without types of the C library: those belong to Glibc's module, and a second declaration here would make
// every file that uses them import this module too. Hence int32_t for pid_t, uint32_t for uid_t and gid_t, long for
// ssize_t, and void * for sigset_t and posix_spawn_file_actions_t.
#include <stddef.h>
#include <stdint.h>

// Processes
/// clone(2) without a new stack, as fork with `flags`; the child's thread id is written into glibc's own slot.
int32_t clinux_clone(uint64_t flags);

/// The processors that the calling thread may run on, 64 in each word; `count` of 16 holds as many as `cpu_set_t`.
int clinux_get_affinity(uint64_t *words, size_t count);
int clinux_set_affinity(const uint64_t *words, size_t count);
extern const uint64_t CLINUX_CLONE_PARENT, CLINUX_CLONE_CHILD_SETTID, CLINUX_CLONE_CHILD_CLEARTID, CLINUX_CLONE_THREAD;
int clinux_pidfd_open(int32_t pid);
int clinux_pidfd_send_signal(int pidfd, int signal);
/// waitid(P_PIDFD or P_PID); status as in siginfo_t: *code is CLD_EXITED, CLD_KILLED or CLD_DUMPED, *status its value.
/// *pid is 0 when nothing is there (WNOHANG).
int clinux_waitid_pidfd(int pidfd, int options, int32_t *pid, int *code, int *status);
int clinux_waitid_pid(int32_t child, int options, int32_t *pid, int *code, int *status);
int clinux_close_range(unsigned first, unsigned last, unsigned flags);
int clinux_spawn_close_from(void *actions, int first);
int clinux_prctl(int operation, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
extern const unsigned CLINUX_CLOSE_RANGE_CLOEXEC;

/// A call by number, for those that glibc has no name for.
long clinux_raw_call(long number, long a, long b, long c, long d, long e, long f);
/// pipe2(2), closed at an exec; without `waits` neither end makes its user wait.
int clinux_pipe(int ends[2], int waits);
/// kill(2) on one thread, checked against its process.
int clinux_tgkill(int32_t process, int32_t thread, int signal);
/// The memory from which the kernel reads the arguments of this process, with that of the environment behind it; the
/// environment is empty afterwards. NULL where they do not lie one behind the other.
char *clinux_take_title_memory(long *bytes);
/// fstat(2) itself: glibc may make a call out of it that can also ask about paths.
int clinux_file_facts(int fd, int64_t *size, uint64_t *links);

// Memory
int clinux_memfd_create(const char *name, unsigned flags);
int clinux_add_seals(int fd, int seals);
extern const unsigned CLINUX_MFD_CLOEXEC, CLINUX_MFD_ALLOW_SEALING;
extern const int CLINUX_F_SEAL_SEAL, CLINUX_F_SEAL_SHRINK, CLINUX_F_SEAL_GROW;

// Descriptors over sockets
long clinux_send_with_descriptors(int socket, const void *data, size_t length, const int *descriptors, int count,
                                     int flags);
/// *count: room on entry, received on return; *truncated: data or descriptors did not fit (the latter are closed).
long clinux_receive_with_descriptors(int socket, void *data, size_t length, int *descriptors, int *count,
                                        int *truncated, int flags);
/// sendto and recvfrom without addresses: packets that cannot carry descriptors.
long clinux_send(int socket, const void *data, size_t length, int flags);
/// The packet's whole length, also where it is more than fitted.
long clinux_receive(int socket, void *data, size_t length, int flags);
int clinux_accept4(int socket, int flags);
int clinux_peer_credentials(int socket, int32_t *pid, uint32_t *uid, uint32_t *gid);
/// *count: room on entry, number on return; -1 with ERANGE where there are more.
int clinux_peer_groups(int socket, uint32_t *groups, int *count);
extern const int CLINUX_SOCK_CLOEXEC, CLINUX_SOCK_NONBLOCK;

// Events
int clinux_epoll_create(void);
/// operation: 1 add, 2 remove, 3 modify; `key` comes back with each event.
int clinux_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t key);
/// Fills `keys` and `events`, at most `room`; returns how many.
int clinux_epoll_wait(int epoll, uint64_t *keys, uint32_t *events, int room, int timeout_ms);
extern const uint32_t CLINUX_EPOLLIN, CLINUX_EPOLLOUT, CLINUX_EPOLLHUP, CLINUX_EPOLLERR, CLINUX_EPOLLRDHUP;
int clinux_eventfd(void);
int clinux_signalfd(const void *signals);
int clinux_inotify_watch_directory(const char *path);

// Sandbox
int clinux_landlock_abi(void);
/// A ruleset that handles all rights of `abi` and allows none; then restricts the calling thread.
int clinux_landlock_deny_all(int abi);
/// With CLINUX_SECCOMP_NEW_LISTENER the result is a descriptor on which another process hears of unlisted calls.
int clinux_seccomp_install(const void *program, size_t bytes, unsigned flags);
/// The same without flags through the older entrance, for where an outer filter knows only that one.
int clinux_seccomp_install_by_prctl(const void *program, size_t bytes);
extern const unsigned CLINUX_SECCOMP_NEW_LISTENER;
struct clinux_intercepted_call {
    uint64_t id;
    int32_t thread, number;
    uint32_t architecture;
    uint64_t arguments[6];
};
int clinux_seccomp_receive(int listener, struct clinux_intercepted_call *call);
int clinux_seccomp_continue(int listener, uint64_t id);
/// 1 while the call still waits for its answer.
int clinux_seccomp_is_waiting(int listener, uint64_t id);
int clinux_seccomp_wake_at_once(int listener);
/// No supplementary groups, then group and user in all their forms.
int clinux_drop_identity(uint32_t user, uint32_t group);

/// Most return addresses that are noted of a crash.
enum { CLINUX_CRASH_FRAMES = 24 };

/// A crash as its process saw it; all zero while there was none.
typedef struct clinux_crash {
    int32_t signal;
    int32_t code;
    uint64_t address;     ///< what could not be reached, for SIGSEGV and SIGBUS
    uint64_t instruction; ///< where it was
    uint64_t stack;
    uint32_t frame_count;
    uint64_t frames[CLINUX_CRASH_FRAMES]; ///< return addresses, innermost first
} clinux_crash;

/// Has signals that stand for a defect written into `memory`, which holds a `clinux_crash`, before they end the process.
int clinux_note_crashes(void *memory);
