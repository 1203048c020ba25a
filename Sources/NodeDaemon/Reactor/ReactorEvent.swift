// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What the reactor's thread has to tell, in the order in which it happened.
enum ReactorEvent: Hashable, Sendable {
    /// A keeper is there and was greeted; its process, where the kernel knows it.
    case keeperAttached(process: Int32?)
    /// None could be had.
    case keeperNotFound(reason: String)
    case keeper(FromKeeper)
    /// The connection to the keeper is gone.
    case keeperLost(reason: String)
    case instance(InstanceID, FromInstance)
    /// An instance answered the ping that it got when its channel came; when that was.
    case instanceAnswered(InstanceID, at: MonotonicTime)
    /// An instance sent what is no frame, or does not read what it is sent; its channel is closed.
    case instanceBroken(InstanceID, reason: String)
    /// The other end of an instance's channel is closed.
    case instanceClosed(InstanceID)
    /// The time has come that was asked for.
    case alarm
}

/// What the reactor's thread is asked to do.
enum ReactorCommand: Sendable {
    /// Tell events to this from now on, those first that nobody was told.
    case follow(ReactorListener)
    /// Tell this event.
    case report(ReactorEvent)
    case detachKeeper
    case attach(keeper: SharedPacketSocket)
    case order(ToKeeper, SharedDescriptor?)
    case send([ToInstance], InstanceID)
    case close(InstanceID)
    /// Ring at this time, and at no other that was named before.
    case setAlarm(MonotonicTime?)
    /// Let go of all sockets and tell nothing more.
    case stop
    /// End the thread.
    case end
}

/// Is told what happened, in order, on the reactor's thread.
typealias ReactorListener = @Sendable ([ReactorEvent]) -> Void
