// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// The reactor's thread: who is readable is read, who has room is sent to. Nobody else touches it once it runs.
final class ReactorLoop: @unchecked Sendable {
    static let wakeupKey: UInt64 = 0
    /// Packets read from one socket before the next one has its turn; 16 are at most a MiB.
    private static let packetsPerTurn = 16
    /// More than a socket can hold of an instance that has ended. Not without bound: its template, where that was taken
    /// over, may have kept the other end and write on.
    private static let lastPackets = 1024
    /// What one peer may let pile up before it counts as stuck: two submissions of the largest size.
    private static let queuedBytes = 32 << 20

    private let exchange: ReactorExchange
    private var listener: ReactorListener?
    /// What happened and was not told.
    private var events: [ReactorEvent] = []
    private var keeper: PacketChannel?
    /// The version of the frames that the keeper sends, where it is another one than this side's.
    private var foreignVersion: UInt8?
    private var channels: [InstanceID: PacketChannel] = [:]
    private var instanceOfKey: [UInt64: InstanceID] = [:]
    /// Those that have not answered their first ping.
    private var unanswered: Set<InstanceID> = []
    private var lastKey = wakeupKey
    private var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
    private var alarm: MonotonicTime?
    private var isStopped = false
    private var isEnded = false

    init(_ exchange: ReactorExchange) {
        self.exchange = exchange
    }

    /// Runs until the `end` command.
    func run() {
        exchange.adoptThread()
        while !isEnded {
            do throws(SystemCallError) {
                try turn()
            } catch {
                // No peer can bring this about. The keeper holds everything for the next daemon.
                preconditionFailure("the reactor cannot wait for its sockets: \(error)")
            }
        }
    }

    private func turn() throws(SystemCallError) {
        let isIdle = events.isEmpty && exchange.sleeps()
        let ready = try exchange.readiness.wait(milliseconds: isIdle ? alarm?.millisecondsAhead : 0)
        exchange.wake()
        for event in ready {
            if event.key == Self.wakeupKey {
                exchange.clearWakeup()
            } else if event.key == keeper?.key {
                if event.isWritable { flushKeeper() }
                if event.isReadable || event.isHungUp { read(.keeper, turns: Self.packetsPerTurn) }
            } else if let instance = instanceOfKey[event.key] {
                if event.isWritable { flush(instance) }
                if event.isReadable || event.isHungUp {
                    read(.instance(instance), turns: Self.packetsPerTurn)
                }
            }
        }
        // Last, so that after a pause of the daemon itself what has arrived meanwhile comes before it.
        if let due = alarm, due <= .now {
            alarm = nil
            events.append(.alarm)
        }
        tell()
        exchange.runJobs()
        for command in exchange.takeCommands() { carryOut(command) }
    }

    private func tell() {
        guard let listener, !events.isEmpty else { return }
        let told = events
        events = []
        listener(told)
    }

    /// On the thread: at once. What that brings is told with the next turn.
    func carryOut(_ command: ReactorCommand) {
        switch command {
        case .follow(let listener): self.listener = listener
        case .report(let event): events.append(event)
        case .attach(let socket): if !isStopped { attach(socket) }
        case .detachKeeper: dropKeeper()
        case .order(let order, let descriptor):
            if keeper?.enqueue(order.encoded(), descriptor) == false { loseKeeper("it does not read its orders") }
            flushKeeper()
        case .send(let frames, let instance): send(frames, to: instance)
        case .close(let instance): drop(instance)
        case .setAlarm(let time): alarm = time
        case .stop: stop()
        case .end: isEnded = true
        }
    }

    private func stop() {
        isStopped = true
        (listener, alarm, events) = (nil, nil, [])
        dropKeeper()
        for instance in Array(channels.keys) { drop(instance) }
    }

    // MARK: Keeper

    private func attach(_ socket: SharedPacketSocket) {
        if keeper != nil { dropKeeper() }
        lastKey += 1
        var channel = PacketChannel(socket, key: lastKey, queueLimit: Self.queuedBytes)
        do throws(SystemCallError) {
            try exchange.readiness.add(channel.number, key: channel.key, .readable)
        } catch {
            return events.append(.keeperLost(reason: "\(error)"))
        }
        _ = channel.enqueue(ToKeeper.hello.encoded(), nil)
        keeper = channel
        events.append(.keeperAttached(process: socket.peerProcessID))
        flushKeeper()
    }

    private func flushKeeper() {
        guard var channel = keeper else { return }
        if let error = flush(&channel) { return loseKeeper("\(error)") }
        keeper = channel
    }

    /// A keeper that another version of this daemon started holds templates and instances that this one cannot speak to.
    /// It is told to end them and itself, which it understands in any version; the tasks of its instances go on elsewhere.
    private func replaceKeeper(speaking version: UInt8) {
        guard foreignVersion == nil else { return }
        foreignVersion = version
        // The connection stays open until the keeper has read this: what a closed one sent last may be lost.
        _ = keeper?.enqueue(ToKeeper.retire.encoded(), nil)
        flushKeeper()
    }

    private var closingReason: String {
        guard let foreignVersion else { return "it closed the connection" }
        return "it speaks version \(foreignVersion) of the frames and this daemon version \(FrameHeader.version); "
            + "it was ended with what it held"
    }

    private func receive(_ event: FromKeeper, _ descriptor: consuming OwnedDescriptor?) {
        switch event {
        case .instanceRunning(let instance, _):
            // Told again after a new attachment: the channel that is there is the same open socket.
            if channels[instance] == nil, let channel = descriptor.take() { add(instance, channel) }
        case .instanceEnded(let instance, _):
            // What it said before it died comes before the news of its death.
            read(.instance(instance), turns: Self.lastPackets)
            drop(instance)
        default: break
        }
        events.append(.keeper(event))
    }

