// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import Sandbox
internal import ServingModel

/// What the keeper knows of an instance, from the fork order until the daemon has noted its end.
struct SupervisedInstance {
    /// Its template's number.
    let template: Int
    /// As the daemon is told, with process number 0 until the template has reported it and the kernel has confirmed it.
    var running: FromKeeper.RunningInstance
    /// The keeper has killed it, or will when its process is known.
    var isKilling = false
    /// The system call for which it was killed.
    var deniedCall: String?
    var calls = CallAllowance()
    var hasEnded = false
    /// What the daemon was told of it last, and a later one is told again.
    var told: FromKeeper?

    var process: Int32? { running.processID == 0 ? nil : running.processID }

    /// Whether a call of its own may go on that the filter leaves to the keeper.
    mutating func admits(_ call: InterceptedCall) -> Bool {
        process.map { calls.admits(call, of: $0) } == true
    }

    /// What the kernel and the instance's own crash page say of its end; asked only where it is needed.
    struct Circumstances {
        var lackedMemory: () -> Bool = { false }
        var crash: () -> CrashPage? = { nil }
    }

    /// Why it ended, in a sentence.
    func words(for status: ExitStatus, _ circumstances: Circumstances) -> String {
        if let deniedCall {
            return "instance was killed for the system call \(deniedCall), \(FromKeeper.deniedCallWords)"
        }
        if status == .signalled(signal: SIGSYS) {
            return "instance was ended by its filter: it repeated a call of its own start, or used another call table"
        }
        if status == .signalled(signal: SIGKILL), !isKilling, circumstances.lackedMemory() {
            return "the kernel killed the instance for want of memory: give the node more, or fewer instances at once"
        }
        guard case .signalled = status, let crash = circumstances.crash() else {
            return "instance ended with \(status)"
        }
        return "instance ended with \(status) \(crash)"
    }
}
