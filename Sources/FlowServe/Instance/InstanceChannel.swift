// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel

/// An instance's end of its channel, shared by the two threads that use it, and never waiting.
final class InstanceChannel: Sendable {
    private let socket: PacketSocket

    init(_ socket: consuming PacketSocket) {
        self.socket = socket
    }

    /// For the readiness list.
    var descriptor: Int32 { socket.descriptor.rawValue }

    /// What became of a packet.
    enum Sending {
        case sent
        /// Nobody reads; the packet is still the caller's.
        case full
        /// Nobody ever will.
        case closed
    }

    func send(_ packet: [UInt8]) -> Sending {
        let result = packet.withUnsafeBytes { try? socket.send($0, waits: false) }
        return switch result {
        case .sent: .sent
        case .wouldBlock: .full
        // Whatever the error is: it says that this socket takes nothing any more.
        case nil: .closed
        }
    }

    /// Takes one packet. An error of the socket means the same as its end: the keeper is gone.
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> PacketSocket.ReceiveResult {
        do throws(SystemCallError) {
            return try socket.receive(into: buffer, waits: false)
        } catch {
            return .closed
        }
    }
}
