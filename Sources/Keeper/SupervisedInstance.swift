// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import Sandbox

/// What the keeper knows of an instance, from the fork order until the daemon has noted its end.
struct SupervisedInstance {
    /// Its template's number.
    let template: Int
    /// As the daemon is told, with process number 0 until the template has reported it and the kernel has confirmed it.
    var running: FromKeeper.RunningInstance
    /// Why the keeper has killed it, or will when its process is known.
    var killedFor: ProcessEnd?
    var calls = CallAllowance()
    var hasEnded = false
    /// What the daemon was told of it last, and a later one is told again.
    var told: FromKeeper?

    var process: Int32? { running.processID == 0 ? nil : running.processID }

    /// Whether a call of its own may go on that the filter leaves to the keeper.
    mutating func admits(_ call: InterceptedCall) -> Bool {
        process.map { calls.admits(call, of: $0) } == true
    }
}
