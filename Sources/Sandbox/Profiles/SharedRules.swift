// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Groups of rules that several profiles are made of.
enum SharedRules {
    private static let executable = UInt64(PROT_EXEC)
    private static let cloneThread: UInt64 = 0x0001_0000
    private static let setName: UInt64 = 15
    private static let setMappingName: UInt64 = 0x5356_4d41

    /// Memory of the process's own, never executable.
    static let memory: [SystemCallRule] = [
        .allow("mmap", .masked(argument: 2, mask: executable, value: 0), why: "memory, never executable"),
        .allow("mprotect", .masked(argument: 2, mask: executable, value: 0), why: "thread stacks, never executable"),
        .allow("munmap", why: "gives memory back"),
        .allow("brk", why: "malloc's heap"),
    ]

    /// For processes that map a part of a shared file writable: mremap(2) would let that part grow over the rest of the
    /// file, whatever the descriptor allowed. glibc's realloc copies where it is refused.
    static let fixedMappings: [SystemCallRule] = [
        .refuse("mremap", ENOMEM, why: "a writable window of a shared file could grow over its neighbours")
    ]

    /// For processes that have no such part.
    static let movableMappings: [SystemCallRule] = [.allow("mremap", why: "realloc of large blocks")]

    /// Advice that cannot take pages away from others: MADV_REMOVE empties a shared file for everyone.
    static let memoryAdvice: [SystemCallRule] =
        [
            (3, "WILLNEED: read ahead"), (4, "DONTNEED: malloc gives pages back"), (8, "FREE: the same, lazily"),
            (14, "HUGEPAGE: larger pages for private memory"), (15, "NOHUGEPAGE: the opposite"),
            (21, "COLD: reclaim these first"), (22, "POPULATE_READ: fault in at once"),
            (23, "POPULATE_WRITE: the same for memory that will be written"),
            (102, "GUARD_INSTALL: glibc's stack guards on kernels that have it"),
            (103, "GUARD_REMOVE: takes such a guard away"),
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
        .allow("futex", why: "locks, and ranks that wait for work"),
        .allow("clock_gettime", why: "time, where the vDSO cannot answer"),
        .allow("clock_nanosleep", why: "short waits of a spinning rank"),
        .allow("getrandom", why: "hash seeds"),
        .allow("sysinfo", why: "glibc's sorting asks how much memory the machine has"),
        .allow("writev", why: "the last words of glibc when a heap is corrupt"),
        .allow("fstat", why: "size of what a descriptor holds"),
        .allow("close", why: "descriptors that are done with"),
    ]

    /// Signals to the own process, in a filter that is loaded by that very process.
    static let ownSignals: [SystemCallRule] = [
        .allow("tgkill", .ownProcess(argument: 0), why: "abort() raises SIGABRT in its own process")
    ]

    /// Threads, and no processes.
    static let threads: [SystemCallRule] = [
        .allow(
            "clone", .masked(argument: 0, mask: cloneThread, value: cloneThread),
            why: "ranks are threads; without CLONE_THREAD it is a fork"),
        .refuse("clone3", ENOSYS, why: "its flags lie in memory; glibc falls back to clone, whose flags are seen"),
        .allow("set_robust_list", why: "a thread's start"),
        .allow("rseq", why: "a thread's start"),
        .allow("sched_yield", why: "a rank that spins lets others run"),
        .allow("sched_getaffinity", why: "glibc sizes thread stacks and arenas"),
        .allow("prctl", .equals(argument: 0, setName), why: "names of threads"),
        .allow("prctl", .equals(argument: 0, setMappingName), why: "glibc names its mappings"),
    ]

    /// Packets of bytes on connected sockets: no address, and no descriptor can travel with these two.
    static let packets: [SystemCallRule] = [
        .allow("sendto", .equals(argument: 4, 0), why: "frames to the daemon; to no other address"),
        .allow("recvfrom", .equals(argument: 4, 0), why: "frames from the daemon"),
    ]

    /// Waiting for descriptors.
    static let waiting: [SystemCallRule] = [
        .allow("epoll_create1", why: "waits for channel and wake-up"),
        .allow("epoll_ctl", why: "waits for channel and wake-up"),
        .allow("epoll_wait", why: "waits for channel and wake-up"),
        .allow("epoll_pwait", why: "the same call's name on other processors"),
        .allow("eventfd2", why: "wake-up counter"),
        .allow("read", why: "wake-up counter"),
        .allow("write", why: "wake-up counter, messages on stderr"),
    ]

    /// Calls that glibc and the Swift runtime try in healthy processes and take a refusal well.
    static let probes: [SystemCallRule] =
        [
            "open", "openat", "stat", "newfstatat", "lstat", "statx", "access", "faccessat", "faccessat2", "readlink",
            "readlinkat", "statfs", "uname", "getcwd",
        ].map { .refuse($0, EACCES, why: "libraries look for files; there are none") }
}
