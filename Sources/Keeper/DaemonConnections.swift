// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages

/// Who is connected: node daemons, and whoever only looks whether a keeper is there. The one that said hello last gives
/// orders and is told events.
final class DaemonConnections {
    /// More connections at once are a mistake of whoever makes them.
    private static let limit = 16
    /// What a daemon may leave unread before it counts as stuck: far more than the state of a full node.
    private static let queuedBytes = 4 << 20

    private let sources: ReadinessSources<EventSource>
    private var connections: [UInt64: PacketChannel] = [:]
    private var lastNumber: UInt64 = 0
    /// The connection whose daemon is attached.
    private(set) var attached: UInt64?

    init(_ sources: ReadinessSources<EventSource>) {
        self.sources = sources
    }

    /// Takes a connection of the own user or root. It changes nothing until it says hello.
    func accept(at path: ListeningPath) {
        do throws(SystemCallError) {
            guard let descriptor = try path.accept() else { return }
            let peer = try PeerIdentity(of: descriptor.rawValue)
            guard peer.userID == geteuid() || peer.userID == 0, connections.count < Self.limit else {
                return KeeperLog.write("refused a connection of user \(peer.userID)")
            }
            lastNumber += 1
            let channel = PacketChannel(
                SharedPacketSocket(PacketSocket(owning: descriptor)), key: lastNumber, queueLimit: Self.queuedBytes)
            try sources.add(.connection(lastNumber), channel.number)
            connections[lastNumber] = channel
        } catch {
            KeeperLog.write("a connection could not be taken: \(error)")
        }
    }

    /// The next order that is there, with the descriptor that came along; nil where nothing more is. A connection
    /// that sends anything else, or orders before its hello, is closed.
    func nextOrder(
        from number: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) -> (ToKeeper, SharedDescriptor?)? {
        guard let socket = connections[number]?.shared else { return nil }
        var descriptors = ReceivedDescriptors()
        let arrival: FrameArrival<ToKeeper> = socket.socket.receiveFrame(into: buffer, descriptors: &descriptors)
        switch arrival {
        case .frame(let order):
            if order == .hello { attach(number) }
            if attached == number { return (order, descriptors.takeFirstShared()) }
            drop(number, "gives orders without a hello")
        case .nothing: break
        case .closed: drop(number, "has left")
        case .refused(let reason): drop(number, "is disconnected: \(reason)")
        }
        return nil
    }

    /// Two daemons would give contradicting orders: the connection of the one before is closed.
    private func attach(_ number: UInt64) {
        if let attached, attached != number { drop(attached, "is replaced") }
        attached = number
        KeeperLog.write("daemon \(connections[number]?.shared.peerProcessID ?? 0) attached")
    }

    private func drop(_ number: UInt64, _ reason: String) {
        sources.remove(.connection(number))
        let connection = connections.removeValue(forKey: number)
        guard attached == number else { return }
        attached = nil
        KeeperLog.write("daemon \(connection?.shared.peerProcessID ?? 0) \(reason)")
    }

    /// Tells the attached daemon, without waiting. What it has no room for now is kept in order; the connection of
    /// one that does not read is closed: it attaches again and is told everything.
    func send(_ event: FromKeeper, _ descriptor: SharedDescriptor?) {
        guard let attached else { return }
        guard connections[attached]?.enqueue(event.encoded(), descriptor) == true else {
            return drop(attached, "does not read its events")
        }
        flush(attached)
    }

    /// Sends what there is room for.
    func flush(_ number: UInt64) {
        do throws(SystemCallError) {
            try connections[number]?.flush { interest throws(SystemCallError) in
                try sources.modify(.connection(number), interest)
            }
        } catch {
            drop(number, "cannot be told: \(error)")
        }
    }
}
