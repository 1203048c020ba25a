// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// The daemon's end of the sockets to its keeper and to all instances: one thread that waits in epoll, since packet
/// sockets are none of NIO's. Everything here may be called from anywhere and never blocks.
final class InstanceReactor: Sendable {
    private let exchange: ReactorExchange

    /// Starts the thread.
    init() throws(SystemCallError) {
        let exchange = try ReactorExchange()
        self.exchange = exchange
        try WorkerThread.start {
            var loop = ReactorLoop(exchange)
            loop.run()
        }
    }

    /// Rings when `takeEvents` may have something; ends after `stop`. For one listener.
    var rings: AsyncStream<Void> { exchange.rings }

    /// What happened since the last call.
    func takeEvents() -> [ReactorEvent] { exchange.takeEvents() }

    /// Speaks to this keeper from now on, beginning with `hello`. Channels of instances that are known stay.
    func attach(keeper: SharedPacketSocket) {
        exchange.post(.attach(keeper: keeper))
    }

    /// Has an event told that is not the thread's own, after those that are told already.
    func report(_ event: ReactorEvent) {
        exchange.send(event)
    }

    /// Speaks to no keeper from now on.
    func detachKeeper() {
        exchange.post(.detachKeeper)
    }

    /// Orders something of the keeper; dropped where none is attached.
    func order(_ order: ToKeeper, descriptor: SharedDescriptor? = nil) {
        exchange.post(.order(order, descriptor))
    }

    /// Sends frames to an instance in their order; dropped where it is gone.
    func send(_ frames: [ToInstance], to instance: InstanceID) {
        exchange.post(.send(frames, instance))
    }

    /// Closes an instance's channel; nothing more is received from it.
    func close(_ instance: InstanceID) {
        exchange.post(.close(instance))
    }

    /// Has an `alarm` told at `time`, instead of any that was asked for before; nil: none. The thread that waits for
    /// sockets anyway waits for it too: a sleeping task that is cancelled stays in memory until its time would have come.
    func setAlarm(_ time: MonotonicTime?) {
        exchange.post(.setAlarm(time))
    }

    /// Closes everything and ends the thread.
    func stop() {
        exchange.post(.stop)
    }
}
