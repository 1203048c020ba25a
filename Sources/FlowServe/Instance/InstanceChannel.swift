// SPDX-License-Identifier: Apache-2.0
internal import Glibc
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
        /// The other end does not read; the caller keeps the packet.
        case full
        /// The other end is gone for good.
        case closed
        /// The socket refuses the packet for another reason, a defect.
        case broken(SystemCallError)
    }

    func send(_ packet: [UInt8]) -> Sending {
        packet.withUnsafeBytes { bytes in
            do throws(SystemCallError) {
                return try socket.send(bytes, waits: false) == .sent ? .sent : .full
            } catch {
                return [EPIPE, ECONNRESET, ENOTCONN].contains(error.code) ? .closed : .broken(error)
            }
        }
    }

    /// Takes one packet. An error of the socket means the same as its end: the keeper is gone.
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> PacketSocket.ReceiveResult {
        do throws(SystemCallError) {
            return try socket.receiveBytes(into: buffer, waits: false)
        } catch {
            return .closed
        }
    }
}
