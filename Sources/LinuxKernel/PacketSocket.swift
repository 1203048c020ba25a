// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// A connected SOCK_SEQPACKET Unix socket: whole packets in order, so that a reader which dies in the middle of its
/// work never leaves the next one inside a frame.
package struct PacketSocket: ~Copyable, Sendable {
    /// The largest packet that both sides use, in bytes; below the kernel's default socket buffer.
    package static let maximumPacketSize = 65_536
    /// The most descriptors that one packet carries here.
    package static let maximumDescriptors = 48

    package let descriptor: OwnedDescriptor

    /// Takes over a connected packet socket.
    package init(owning descriptor: consuming OwnedDescriptor) {
        self.descriptor = descriptor
    }

    /// Gives up the packet protocol for the bare descriptor.
    package consuming func takeDescriptor() -> OwnedDescriptor {
        descriptor
    }

    /// Two connected ends.
    package static func pair() throws(SystemCallError) -> PacketSocketPair {
        var ends: (CInt, CInt) = (-1, -1)
        try systemCall("socketpair") {
            withUnsafeMutableBytes(of: &ends) { bytes in
                socketpair(
                    AF_UNIX, CInt(SOCK_SEQPACKET.rawValue) | CLINUX_SOCK_CLOEXEC, 0,
                    bytes.assumingMemoryBound(to: CInt.self).baseAddress)
            }
        }
        return PacketSocketPair(
            first: PacketSocket(owning: OwnedDescriptor(owning: ends.0)),
            second: PacketSocket(owning: OwnedDescriptor(owning: ends.1)))
    }

    /// What became of a packet that was to be sent.
    package enum SendResult: Equatable, Sendable {
        case sent
        /// The other side's buffer is full: try again when the socket is writable.
        case wouldBlock
    }

    /// Sends one packet, with `descriptors` (borrowed, at most `maximumDescriptors`) attached.
    package func send(
        _ packet: UnsafeRawBufferPointer, descriptors: [CInt] = [], waits: Bool = true
    ) throws(SystemCallError) -> SendResult {
        precondition(packet.count <= Self.maximumPacketSize, "packet over the limit of the protocol")
        precondition(descriptors.count <= Self.maximumDescriptors, "too many descriptors for one packet")
        let flags = waits ? 0 : CInt(MSG_DONTWAIT)
        let sent = try nonBlockingCall(descriptors.isEmpty ? "send" : "sendmsg") {
            // Without descriptors the simpler call, which is all that an instance's filter lets it make.
            guard !descriptors.isEmpty else {
                return clinux_send(descriptor.rawValue, packet.baseAddress, packet.count, flags)
            }
            return descriptors.withUnsafeBufferPointer { list in
                clinux_send_with_descriptors(
                    descriptor.rawValue, packet.baseAddress, packet.count, list.baseAddress, CInt(list.count), flags)
            }
        }
        return sent == nil ? .wouldBlock : .sent
    }

    /// What `receive` found.
    package enum ReceiveResult: Equatable, Sendable {
        /// That many bytes lie in the buffer.
        case packet(Int)
        /// Nothing there now (only without waiting).
        case nothing
        /// The other side closed, with or without having read all that it was sent; comes after all that it sent.
        case closed
        /// A packet larger than the buffer, or with descriptors that nobody allowed: a broken or hostile peer.
        case malformed
    }

    /// Takes one packet without descriptors; a peer that sends some has them closed and gets `.malformed`.
    package func receive(
        into buffer: UnsafeMutableRawBufferPointer, waits: Bool = true
    ) throws(SystemCallError) -> ReceiveResult {
        var none: [CInt] = []
        return try receive(into: buffer, room: 0, numbers: &none, waits: waits)
    }

    /// Takes one packet and up to `maximumDescriptors` descriptors, which the caller owns.
    package func receive(
        into buffer: UnsafeMutableRawBufferPointer, descriptors: inout ReceivedDescriptors, waits: Bool = true
    ) throws(SystemCallError) -> ReceiveResult {
        var numbers: [CInt] = []
        let result = try receive(into: buffer, room: Self.maximumDescriptors, numbers: &numbers, waits: waits)
        descriptors = ReceivedDescriptors(owning: numbers)
        return result
    }

    /// Takes one packet with the call that an instance's filter lets it make. The kernel drops descriptors that came
    /// with it, and nobody hears of them: only for a peer that is trusted.
    package func receiveBytes(
        into buffer: UnsafeMutableRawBufferPointer, waits: Bool = true
    ) throws(SystemCallError) -> ReceiveResult {
        let flags = waits ? 0 : CInt(MSG_DONTWAIT)
        let received = try receivingCall("recv") {
            clinux_receive(descriptor.rawValue, buffer.baseAddress, buffer.count, flags)
        }
        guard let received else { return .nothing }
        if received > buffer.count { return .malformed }
        return received == 0 ? .closed : .packet(received)
    }

    private func receive(
        into buffer: UnsafeMutableRawBufferPointer, room: Int, numbers: inout [CInt], waits: Bool
    ) throws(SystemCallError) -> ReceiveResult {
        var list = [CInt](repeating: -1, count: room)
        var count = CInt(room)
        var truncated: CInt = 0
        let flags = waits ? 0 : CInt(MSG_DONTWAIT)
        let received = try receivingCall("recvmsg") { () -> Int in
            count = CInt(room)
            return list.withUnsafeMutableBufferPointer { slots in
                clinux_receive_with_descriptors(
                    descriptor.rawValue, buffer.baseAddress, buffer.count, slots.baseAddress, &count, &truncated, flags)
            }
        }
        guard let received else { return .nothing }
        numbers = Array(list.prefix(Int(count)))
        if truncated != 0 { return .malformed }
        return received == 0 ? .closed : .packet(received)
    }

    /// A peer that ended before it had read all that it was sent, as a killed one does, is reported by ECONNRESET, once
    /// and ahead of what it sent. That is no failure of this end: what it sent is still there, and then the end.
    private func receivingCall(_ name: String, _ body: () -> Int) throws(SystemCallError) -> Int? {
        do throws(SystemCallError) {
            return try nonBlockingCall(name, "", body)
        } catch {
            guard error.code == ECONNRESET else { throw error }
            return try nonBlockingCall(name, "", body)
        }
    }
}

