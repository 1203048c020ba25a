// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// What is to be done because of something that happened, in this order.
enum KeeperEffect {
    case send(FromKeeper)
    case log(String)
    /// SIGKILL for a template or an instance.
    case kill(Int32)
    /// Reap a child that may have ended before it was known to be one.
    case reap(Int32)
    /// SIGKILL for a child that belongs to no instance.
    case killStray(Int32)
    /// Read nothing more of what a template says, which it sees as its end.
    case closeChannel(Int)
    /// Give up everything that is held of an instance, which has ended.
    case close(InstanceID)
    /// Look for children that nobody ordered.
    case endStrays
}
