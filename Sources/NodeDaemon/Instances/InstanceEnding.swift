// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// How an instance came to its end, as its keeper tells it.
struct InstanceEnding: Hashable, Sendable {
    /// What ended it, which decides who pays.
    enum Cause: Hashable, Sendable {
        /// It was to go.
        case asked
        /// By nothing that it did: a signal that nobody of ours sent and no fault raises (an administrator's, or the
        /// kernel's for want of memory), or the end of its keeper. It costs a fork.
        case outside
        /// By its own doing: a fault signal, a denied call, misbehaviour, a status that is not zero. A task that it worked
        /// on may be the reason.
        case fault
    }

    /// Signals that a process raises by what it does itself.
    private static let faultSignals: Set<Int32> = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP]

    /// As its keeper tells it; nil where its keeper is gone or does not have it, or the daemon gives it up.
    let end: ProcessEnd?
    /// One sentence.
    let message: String
    /// Its keeper does not know it any more: it ended with that, or with the connection's loss.
    let isLost: Bool

    /// As a keeper tells it.
    init(_ end: ProcessEnd) {
        (self.end, message, isLost) = (end, "\(end)", false)
    }

    /// As the daemon itself sees it, for this reason.
    init(message: String, isLost: Bool = false) {
        (end, self.message, self.isLost) = (nil, message, isLost)
    }

    func cause(of instance: PooledInstance) -> Cause {
        switch instance.killCause {
        case .misbehaviour: return .fault
        case .stop: return .asked
        case nil: break
        }
        switch end {
        case nil, .notStarted: return instance.isStarting && !isLost ? .fault : .outside
        case .exited(code: 0, _): return instance.isDraining ? .asked : .outside
        case .exited, .protocolBroken: return .fault
        case .signalled, .deniedCall, .filtered, .killedByOrder, .outOfMemory: return isCrash ? .fault : .outside
        }
    }

    /// Its sandbox ended it for a system call.
    var isDenied: Bool { end?.isDenial == true }

    /// Somebody who is none of ours, or the kernel, killed it.
    var isKilledFromOutside: Bool {
        switch end {
        case .signalled, .killedByOrder, .outOfMemory: !isCrash
        default: false
        }
    }

    /// It crashed or tried what it may not, so that whoever caused it may know the addresses and canaries of its
    /// template's other children.
    var isCrash: Bool {
        if case .signalled(let signal, _) = end { return Self.faultSignals.contains(signal) }
        return isDenied
    }
}
