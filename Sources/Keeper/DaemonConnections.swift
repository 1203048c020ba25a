// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages

/// Who is connected: node daemons, and whoever only looks whether a keeper is there. The one that said hello last gives
/// orders and is told events.
struct DaemonConnections {
    /// More connections at once are a mistake of whoever makes them.
    private static let limit = 16
    /// What a daemon may leave unread before it counts as stuck: far more than the state of a full node.
    private static let queuedBytes = 4 << 20

    private struct Connection {
        var channel: PacketChannel
        let process: Int32
    }

    private let sources: ReadinessSources<EventSource>
    private let log = KeeperLog()
    private var connections: [UInt64: Connection] = [:]
    private var lastNumber: UInt64 = 0
    /// The connection whose daemon is attached.
    private(set) var attached: UInt64?
    /// Given up to refuse a connection when there is no other descriptor left.
    private var spare = Self.makeSpare()

    init(_ sources: ReadinessSources<EventSource>) {
        self.sources = sources
    }

    private static func makeSpare() -> SharedDescriptor? {
        guard let descriptor = try? OwnedDescriptor.open("/dev/null", O_RDONLY) else { return nil }
        return SharedDescriptor(descriptor)
    }

    /// Takes a connection of the own user or root. It changes nothing until it says hello.
    mutating func accept(on listener: CInt) {
        do throws(SystemCallError) {
            guard let descriptor = try UnixSocket.accept(on: listener) else { return }
            let peer = try PeerIdentity(of: descriptor.rawValue)
            guard peer.userID == geteuid() || peer.userID == 0, connections.count < Self.limit else {
                return log.write("refused a connection of user \(peer.userID)")
            }
            lastNumber += 1
            let channel = PacketChannel(
                SharedPacketSocket(PacketSocket(owning: descriptor)), key: lastNumber, queueLimit: Self.queuedBytes)
            try sources.add(.connection(lastNumber), channel.number)
            connections[lastNumber] = Connection(channel: channel, process: peer.processID)
        } catch {
            log.write("a connection could not be taken: \(error)")
            if [EMFILE, ENFILE].contains(error.code) { refuse(on: listener) }
        }
    }

    /// With no descriptor left, the connection that waits is taken in the place of the spare one and closed. It would
    /// else be announced again and again.
    private mutating func refuse(on listener: CInt) {
        spare = nil
        _ = try? UnixSocket.accept(on: listener)
        spare = Self.makeSpare()
    }

    /// The next order that is there, with the descriptor that came along; nil where nothing more is. Whoever sends
    /// anything else, or orders without a hello before them, is cut off.
    mutating func nextOrder(
        from number: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) -> (ToKeeper, SharedDescriptor?)? {
        guard let socket = connections[number]?.channel.shared else { return nil }
        var descriptors = ReceivedDescriptors()
        let arrival: FrameArrival<ToKeeper> = socket.socket.receiveFrame(into: buffer, descriptors: &descriptors)
        switch arrival {
        case .frame(let order):
            if order == .hello { attach(number) }
            if attached == number { return (order, descriptors.takeFirstShared()) }
            drop(number, "gives orders without a hello")
        case .nothing: break
        case .closed: drop(number, "has left")
        case .refused(let reason): drop(number, "is cut off: \(reason)")
        }
        return nil
    }

    /// Two daemons would give contradicting orders: the one before is cut off.
    private mutating func attach(_ number: UInt64) {
        if let attached, attached != number { drop(attached, "is replaced") }
        attached = number
        log.write("daemon \(connections[number]?.process ?? 0) attached")
    }

    private mutating func drop(_ number: UInt64, _ reason: String) {
        sources.remove(.connection(number))
        let connection = connections.removeValue(forKey: number)
        guard attached == number else { return }
        attached = nil
        log.write("daemon \(connection?.process ?? 0) \(reason)")
    }

    /// Tells the attached daemon, without waiting. What it has no room for now is kept in order; one that does not read
    /// what it is told is cut off, attaches again and is told everything.
    mutating func send(_ event: FromKeeper, _ descriptor: SharedDescriptor?) {
        guard let attached else { return }
        guard connections[attached]?.channel.enqueue(event.encoded(), descriptor) == true else {
            return drop(attached, "does not read its events")
        }
        flush(attached)
    }

    /// Sends what there is room for.
    mutating func flush(_ number: UInt64) {
        guard var connection = connections[number] else { return }
        do throws(SystemCallError) {
            try connection.channel.flush()
            if connection.channel.hasQueued != connection.channel.awaitsRoom {
                connection.channel.awaitsRoom.toggle()
                try sources.modify(
                    .connection(number), connection.channel.awaitsRoom ? [.readable, .writable] : .readable)
            }
            connections[number] = connection
        } catch {
            drop(number, "cannot be told: \(error)")
        }
    }
}