/// The two ends of a fresh pair, each to be taken by its owner; what is not taken is closed.
package struct PacketSocketPair: ~Copyable {
    private var first: PacketSocket?
    private var second: PacketSocket?

    init(first: consuming PacketSocket, second: consuming PacketSocket) {
        self.first = consume first
        self.second = consume second
    }

    /// The first end. Each end is taken once.
    package mutating func takeFirst() -> PacketSocket {
        guard let end = first.take() else { preconditionFailure("the first end was taken before") }
        return end
    }

    /// The second end. Each end is taken once.
    package mutating func takeSecond() -> PacketSocket {
        guard let end = second.take() else { preconditionFailure("the second end was taken before") }
        return end
    }
}

/// Descriptors that came with a packet: taken one by one, the rest is closed.
package struct ReceivedDescriptors: ~Copyable {
    private var numbers: [CInt]

    /// Nothing received yet.
    package init() {
        numbers = []
    }

    init(owning numbers: [CInt]) {
        self.numbers = numbers
    }

    /// How many are left.
    package var count: Int { numbers.count }

    /// The number of one of them, counted from 0; valid as long as this value owns it.
    package subscript(index: Int) -> CInt { numbers[index] }

    /// The next one in the sender's order; nil when all are taken.
    package mutating func takeFirst() -> OwnedDescriptor? {
        numbers.isEmpty ? nil : OwnedDescriptor(owning: numbers.removeFirst())
    }

    /// The next one for several owners.
    package mutating func takeFirstShared() -> SharedDescriptor? {
        guard let first = takeFirst() else { return nil }
        return SharedDescriptor(first)
    }

    /// The next `count`, which must be there.
    package mutating func takeFirst(_ count: Int) -> ReceivedDescriptors {
        defer { numbers.removeFirst(count) }
        return ReceivedDescriptors(owning: Array(numbers.prefix(count)))
    }

    deinit {
        for number in numbers { close(number) }
    }
}
