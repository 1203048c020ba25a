// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// The daemon's end of the sockets to its keeper and to all instances: one thread that waits in epoll, since packet
/// sockets are none of NIO's. Everything here may be called from anywhere and never blocks. An actor may live on the thread.
final class InstanceReactor: Sendable {
    private let exchange: ReactorExchange
    private let loop: ReactorLoop

    /// Starts the thread.
    init() throws(SystemCallError) {
        let exchange = try ReactorExchange(wakeupKey: ReactorLoop.wakeupKey)
        let loop = ReactorLoop(exchange)
        (self.exchange, self.loop) = (exchange, loop)
        try WorkerThread.start { loop.run() }
    }

    deinit { exchange.post(.end) }

    /// For an actor that lives on the thread. It must keep this object.
    var executor: UnownedSerialExecutor { exchange.asUnownedSerialExecutor() }

    /// Has everything told to `listener` that happens, and that nobody was told, on the thread.
    func follow(_ listener: @escaping ReactorListener) {
        perform(.follow(listener))
    }

    /// Speaks to this keeper from now on, beginning with `hello`. Channels of instances that are known stay.
    func attach(keeper: SharedPacketSocket) {
        perform(.attach(keeper: keeper))
    }

    /// Has an event told that is not the thread's own, after those that are told already.
    func report(_ event: ReactorEvent) {
        perform(.report(event))
    }

    /// Speaks to no keeper from now on.
    func detachKeeper() {
        perform(.detachKeeper)
    }

    /// Orders something of the keeper; dropped where none is attached.
    func order(_ order: ToKeeper, descriptor: SharedDescriptor? = nil) {
        perform(.order(order, descriptor))
    }

    /// Sends frames to an instance in their order; dropped where it is gone.
    func send(_ frames: [ToInstance], to instance: InstanceID) {
        perform(.send(frames, instance))
    }

    /// Closes an instance's channel; nothing more is received from it.
    func close(_ instance: InstanceID) {
        perform(.close(instance))
    }

    /// Has an `alarm` told at `time`, instead of any that was asked for before; nil: none. The thread that waits for
    /// sockets anyway waits for it too: a sleeping task that is cancelled stays in memory until its time would have come.
    func setAlarm(_ time: MonotonicTime?) {
        perform(.setAlarm(time))
    }

    /// Closes everything; nothing more is told. The thread goes on for the actor that lives on it.
    func stop() {
        perform(.stop)
    }

    /// The actor that lives on the thread sends without a detour; its commands and those of others have no order.
    private func perform(_ command: ReactorCommand) {
        if exchange.isOwnThread { loop.carryOut(command) } else { exchange.post(command) }
    }
}
