// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages

/// The thread that reads commands as they come, also while a step runs, and goes on sending where the engine found the
/// channel full. It sleeps in the kernel when there is nothing to do.
final class ChannelLoop: Sendable {
    private static let channelKey: UInt64 = 0
    private static let wakeupKey: UInt64 = 1

    private let exchange: Monitor<InstanceExchange>
    private let channel: InstanceChannel
    private let readiness: ReadinessList
    private let wakeup: WakeupCounter

    /// A loop over the channel, which is watched from its first turn on.
    init(_ exchange: Monitor<InstanceExchange>, _ channel: InstanceChannel) throws(SystemCallError) {
        self.exchange = exchange
        self.channel = channel
        readiness = try ReadinessList()
        wakeup = try WakeupCounter()
        try readiness.add(channel.descriptor, key: Self.channelKey, [])
        try readiness.add(wakeup.descriptor.rawValue, key: Self.wakeupKey, .readable)
    }

    /// Makes the loop look at the exchange. From any thread.
    func wake() {
        wakeup.signal()
    }

    /// Runs until the instance ends; with `untilWork` also no longer than until the engine has something to do.
    func run(untilWork: Bool = false) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: PacketSocket.maximumPacketSize, alignment: 16)
        defer { buffer.deallocate() }
        while watch() {
            if untilWork, exchange.withLock(\.hasWork) { return }
            // A descriptor that was just watched without error can only fail to be waited for by a defect here.
            let events = (try? readiness.wait(milliseconds: nil)) ?? []
            for event in events {
                if event.key == Self.wakeupKey { wakeup.clear() }
                if event.key == Self.channelKey { handle(event, buffer) }
            }
        }
    }

    /// Waits from now on for what the exchange wants; false when the instance ends.
    private func watch() -> Bool {
        let change = exchange.withLock { exchange -> Watch in
            if exchange.stop != nil { return .ended }
            guard exchange.interest != exchange.watched else { return .same }
            exchange.watched = exchange.interest
            return .changed(exchange.interest)
        }
        switch change {
        case .ended: return false
        case .same: return true
        case .changed(let interest):
            do throws(SystemCallError) {
                try readiness.modify(channel.descriptor, key: Self.channelKey, interest)
                return true
            } catch {
                stop(.channelClosed)
                return false
            }
        }
    }

    private enum Watch {
        case ended, same
        case changed(ReadinessList.Interest)
    }

    private func handle(_ event: ReadinessList.Event, _ buffer: UnsafeMutableRawBufferPointer) {
        if event.isWritable { exchange.update { $0.pump(channel.send) } }
        if event.isReadable {
            readCommands(buffer)
        } else if event.isHungUp {
            // Nothing is left to read, or what is left comes from a daemon that does not listen.
            stop(.channelClosed)
        }
    }

    private func readCommands(_ buffer: UnsafeMutableRawBufferPointer) {
        var isReading = true
        while isReading {
            switch channel.receive(into: buffer) {
            case .nothing: return
            case .closed: return stop(.channelClosed)
            case .malformed: return stop(.malformed("a packet that is too long"))
            case .packet(let count): isReading = receive(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    /// Carries out the command in a packet; false when no more should be read now.
    private func receive(_ packet: UnsafeRawBufferPointer) -> Bool {
        let command: ToInstance
        do throws(FrameError) {
            command = try ToInstance(decoding: packet)
        } catch {
            stop(.malformed(error.description))
            return false
        }
        return exchange.update { exchange in
            exchange.carryOut(command)
            exchange.pump(channel.send)
            return exchange.stop == nil && exchange.interest.contains(.readable)
        }
    }

    private func stop(_ reason: InstanceExchange.Stop) {
        exchange.update { $0.end(reason) }
    }
}
