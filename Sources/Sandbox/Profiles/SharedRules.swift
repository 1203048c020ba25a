// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Groups of rules that several profiles are made of.
enum SharedRules {
    private static let executable = UInt64(PROT_EXEC)

    /// Memory of the process's own, never executable.
    static let memory: [SystemCallRule] = [
        .allow("mmap", .masked(argument: 2, mask: executable, value: 0), why: "memory, never executable"),
        .allow("mprotect", .masked(argument: 2, mask: executable, value: 0), why: "thread stacks, never executable"),
        .allow("munmap", why: "gives memory back"),
        .allow("mremap", why: "realloc of large blocks"),
        .allow("brk", why: "malloc's heap"),
    ]

    /// Advice that cannot take pages away from others: MADV_REMOVE empties a shared file for everyone.
    static let memoryAdvice: [SystemCallRule] =
        [
            (3, "WILLNEED: read ahead"), (4, "DONTNEED: malloc gives pages back"), (8, "FREE: the same, lazily"),
            (14, "HUGEPAGE: larger pages for private memory"), (15, "NOHUGEPAGE: the opposite"),
            (21, "COLD: reclaim these first"), (22, "POPULATE_READ: fault in at once"),
        ].map { advice, why in
            .allow("madvise", .equals(argument: 2, UInt64(advice)), why: why)
        }

    /// What every process needs to live and end.
    static let life: [SystemCallRule] = [
        .allow("exit", why: "a thread ends"),
        .allow("exit_group", why: "the process ends"),
        .allow("rt_sigaction", why: "signal dispositions of the runtime"),
        .allow("rt_sigprocmask", why: "threads block signals around their creation"),
        .allow("rt_sigreturn", why: "the end of a signal handler"),
        .allow("sigaltstack", why: "the runtime's handler stack"),
        .allow("restart_syscall", why: "the kernel's own continuation of an interrupted wait"),
        .allow("getpid", why: "abort() asks"),
        .allow("gettid", why: "abort() asks"),
        .allow("tgkill", .ownProcess(argument: 0), why: "abort() raises SIGABRT in its own process"),
        .allow("futex", why: "locks, and ranks that wait for work"),
        .allow("clock_gettime", why: "time, where the vDSO cannot answer"),
        .allow("clock_nanosleep", why: "short waits of a spinning rank"),
        .allow("getrandom", why: "hash seeds"),
    ]

    /// Calls that glibc and the Swift runtime try in healthy processes and take a refusal well.
    static let probes: [SystemCallRule] =
        [
            "open", "openat", "stat", "newfstatat", "lstat", "statx", "access", "faccessat", "faccessat2", "readlink",
            "readlinkat", "statfs", "uname", "getcwd",
        ].map { .refuse($0, EACCES, why: "libraries look for files; there are none") }
}
