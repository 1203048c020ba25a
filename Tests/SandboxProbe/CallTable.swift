// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Sandbox

/// What must become of a call.
enum Expectation: Hashable {
    /// The kernel carries it out: success, or this errno, which only the call's own code gives.
    case carriedOut(Int32)
    /// The filter answers with this errno, and the process goes on.
    case refused(Int32)
    /// The keeper names it and kills the process.
    case named
    /// The kernel kills the process: a call of another table, or one that the process renounced.
    case ended
}

/// One call with its arguments, and what must become of it in an instance. Arguments are chosen so that a call which is
/// carried out against expectation does no harm.
struct TriedCall {
    let label: String
    let name: String
    let arguments: [Int]
    let inInstance: Expectation

    init(_ name: String, _ arguments: [Int] = [], _ inInstance: Expectation, label: String? = nil) {
        self.label = label ?? name
        self.name = name
        self.arguments = arguments
        self.inInstance = inInstance
    }

    /// The table number of x32's getpid, a call of a foreign table.
    static let foreign = "x32 getpid"

    /// Makes the call: `RESULT ERRNO`; nil where this processor has no such call.
    func make() -> String? {
        guard let number = name == Self.foreign ? 0x4000_0027 : SystemCallName.number(of: name) else { return nil }
        errno = 0
        let result = RawCall.make(number, arguments)
        return "\(result == -1 ? -1 : 0) \(result == -1 ? errno : 0)"
    }
}

/// All calls that are tried, in groups by what becomes of them in an instance.
enum CallTable {
    static let all = carriedOut + refused + renounced + files + sockets + processes + memory + kernel

    /// A descriptor that is not open.
    private static let none = -1

    private static let carriedOut: [TriedCall] = [
        .init("read", [none], .carriedOut(EBADF)), .init("write", [none], .carriedOut(EBADF)),
        .init("writev", [none], .carriedOut(EBADF)), .init("close", [none], .carriedOut(EBADF)),
        .init("fstat", [none], .carriedOut(EBADF)), .init("munmap", [1], .carriedOut(EINVAL)),
        .init("mmap", [0, 4096, 3, 0x22, none], .carriedOut(0)), .init("mprotect", [0, 0, 0], .carriedOut(0)),
        .init("brk", [], .carriedOut(0)),
        .init("madvise", [0, 0, 4], .carriedOut(0)), .init("rt_sigaction", [0, 0, 0, 1], .carriedOut(EINVAL)),
        .init("rt_sigprocmask", [0, 0, 0, 1], .carriedOut(EINVAL)), .init("sigaltstack", [], .carriedOut(0)),
        .init("getpid", [], .carriedOut(0)), .init("gettid", [], .carriedOut(0)),
        .init("futex", [0, 1], .carriedOut(EFAULT)), .init("clock_gettime", [], .carriedOut(EFAULT)),
        .init("clock_nanosleep", [], .carriedOut(EFAULT)), .init("getrandom", [], .carriedOut(0)),
        .init("sysinfo", [], .carriedOut(EFAULT)), .init("epoll_create1", [-1], .carriedOut(EINVAL)),
        .init("epoll_ctl", [none, 2], .carriedOut(EBADF)), .init("epoll_wait", [none, 0, 1], .carriedOut(EBADF)),
        .init("epoll_pwait", [none, 0, 1], .carriedOut(EBADF)), .init("eventfd2", [0, -1], .carriedOut(EINVAL)),
        .init("sendto", [none], .carriedOut(EBADF)), .init("recvfrom", [none], .carriedOut(EBADF)),
        .init("set_robust_list", [], .carriedOut(EINVAL)), .init("sched_yield", [], .carriedOut(0)),
        .init("sched_getaffinity", [], .carriedOut(EINVAL)),
        .init("setpriority", [0, 0, 19], .carriedOut(0)),
        .init("prctl", [15], .carriedOut(EFAULT), label: "prctl(PR_SET_NAME)"),
    ]

    private static let refused: [TriedCall] =
        [
            "open", "openat", "stat", "newfstatat", "lstat", "statx", "access", "faccessat", "faccessat2", "readlink",
            "readlinkat", "statfs", "uname", "getcwd",
        ].map { .init($0, [0, 0], .refused(EACCES)) }
        + [.init("clone3", [0, 0], .refused(ENOSYS)), .init("mremap", [1], .refused(ENOMEM))]