    private func loseKeeper(_ reason: String) {
        guard keeper != nil else { return }
        dropKeeper()
        events.append(.keeperLost(reason: reason))
    }

    private func dropKeeper() {
        if let number = keeper?.number { try? exchange.readiness.remove(number) }
        keeper = nil
        foreignVersion = nil
    }

    // MARK: Instances

    private func add(_ instance: InstanceID, _ descriptor: consuming OwnedDescriptor) {
        lastKey += 1
        let channel = PacketChannel(
            SharedPacketSocket(PacketSocket(owning: descriptor)), key: lastKey, queueLimit: Self.queuedBytes)
        do throws(SystemCallError) {
            try exchange.readiness.add(channel.number, key: channel.key, .readable)
            channels[instance] = channel
            instanceOfKey[channel.key] = instance
            // Its answer is what makes it ready. Asked here, so that it waits for no other thread of the daemon.
            unanswered.insert(instance)
            send([.ping(0)], to: instance)
        } catch {
            events.append(.instanceBroken(instance, reason: "\(error)"))
        }
    }

    private func drop(_ instance: InstanceID) {
        guard let channel = channels.removeValue(forKey: instance) else { return }
        // The keeper holds the same open socket: closing alone would leave it in the list.
        try? exchange.readiness.remove(channel.number)
        instanceOfKey[channel.key] = nil
        unanswered.remove(instance)
    }

    private func breakOff(_ instance: InstanceID, _ reason: String) {
        drop(instance)
        events.append(.instanceBroken(instance, reason: reason))
    }

    private func send(_ frames: [ToInstance], to instance: InstanceID) {
        guard channels[instance] != nil else { return }
        for frame in frames where channels[instance]?.enqueue(frame.encoded(), nil) == false {
            return breakOff(instance, "it does not read what it is sent")
        }
        flush(instance)
    }

    private func flush(_ instance: InstanceID) {
        guard var channel = channels[instance] else { return }
        // A peer that is gone is noticed by reading, where its last words are.
        _ = flush(&channel)
        channels[instance] = channel
    }

    private func receive(_ message: FromInstance, _ instance: InstanceID) {
        events.append(.instance(instance, message))
        if case .pong = message, unanswered.remove(instance) != nil {
            events.append(.instanceAnswered(instance, at: .now))
        }
    }

    // MARK: Both

    /// Whoever sends frames here.
    private enum Peer {
        case keeper
        case instance(InstanceID)
    }

    /// Takes what a peer has sent, up to so many packets.
    private func read(_ peer: Peer, turns: Int) {
        for _ in 0..<turns {
            var descriptors = ReceivedDescriptors()
            do throws(SystemCallError) {
                switch try receive(from: peer, &descriptors) {
                case .packet(let count): take(count, descriptors.takeFirst(), from: peer)
                case .malformed: lose(peer, "it sent a malformed packet")
                case .closed: return end(peer)
                case .nothing, nil: return
                }
            } catch {
                return lose(peer, "\(error)")
            }
        }
    }

    /// The next packet, in the buffer; nil where the peer has no channel, or none any more.
    private func receive(
        from peer: Peer, _ descriptors: inout ReceivedDescriptors
    ) throws(SystemCallError) -> PacketSocket.ReceiveResult? {
        let channel: PacketChannel?
        switch peer {
        case .keeper: channel = keeper
        case .instance(let instance): channel = channels[instance]
        }
        guard let socket = channel?.shared else { return nil }
        var received = ReceivedDescriptors()
        let result = buffer.withUnsafeMutableBytes { bytes in
            Result { () throws(SystemCallError) in
                if case .instance = peer { return try socket.socket.receive(into: bytes, waits: false) }
                return try socket.socket.receive(into: bytes, descriptors: &received, waits: false)
            }
        }
        descriptors = received
        return try result.get()
    }

    private func take(_ byteCount: Int, _ descriptor: consuming OwnedDescriptor?, from peer: Peer) {
        do throws(FrameError) {
            switch peer {
            case .keeper: receive(try frame(byteCount), descriptor)
            case .instance(let instance): receive(try frame(byteCount), instance)
            }
        } catch {
            if case .keeper = peer, case .wrongVersion(let version) = error { return replaceKeeper(speaking: version) }
            lose(peer, "it sent no frame: \(error)")
        }
    }

    private func frame<Message: Frame>(_ byteCount: Int) throws(FrameError) -> Message {
        let frame = buffer.prefix(byteCount).withUnsafeBytes { bytes in
            Result { () throws(FrameError) in try Message(decoding: bytes) }
        }
        return try frame.get()
    }

    private func lose(_ peer: Peer, _ reason: String) {
        switch peer {
        case .keeper: loseKeeper(reason)
        case .instance(let instance): breakOff(instance, reason)
        }
    }

    private func end(_ peer: Peer) {
        switch peer {
        case .keeper: loseKeeper(closingReason)
        case .instance(let instance):
            drop(instance)
            events.append(.instanceClosed(instance))
        }
    }

    /// Sends what goes, and asks to be told of room for the rest.
    private func flush(_ channel: inout PacketChannel) -> SystemCallError? {
        do throws(SystemCallError) {
            let (number, key) = (channel.number, channel.key)
            try channel.flush { interest throws(SystemCallError) in
                try exchange.readiness.modify(number, key: key, interest)
            }
            return nil
        } catch {
            return error
        }
    }
}
