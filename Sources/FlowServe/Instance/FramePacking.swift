// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// How much goes into one packet.
enum FramePacking {
    /// Room for tokens in a frame beside its header and count.
    static let tokenBytes = PacketSocket.maximumPacketSize - FrameHeader.byteCount - 4

    /// A message cut to what a frame may carry, between two characters.
    static func cut(_ message: String) -> String {
        var bytes = message.utf8.prefix(FromInstance.Limits.messageBytes)
        while let last = bytes.last, bytes.count < message.utf8.count, last & 0x80 != 0 { bytes = bytes.dropLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