    /// The calls of a child's own start, exactly as it makes them.
    private static let renounced: [TriedCall] = [
        .init("dup2", [none, 3], .ended, label: "dup2 onto the channel"),
        .init("dup3", [none, 3, 0], .ended, label: "dup3 onto the channel"),
        .init("prctl", [1, 9], .ended, label: "prctl(PR_SET_PDEATHSIG, SIGKILL)"),
        .init("prctl", [40, 0], .ended, label: "prctl(PR_GET_TID_ADDRESS)"),
        .init("sched_setaffinity", [0, 0, 0], .ended), .init("get_robust_list", [0, 0, 0], .ended),
        .init("getppid", [], .ended),
        .init("close_range", [4, 0xFFFF_FFFF, 0], .ended, label: "close_range as at the start"),
        .init("seccomp", [1, 0, 0], .ended, label: "seccomp(SET_MODE_FILTER)"),
        .init("recvmsg", [none, 0, 0x4000_0000], .ended, label: "recvmsg as a template"),
        .init("sendmsg", [none, 0, 0x4000], .ended, label: "sendmsg as a template"),
        .init(TriedCall.foreign, [], .ended),
    ]

    private static let files: [TriedCall] =
        named("creat openat2 unlink unlinkat mkdir rename link symlink chmod fchmod chown mknod truncate fallocate")
        + named("preadv getdents64 ioctl fcntl dup pipe2")
        + named("splice vmsplice copy_file_range sendfile inotify_init1 fanotify_init signalfd4 timerfd_create")
        + named("open_by_handle_at name_to_handle_at")
        + ["ftruncate", "pread64", "pwrite64", "fsync", "fdatasync", "lseek"].map { .init($0, [none], .named) }
        + [
            .init("dup2", [none, 9], .named, label: "dup2 elsewhere"),
            .init("close_range", [3, 3, 0], .named, label: "close_range of the channel"),
        ]

    private static let sockets: [TriedCall] =
        named("socket socketpair connect bind listen accept accept4 getsockname getpeername setsockopt getsockopt")
        + named("shutdown sendmmsg recvmmsg poll ppoll select")
        + [
            .init("sendmsg", [none, 0, 0], .named), .init("recvmsg", [none, 0, 0], .named),
            .init("sendto", [none, 0, 0, 0, 1], .named, label: "sendto with an address"),
        ]

    private static let processes: [TriedCall] =
        named("fork vfork execve execveat wait4 waitid kill tkill rt_sigqueueinfo pidfd_open pidfd_send_signal")
        + named("pidfd_getfd ptrace process_vm_readv process_vm_writev kcmp process_madvise setsid setpgid getpgid")
        + named("setuid setgid setresuid setresgid setgroups setfsuid capset capget prlimit64 setrlimit")
        + named("sched_setscheduler sched_setattr personality timer_create setitimer alarm")
        + [
            .init("sched_setaffinity", [1, 0, 0], .named, label: "sched_setaffinity of another process"),
            .init("clone", [17], .named, label: "clone as fork"),
            .init("clone", [0x0120_8000], .named, label: "clone as a template"),
            .init("tgkill", [1, 1, 0], .named, label: "tgkill of another process"),
            .init("setpriority", [0, 1, 19], .named, label: "setpriority of another process"),
            .init("prctl", [4, 1], .named, label: "prctl(PR_SET_DUMPABLE)"),
            .init("prctl", [1, 0], .named, label: "prctl(PR_SET_PDEATHSIG, 0)"),
            .init("prctl", [22, 0], .named, label: "prctl(PR_SET_SECCOMP)"),
            .init("seccomp", [2, 0, 0], .named, label: "seccomp(GET_ACTION_AVAIL)"),
            .init("seccomp", [1, 8, 0], .named, label: "seccomp with a listener of its own"),
        ]

    private static let memory: [TriedCall] =
        named("memfd_create memfd_secret shmget shmat mlock mlock2 mincore remap_file_pages pkey_mprotect")
        + named("userfaultfd move_pages migrate_pages mbind set_mempolicy")
        + [
            .init("mmap", [0, 4096, 5, 0x22, none], .named, label: "mmap(PROT_EXEC)"),
            .init("mprotect", [0, 0, 4], .named, label: "mprotect(PROT_EXEC)"),
            .init("madvise", [0, 0, 9], .named, label: "madvise(MADV_REMOVE)"),
            .init("madvise", [0, 0, 12], .named, label: "madvise(MADV_MERGEABLE)"),
        ]

    private static let kernel: [TriedCall] =
        named("unshare setns mount umount2 pivot_root chroot open_tree move_mount fsopen mount_setattr chdir umask")
        + named("io_uring_setup io_uring_enter io_uring_register io_setup bpf perf_event_open keyctl add_key")
        + named("request_key init_module finit_module delete_module kexec_load reboot iopl ioperm modify_ldt")
        + named("arch_prctl clock_settime settimeofday adjtimex sethostname setdomainname syslog acct swapon quotactl")
        + named("landlock_create_ruleset landlock_restrict_self msgget semget mq_open ustat sysfs vhangup sync")

    /// Without arguments worth the name: 0 names nothing that could be harmed.
    private static func named(_ names: String) -> [TriedCall] {
        names.split(separator: " ").map { .init(String($0), [], .named) }
    }
}
