// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What is to be done because of something that happened, in this order.
enum KeeperEffect {
    case send(FromKeeper)
    case log(String)
    /// SIGKILL; nothing that it says is read any more.
    case killTemplate(Int)
    case killInstance(InstanceID)
    /// SIGKILL for a child that belongs to no instance.
    case killStray(Int32)
    /// Take hold of a process, which the kernel has confirmed as the keeper's own child.
    case adopt(InstanceID, process: Int32)
    /// Give up everything that is held of an instance, which has ended.
    case close(InstanceID)
    /// Look for children that nobody ordered.
    case endStrays
    case noteSandbox(SandboxState)
    /// A system call was denied.
    case noteDenial
    /// There may be more or fewer pre-warmed templates.
    case countPrewarmed
    /// A pre-warmed template, or the trial, has ended.
    case noteFailure(ExitStatus, isTrial: Bool)
}
