// SPDX-License-Identifier: Apache-2.0
/// A packet socket in an object, so that queues and tables can hold it.
package final class SharedPacketSocket: Sendable {
    /// Valid as long as this object lives.
    package let socket: PacketSocket

    /// Takes over a socket.
    package init(_ socket: consuming PacketSocket) {
        self.socket = socket
    }

    /// The process at the other end: that listened where this socket was connected to, or that connected where it was
    /// accepted; nil where the kernel does not tell.
    package var peerProcessID: Int32? {
        guard let peer = try? PeerIdentity(of: socket.descriptor.rawValue), peer.processID > 0 else { return nil }
        return peer.processID
    }
}

/// One socket with what waits to be sent on it.
package struct PacketChannel {
    /// The socket.
    package let shared: SharedPacketSocket
    /// Its owner's number for it.
    package let key: UInt64
    /// Bytes that the peer may let pile up before it counts as stuck.
    private let queueLimit: Int
    private var queue: [(packet: [UInt8], descriptor: SharedDescriptor?)] = []
    private var next = 0
    private var queuedBytes = 0
    /// Whether the readiness list reports when there is room.
    private var awaitsRoom = false

    /// A channel on which nothing waits.
    package init(_ shared: SharedPacketSocket, key: UInt64, queueLimit: Int) {
        self.shared = shared
        self.key = key
        self.queueLimit = queueLimit
    }

    /// The socket's descriptor.
    package var number: CInt { shared.socket.descriptor.rawValue }
    private var hasQueued: Bool { next < queue.count }

    /// Adds a packet; false where the peer has let too much pile up.
    package mutating func enqueue(_ packet: [UInt8], _ descriptor: SharedDescriptor?) -> Bool {
        guard queuedBytes + packet.count <= queueLimit else { return false }
        queuedBytes += packet.count
        queue.append((packet, descriptor))
        return true
    }

    /// Sends what the socket takes now. `watch` is called where from now on other events are to be waited for: room for
    /// the rest, too, or no longer.
    package mutating func flush(
        watch: (ReadinessList.Interest) throws(SystemCallError) -> Void
    ) throws(SystemCallError) {
        try sendQueued()
        guard hasQueued != awaitsRoom else { return }
        awaitsRoom = hasQueued
        try watch(awaitsRoom ? [.readable, .writable] : .readable)
    }

    private mutating func sendQueued() throws(SystemCallError) {
        while next < queue.count {
            let (packet, descriptor) = queue[next]
            guard try Self.send(packet, descriptor, on: shared) == .sent else { return }
            queue[next] = ([], nil)
            queuedBytes -= packet.count
            next += 1
        }
        queue.removeAll(keepingCapacity: true)
        next = 0
    }

    private static func send(
        _ packet: [UInt8], _ descriptor: SharedDescriptor?, on shared: SharedPacketSocket
    ) throws(SystemCallError) -> PacketSocket.SendResult {
        let result = packet.withUnsafeBytes { bytes -> Result<PacketSocket.SendResult, SystemCallError> in
            Result { () throws(SystemCallError) in
                try shared.socket.send(bytes, descriptors: descriptor.map { [$0.rawValue] } ?? [], waits: false)
            }
        }
        return try result.get()
    }
}
