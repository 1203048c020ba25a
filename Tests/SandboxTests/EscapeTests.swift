// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import TestSupport
import Testing

/// What somebody who owns an instance would try, from inside a forked one, each with the reason for which it fails.
@Suite("Escapes from an instance", .serialized)
struct EscapeTests {
    /// Why an escape fails.
    enum Barrier: Hashable {
        /// The keeper names this call and kills the instance.
        case named(String)
        /// The filter refuses it, and the instance goes on.
        case refused
        /// The same, as if there were no memory: glibc takes that well.
        case withoutMemory
        /// The kernel ends it: a call table that is not ours, or a step of the start that it gave up.
        case ended
        /// The memory cannot be written to.
        case fault
        /// The kernel refuses, by the rights of the mapping.
        case mapping
    }

    static let escapes: [(String, Barrier)] = [
        ("read /etc/shadow", .refused), ("read /proc/self/mem", .refused), ("write /tmp", .refused),
        ("TCP connection", .named("socket")), ("UDP datagram", .named("socket")), ("Unix connection", .named("socket")),
        ("descriptor to the daemon", .ended), ("signal all", .named("kill")),
        ("program", .named("execve")), ("program by descriptor", .named("execveat")),
        ("executable memory", .named("mmap")), ("executable file", .named("mmap")),
        ("memory made executable", .named("mprotect")), ("writable weights", .mapping),
        ("write to the weights", .fault), ("write to a foreign block", .fault),
        ("foreign block made writable", .mapping), ("empty a foreign block", .named("madvise")),
        ("punch a hole", .named("fallocate")), ("empty the own blocks", .named("madvise")),
        ("window grown over its neighbours", .withoutMemory), ("window mapped again", .withoutMemory),
        ("window moved over the weights", .withoutMemory),
        ("fork", .named("clone")), ("fork as the template", .ended), ("new namespaces", .named("unshare")),
        ("mount", .named("mount")), ("io_uring", .named("io_uring_setup")), ("bpf", .named("bpf")),
        ("userfaultfd", .named("userfaultfd")), ("foreign call table", .ended), ("more files", .named("prlimit64")),
        ("root again", .named("setresuid")), ("filter of its own", .named("seccomp")),
        ("kernel module", .named("finit_module")), ("keys", .named("keyctl")),
    ]

    /// The same from above, aimed at one process.
    static let aimed: [(String, Barrier)] = [
        ("signal", .named("kill")), ("signal a thread", .named("tgkill")),
        ("read memory", .named("process_vm_readv")), ("write memory", .named("process_vm_writev")),
        ("trace", .named("ptrace")), ("descriptor of a process", .named("pidfd_open")),
    ]

    private let keeper: RunningKeeper
    private let daemon: ProbeDaemon

    init() throws {
        keeper = try RunningKeeper(engine: BuiltExecutable.path("sandbox-probe"))
        daemon = try ProbeDaemon(keeper: keeper.socketPath)
    }

    @Test("Each fails for its reason", arguments: escapes)
    func escape(name: String, barrier: Barrier) throws {
        let instance = try daemon.fork()
        try expect(try daemon.attempt("escape: \(name)", in: instance), barrier, name)
        if [.refused, .withoutMemory].contains(barrier) {
            #expect(try daemon.attempt("plainMapping", in: instance) == "0 0")
        }
    }

    @Test("Daemon, keeper, template and siblings are out of reach", arguments: aimed)
    func aimedEscape(name: String, barrier: Barrier) throws {
        let sibling = try daemon.fork()
        for target in [getpid(), keeper.process.processID, sibling.processID] {
            let instance = try daemon.fork()
            try expect(try daemon.attempt("escape: \(name):\(target)", in: instance), barrier, "\(name) of \(target)")
        }
        #expect(try daemon.attempt("plainMapping", in: sibling) == "0 0")
    }

    @Test("A compromised template cannot fork without an order, and is ended with its name in the log")
    func templateFlood() throws {
        let bystander = try daemon.fork()
        let end = try daemon.attemptInTemplate("escape: fork as the template")
        #expect(end.contains("system call clone("))
        #expect(try keeper.log().contains("denied call clone(0x1208000"))
        #expect(try daemon.attempt("plainMapping", in: bystander) == "0 0")
    }

    @Test("A denied call is counted and told, and touches neither siblings nor the template")
    func counting() throws {
        let victim = try daemon.fork()
        let other = try daemon.fork()
        #expect(try daemon.attempt("mount", in: victim).contains("mount("))
        #expect(try daemon.attempt("plainMapping", in: other) == "0 0")
        #expect(try daemon.attempt("plainMapping", in: daemon.fork()) == "0 0")
        #expect(daemon.deniedCalls == 1)
    }

    private func expect(_ outcome: String, _ barrier: Barrier, _ name: String) throws {
        switch barrier {
        case .named(let call): #expect(outcome.contains("system call \(call)("), "\(name): \(outcome)")
        case .refused: #expect(outcome == "-1 \(EACCES)", "\(name): \(outcome)")
        case .withoutMemory: #expect(outcome == "-1 \(ENOMEM)", "\(name): \(outcome)")
        case .ended: #expect(outcome.contains("ended by its filter"), "\(name): \(outcome)")
        case .fault: #expect(outcome.contains("signal \(SIGSEGV) "), "\(name): \(outcome)")
        case .mapping: #expect(outcome == "-1 \(EACCES)", "\(name): \(outcome)")
        }
    }
}
