// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// One thing that a compromised instance might try, by the name that the tests use.
enum Attempt: String, CaseIterable {
    case openFile, createFile, statFile, readLink, listDirectory, unlinkFile
    case internetSocket, unixSocket, netlinkSocket, socketPair
    case fork, cloneProcess, execute, startThread
    case signalParent, signalGroup, signalParentThread, signalSelf, traceMe, readParentMemory
    case executableMapping, makeExecutable, memoryFile, removeSharedPages, plainMapping
    case raiseLimit, changeUser, newNamespace, mount, changeRoot
    case inputOutputRing, bpf, performanceEvent, userFault, keyring, loadModule
    case foreignArchitecture, processDescriptor, setTime, reboot, duplicateDescriptor

    /// `RESULT ERRNO` after the attempt; some never come back.
    func outcome() -> String {
        errno = 0
        let result = attempt()
        return "\(result) \(result == -1 ? errno : 0)"
    }

    private func attempt() -> Int {
        switch self {
        case .openFile, .createFile, .statFile, .readLink, .listDirectory, .unlinkFile: file()
        case .internetSocket: Int(socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0))
        case .unixSocket: Int(socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0))
        case .netlinkSocket: Int(socket(AF_NETLINK, CInt(SOCK_RAW.rawValue), 0))
        case .socketPair: pair()
        case .fork, .cloneProcess, .execute, .startThread: process()
        case .signalParent: Int(kill(getppid(), 0))
        case .signalGroup: Int(kill(0, 0))
        case .signalParentThread, .signalSelf, .traceMe, .readParentMemory: otherProcess()
        case .executableMapping, .makeExecutable, .memoryFile, .removeSharedPages, .plainMapping: memory()
        default: rawCall()
        }
    }

    private func file() -> Int {
        var buffer = [CChar](repeating: 0, count: 64)
        var status = stat()
        switch self {
        case .openFile: return Int(open("/etc/passwd", O_RDONLY))
        case .createFile: return Int(open("/tmp/deepflow-probe", O_WRONLY | O_CREAT, 0o600))
        case .statFile: return Int(stat("/etc/passwd", &status))
        case .readLink: return readlink("/proc/self/exe", &buffer, 64)
        case .listDirectory: return opendir("/") == nil ? -1 : 0
        default: return Int(unlink("/tmp/deepflow-probe"))
        }
    }

    private func pair() -> Int {
        var ends: [CInt] = [0, 0]
        return Int(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends))
    }

    private func process() -> Int {
        switch self {
        case .fork:
            let child = Glibc.fork()
            if child == 0 { _exit(0) }
            return Int(child)
        case .cloneProcess: return Int(clinux_clone(CLINUX_CLONE_PARENT))
        case .execute:
            var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
            return Int(execv("/bin/true", &arguments))
        default:
            var thread = pthread_t()
            let code = pthread_create(&thread, nil, { _ in nil }, nil)
            if code == 0 { pthread_join(thread, nil) }
            return code == 0 ? 0 : -1
        }
    }

    private func otherProcess() -> Int {
        switch self {
        case .signalSelf: return Int(pthread_kill(pthread_self(), 0))
        case .signalParentThread: return Call.tgkill.make(Int(getppid()), Int(getppid()), 0)
        case .traceMe: return Call.ptrace.make(0)
        default: return Call.processVMReadv.make(Int(getppid()))
        }
    }

    private func memory() -> Int {
        let anonymous = MAP_PRIVATE | MAP_ANONYMOUS
        switch self {
        case .executableMapping:
            return mmap(nil, 4096, PROT_READ | PROT_EXEC, anonymous, -1, 0) == MAP_FAILED ? -1 : 0
        case .makeExecutable:
            let page = mmap(nil, 4096, PROT_READ | PROT_WRITE, anonymous, -1, 0)
            return Int(mprotect(page, 4096, PROT_READ | PROT_EXEC))
        case .memoryFile: return Int(clinux_memfd_create("probe", 0))
        case .removeSharedPages:
            let page = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
            return Int(madvise(page, 4096, 9))
        default: return mmap(nil, 4096, PROT_READ | PROT_WRITE, anonymous, -1, 0) == MAP_FAILED ? -1 : 0
        }
    }

    private func rawCall() -> Int {
        switch self {
        case .raiseLimit: Call.prlimit.make(0, 7)
        case .changeUser: Call.setuid.make(0)
        case .newNamespace: Call.unshare.make(0x1000_0000)
        case .mount: Call.mount.make()
        case .changeRoot: Call.chroot.make()
        case .inputOutputRing: Call.ioUringSetup.make(8)
        case .bpf: Call.bpf.make()
        case .performanceEvent: Call.perfEventOpen.make()
        case .userFault: Call.userfaultfd.make()
        case .keyring: Call.keyctl.make()
        case .loadModule: Call.finitModule.make()
        case .foreignArchitecture: Call.x32GetPID.make()
        case .processDescriptor: Call.pidfdOpen.make(Int(getppid()))
        case .setTime: Call.clockSetTime.make()
        case .reboot: Call.reboot.make()
        default: Call.dup.make(2)
        }
    }
}

/// Numbers of calls on x86-64, made without a wrapper so that nothing is checked on the way.
enum Call: Int {
    case tgkill = 234, ptrace = 101, setuid = 105, mount = 165, chroot = 161, reboot = 169, clockSetTime = 227, keyctl =
        250
    case unshare = 272, perfEventOpen = 298, prlimit = 302, processVMReadv = 310, finitModule = 313, bpf = 321
    case userfaultfd = 323, ioUringSetup = 425, pidfdOpen = 434, dup = 32
    case x32GetPID = 0x4000_0027

    func make(_ first: Int = 0, _ second: Int = 0, _ third: Int = 0) -> Int {
        clinux_raw_call(rawValue, first, second, third)
    }
}
