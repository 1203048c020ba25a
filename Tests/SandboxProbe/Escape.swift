// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
internal import Sandbox

/// A way out of an instance, written as one would who owns it. An argument after a colon names a process.
struct Escape {
    let name: String
    let target: Int32

    /// All of them, in the order in which the tests list them.
    static let names = [
        "read /etc/shadow", "read /proc/self/mem", "write /tmp", "TCP connection", "UDP datagram", "Unix connection",
        "descriptor to the daemon", "signal", "signal all", "signal a thread", "read memory", "write memory", "trace",
        "program", "program by descriptor", "executable memory", "executable file", "memory made executable",
        "writable weights", "write to the weights", "write to a foreign block", "foreign block made writable",
        "empty a foreign block", "punch a hole", "empty the own blocks", "window grown over its neighbours",
        "window mapped again", "window moved over the weights", "fork", "fork as the template",
        "new namespaces", "mount", "io_uring", "bpf", "userfaultfd", "foreign call table", "more files", "root again",
        "filter of its own", "descriptor of a process", "kernel module", "keys",
    ]

    init?(named text: String) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard let name = parts.first.map(String.init), Self.names.contains(name) else { return nil }
        self.name = name
        target = parts.count > 1 ? Int32(parts[1]) ?? 0 : 0
    }

    /// 0 where it worked, else -1 with errno; most never return.
    func attempt(at place: ProbePlace) -> Int {
        onFiles(place) ?? onSockets(place) ?? onProcesses() ?? onMemory(place) ?? onKernel()
    }

    private func onFiles(_ place: ProbePlace) -> Int? {
        switch name {
        case "read /etc/shadow": Int(open("/etc/shadow", O_RDONLY))
        case "read /proc/self/mem": Int(open("/proc/self/mem", O_RDWR))
        case "write /tmp": Int(open("/tmp/deepflow-probe", O_WRONLY | O_CREAT, 0o600))
        case "punch a hole": RawCall.make(number("fallocate"), [Int(place.channel), 3, 0, 4096])
        case "more files": call("prlimit64", [0, 7])
        default: nil
        }
    }

    private func onSockets(_ place: ProbePlace) -> Int? {
        switch name {
        case "TCP connection": connect(AF_INET, SOCK_STREAM)
        case "UDP datagram": connect(AF_INET, SOCK_DGRAM)
        case "Unix connection": connect(AF_UNIX, SOCK_STREAM)
        case "descriptor to the daemon": sendDescriptor(place.channel)
        default: nil
        }
    }

    private func connect(_ family: CInt, _ kind: __socket_type) -> Int {
        let descriptor = socket(family, CInt(kind.rawValue), 0)
        guard descriptor >= 0 else { return -1 }
        var address = sockaddr_in(
            sin_family: sa_family_t(family), sin_port: in_port_t(53).bigEndian,
            sin_addr: in_addr(s_addr: in_addr_t(0x7F00_0001).bigEndian), sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
        return withUnsafeBytes(of: &address) { bytes in
            Int(Glibc.connect(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), 16))
        }
    }

    private func sendDescriptor(_ channel: CInt) -> Int {
        var descriptor: CInt = 2
        var byte: UInt8 = 0
        return clinux_send_with_descriptors(channel, &byte, 1, &descriptor, 1, 0)
    }

    private func onProcesses() -> Int? {
        switch name {
        case "signal": Int(kill(target, SIGTERM))
        case "signal all": Int(kill(-1, SIGTERM))
        case "signal a thread": Int(clinux_tgkill(target, target, SIGTERM))
        case "read memory": call("process_vm_readv", [Int(target), 0, 0, 0, 0, 0])
        case "write memory": call("process_vm_writev", [Int(target), 0, 0, 0, 0, 0])
        case "trace": call("ptrace", [16, Int(target)])
        case "descriptor of a process": call("pidfd_open", [Int(target), 0])
        case "program": run()
        case "program by descriptor": call("execveat", [0, 0, 0, 0, 0x1000])
        case "fork": fork() == 0 ? exitAtOnce() : 0
        case "fork as the template":
            clinux_clone(CLINUX_CLONE_PARENT | CLINUX_CLONE_CHILD_SETTID | CLINUX_CLONE_CHILD_CLEARTID) == 0
                ? exitAtOnce() : 0
        default: nil
        }
    }

    private func run() -> Int {
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), nil]
        return Int(execv("/bin/sh", &arguments))
    }

    private func exitAtOnce() -> Int { _exit(0) }

    private func onMemory(_ place: ProbePlace) -> Int? {
        let page = 4096
        switch name {
        case "executable memory":
            return mapped(mmap(nil, page, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
        case "executable file": return mapped(mmap(nil, page, PROT_READ | PROT_EXEC, MAP_PRIVATE, 0, 0))
        case "memory made executable":
            let memory = mmap(nil, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            return Int(mprotect(memory, page, PROT_READ | PROT_EXEC))
        case "writable weights": return Int(mprotect(place.weights.baseAddress, page, PROT_READ | PROT_WRITE))
        case "write to the weights": return write(to: place.weights)
        case "write to a foreign block": return write(to: place.foreignBlocks)
        case "foreign block made writable":
            return Int(mprotect(place.foreignBlocks.baseAddress, page, PROT_READ | PROT_WRITE))
        case "empty a foreign block": return Int(madvise(place.foreignBlocks.baseAddress, page, 9))
        case "empty the own blocks": return Int(madvise(place.ownBlocks.baseAddress, page, 9))
        case "window grown over its neighbours": return reachNeighbours(of: place.window, oldSize: place.window.count)
        // With an old size of 0 a shared mapping is not moved but made a second time.
        case "window mapped again": return reachNeighbours(of: place.window, oldSize: 0)
        case "window moved over the weights":
            let target = Int(bitPattern: place.weights.baseAddress)
            return moved(place.window, oldSize: page, newSize: page, flags: 3, target) == nil ? -1 : 0
        default: return nil
        }
    }

    /// Writes behind a window's end, through a longer mapping of its file.
    private func reachNeighbours(of window: UnsafeMutableRawBufferPointer, oldSize: Int) -> Int {
        guard let longer = moved(window, oldSize: oldSize, newSize: 2 * window.count, flags: 1) else { return -1 }
        longer.storeBytes(of: 0x55, toByteOffset: window.count, as: UInt8.self)
        return 0
    }

    /// mremap(2) itself: `flags` 1 may move the mapping, 2 moves it to `target`.
    private func moved(
        _ window: UnsafeMutableRawBufferPointer, oldSize: Int, newSize: Int, flags: Int, _ target: Int = 0
    ) -> UnsafeMutableRawPointer? {
        let address = Int(bitPattern: window.baseAddress)
        let result = call("mremap", [address, oldSize, newSize, flags, target])
        return result == -1 ? nil : UnsafeMutableRawPointer(bitPattern: result)
    }

    private func mapped(_ start: UnsafeMutableRawPointer?) -> Int { start == MAP_FAILED ? -1 : 0 }

    private func write(to memory: UnsafeMutableRawBufferPointer) -> Int {
        memory.baseAddress?.storeBytes(of: 0x55, as: UInt8.self)
        return 0
    }

    private func onKernel() -> Int {
        switch name {
        case "new namespaces": call("unshare", [0x7E02_0000])
        case "mount": call("mount")
        case "io_uring": call("io_uring_setup", [8])
        case "bpf": call("bpf", [5])
        case "userfaultfd": call("userfaultfd", [1])
        case "root again": call("setresuid", [0, 0, 0])
        case "filter of its own": call("seccomp", [1, 8, 0])
        case "kernel module": call("finit_module", [0, 0, 0])
        case "keys": call("keyctl", [0, -3, 1])
        default: RawCall.make(0x4000_0027)
        }
    }

    private func call(_ name: String, _ arguments: [Int] = []) -> Int { RawCall.make(number(name), arguments) }

    private func number(_ name: String) -> Int { SystemCallName.number(of: name) ?? -1 }
}
