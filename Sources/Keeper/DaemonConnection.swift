// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// The node daemon that is attached now.
final class DaemonConnection {
    let socket: PacketSocket

    init(_ socket: consuming PacketSocket) {
        self.socket = socket
    }
}

extension KeeperProcess {
    /// Takes a new daemon; the one before, if any, has been replaced and is cut off.
    func acceptDaemon() {
        do {
            guard let descriptor = try UnixSocket.accept(on: listener.rawValue) else { return }
            let peer = try PeerIdentity(of: descriptor.rawValue)
            guard peer.userID == geteuid() || peer.userID == 0 else {
                log.write("refused a daemon of user \(peer.userID)")
                return
            }
            detachDaemon()
            let connection = DaemonConnection(PacketSocket(owning: descriptor))
            let key = keys.make(.daemon)
            try readiness.add(connection.socket.descriptor.rawValue, key: key, .readable)
            daemon = connection
            log.write("daemon \(peer.processID) attached")
        } catch {
            log.write("a daemon could not attach: \(error)")
        }
    }

    func detachDaemon() {
        guard let connection = daemon else { return }
        try? readiness.remove(connection.socket.descriptor.rawValue)
        keys.forget(.daemon)
        daemon = nil
    }

    /// Reads all orders that are there.
    func readOrders() {
        while let connection = daemon {
            var descriptors = ReceivedDescriptors()
            let packet: [UInt8]
            do {
                var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
                let result = try buffer.withUnsafeMutableBytes {
                    try connection.socket.receive(into: $0, descriptors: &descriptors, waits: false)
                }
                switch result {
                case .packet(let count): packet = Array(buffer.prefix(count))
                case .nothing: return
                case .closed, .malformed:
                    log.write("daemon detached")
                    return detachDaemon()
                }
                let order = try packet.withUnsafeBytes { try ToKeeper(decoding: $0) }
                carryOut(order, descriptor: descriptors.takeFirst())
            } catch {
                log.write("daemon cut off: \(error)")
                return detachDaemon()
            }
        }
    }

    private func carryOut(_ order: ToKeeper, descriptor: consuming OwnedDescriptor?) {
        switch order {
        case .hello: tellEverything()
        case .startTemplate(let id, let model): startTemplate(id, model: model, artefact: descriptor)
        case .fork(let id, let template, let settings): fork(id, template: template, settings)
        case .killInstance(let id): instances[id]?.kill()
        case .stopTemplate(let id): templates[id]?.kill()
        case .forgetInstance(let id):
            if instances[id]?.hasEnded == true { instances[id] = nil }
        case .forgetTemplate(let id):
            if templates[id]?.hasEnded == true { templates[id] = nil }
        case .retire: retire()
        }
    }

    private func tellEverything() {
        tell(.welcome(processID: getpid()))
        for (id, template) in templates {
            tell(.templateStarting(id, model: template.model, processID: template.process.processID))
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
        tell(.stateComplete)
    }

    /// Tells of a forked instance and hands over a copy of its channel.
    func tellRunning(_ id: InstanceID, _ instance: InstanceRecord) {
        guard let child = instance.child else { return }
        let running = FromKeeper.RunningInstance(
            template: instance.template, processID: child.process.processID, settings: instance.settings,
            forkMicroseconds: child.forkMicroseconds)
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
            log.write("daemon does not read its events: cut off")
            detachDaemon()
        }
    }
}
