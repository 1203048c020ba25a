// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// A connection of a node daemon, or of someone who only looks whether a keeper is there.
final class DaemonConnection {
    /// That of its descriptor: unique among those that are open.
    let number: UInt64
    let socket: PacketSocket
    let processID: Int32

    init(number: UInt64, socket: consuming PacketSocket, processID: Int32) {
        self.number = number
        self.socket = socket
        self.processID = processID
    }
}

extension KeeperProcess {
    /// More than this many connections at once is a mistake of whoever makes them.
    private static let maximumConnections = 16

    /// Takes a connection of the own user or root. It changes nothing until it says hello.
    func acceptConnection() {
        do {
            guard let listener = socket?.listener.rawValue, let descriptor = try UnixSocket.accept(on: listener)
            else { return }
            let peer = try PeerIdentity(of: descriptor.rawValue)
            guard peer.userID == geteuid() || peer.userID == 0, connections.count < Self.maximumConnections else {
                return log.write("refused a connection of user \(peer.userID)")
            }
            let connection = DaemonConnection(
                number: UInt64(descriptor.rawValue), socket: PacketSocket(owning: descriptor),
                processID: peer.processID)
            let key = keys.make(.connection(connection.number))
            try readiness.add(connection.socket.descriptor.rawValue, key: key, .readable)
            connections[connection.number] = connection
        } catch {
            log.write("a connection could not be taken: \(error)")
            if [EMFILE, ENFILE].contains(error.code) { refuseConnection() }
        }
    }

    /// With no descriptor left, one that waits is taken in the place of the spare one and closed. It would else be
    /// announced again and again.
    private func refuseConnection() {
        spareDescriptor = nil
        if let listener = socket?.listener.rawValue { _ = try? UnixSocket.accept(on: listener) }
        spareDescriptor = try? OwnedDescriptor.open("/dev/null", O_RDONLY)
    }

    /// Forgets and closes a connection.
    func drop(_ connection: DaemonConnection) {
        try? readiness.remove(connection.socket.descriptor.rawValue)
        keys.release(.connection(connection.number))
        connections[connection.number] = nil
        if daemon === connection {
            daemon = nil
            log.write("daemon \(connection.processID) detached")
        }
    }

    /// Reads all orders that are there.
    func readOrders(_ number: UInt64) {
        while let connection = connections[number] {
            var descriptors = ReceivedDescriptors()
            do {
                var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
                let result = try buffer.withUnsafeMutableBytes {
                    try connection.socket.receive(into: $0, descriptors: &descriptors, waits: false)
                }
                guard case .packet(let count) = result else {
                    if result != .nothing { drop(connection) }
                    return
                }
                let order = try buffer.prefix(count).withUnsafeBytes { try ToKeeper(decoding: $0) }
                hear(order, from: connection, descriptor: descriptors.takeFirst())
            } catch {
                log.write("daemon \(connection.processID) is cut off: \(error)")
                return drop(connection)
            }
        }
    }

    private func hear(
        _ order: ToKeeper, from connection: DaemonConnection, descriptor: consuming OwnedDescriptor?
    ) {
        if order == .hello {
            // The one before has been replaced: two daemons would give contradicting orders.
            if let former = daemon, former !== connection { drop(former) }
            daemon = connection
            log.write("daemon \(connection.processID) attached")
        }
        guard daemon === connection else { return drop(connection) }
        carryOut(order, descriptor: descriptor)
    }

    private static let endingMessage = "the keeper is ending"

    private func carryOut(_ order: ToKeeper, descriptor: consuming OwnedDescriptor?) {
        switch order {
        case .hello: tellEverything()
        // A daemon may order some more before it hears of the end: what it would get is killed no more.
        case .startTemplate(let id, _) where isRetiring: tell(.templateEnded(id, nil, message: Self.endingMessage))
        case .fork(let ids, _, _) where isRetiring:
            for id in ids { tell(.instanceEnded(id, nil, message: Self.endingMessage)) }
        case .startTemplate(let id, let model): startTemplate(id, model: model, artefact: descriptor)
        case .fork(let ids, let template, let settings): fork(ids, template: template, settings)
        case .keepPrewarmed(let count): keepPrewarmed(count)
        case .killInstance(let id): instances[id]?.kill()
        case .stopTemplate(let id): templates[id]?.kill()
        case .releaseInstance(let id):
            if instances[id]?.hasEnded == true { instances[id] = nil }
        case .releaseTemplate(let id):
            if templates[id]?.hasEnded == true { templates[id] = nil }
        case .hold(let key):
            let reason = store.hold(key, descriptor)
            tell(reason.map { .notHeld(key, message: $0) } ?? .held(key))
        case .release(let key): store.release(key)
        case .retire: retire()
        }
    }

    private func tellEverything() {
        tell(.welcome(processID: getpid(), controllers: groups.controllers))
        tellSandbox()
        sendPrewarmed()
        for (id, template) in templates {
            guard let model = template.model else { continue }
            tell(.templateStarting(id, model: model, processID: template.process.processID))
            if let readiness = template.readiness { tell(.templateReady(id, readiness)) }
            if let ending = template.ending { tell(.templateEnded(id, ending.status, message: ending.message)) }
        }
        for (id, instance) in instances {
            if let ending = instance.ending {
                tell(.instanceEnded(id, ending.status, message: ending.message))
            } else {
                tellRunning(id, instance)
            }
        }
        for (key, descriptor) in store.all { tell(.held(key), descriptors: [descriptor.rawValue]) }
        tell(.stateComplete)
    }

    /// Tells of a forked instance and hands over a copy of its channel.
    func tellRunning(_ id: InstanceID, _ instance: InstanceRecord) {
        guard let child = instance.child else { return }
        let running = FromKeeper.RunningInstance(
            template: instance.template, processID: child.process.processID, settings: instance.settings,
            preparedAt: instance.preparedAt)
        tell(.instanceRunning(id, running), descriptors: [instance.channel.rawValue])
    }

    /// Sends without waiting. A daemon that does not read its events is stuck: it is cut off, attaches again and is
    /// told everything.
    func tell(_ event: FromKeeper, descriptors: [CInt] = []) {
        guard let connection = daemon else { return }
        let packet = event.encoded()
        let result = try? packet.withUnsafeBytes {
            try connection.socket.send($0, descriptors: descriptors, waits: false)
        }
        if result != .sent {
            log.write("daemon \(connection.processID) does not read its events")
            drop(connection)
        }
    }
}
