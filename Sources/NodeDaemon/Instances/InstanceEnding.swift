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
    private static let faultSignals: Set<Int32> = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP]

    /// nil where there was no process, or where its keeper is gone.
    var status: ExitStatus?
    var message: String
    /// Its keeper does not know it any more: it ended with that, or with the connection's loss.
    var isLost = false

    init(status: ExitStatus? = nil, message: String, isLost: Bool = false) {
        (self.status, self.message, self.isLost) = (status, message, isLost)
    }

    /// As a keeper tells it: its sentence, or what the status says where it has none.
    init(_ status: ExitStatus?, describedAs message: String) {
        let words =
            switch (status, message.isEmpty) {
            case (nil, true): "no reason was given"
            case (nil, false): message
            case (let status?, true): "\(status)"
            case (let status?, false): "\(message) (\(status))"
            }
        self.init(status: status, message: words)
    }

    func cause(of instance: PooledInstance) -> Cause {
        switch instance.killCause {
        case .misbehaviour: return .fault
        case .stop: return .asked
        case nil: break
        }
        switch status {
        case nil: return instance.isStarting && !isLost ? .fault : .outside
        case .signalled: return isFaultSignal ? .fault : .outside
        case .exited(code: 0): return instance.isDraining ? .asked : .outside
        case .exited: return .fault
        }
    }

    /// It made a system call that its sandbox denies: the kernel ended it, or the keeper, who says so.
    var isDenied: Bool { status == .signalled(signal: SIGSYS) || message.contains(FromKeeper.deniedCallWords) }

    /// Somebody who is none of ours, or the kernel, killed it.
    var isKilledFromOutside: Bool {
        if case .signalled = status { return !isFaultSignal }
        return false
    }

    /// It crashed, so that whoever caused it may know the addresses and canaries of its template's other children.
    var isFaultSignal: Bool {
        if case .signalled(let signal) = status { return Self.faultSignals.contains(signal) || isDenied }
        return false
    }
}
