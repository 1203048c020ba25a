// SPDX-License-Identifier: Apache-2.0
package import LinuxKernel

/// A message that travels as one packet.
package protocol Frame {
    /// Reads the frame that a packet holds.
    init(decoding bytes: UnsafeRawBufferPointer) throws(FrameError)
    /// The frame.
    func encoded() -> [UInt8]
}

extension ToKeeper: Frame {}
extension FromKeeper: Frame {}
extension ToTemplate: Frame {}
extension FromTemplate: Frame {}
extension ToInstance: Frame {}
extension FromInstance: Frame {}

/// What a look at a packet socket found.
package enum FrameArrival<Message> {
    case frame(Message)
    /// Nothing there now.
    case nothing
    /// The other side is gone.
    case closed
    /// What came is no such frame, or came with descriptors that nobody allowed; why, in words.
    case refused(String)
}

extension PacketSocket {
    /// Takes a frame without waiting, with its descriptors where those are allowed.
    package func receiveFrame<Message: Frame>(
        into buffer: UnsafeMutableRawBufferPointer, descriptors: inout ReceivedDescriptors,
        allowsDescriptors: Bool = true
    ) -> FrameArrival<Message> {
        do {
            let result =
                allowsDescriptors
                ? try receive(into: buffer, descriptors: &descriptors, waits: false)
                : try receive(into: buffer, waits: false)
            switch result {
            case .packet(let count):
                return .frame(try Message(decoding: UnsafeRawBufferPointer(rebasing: buffer[..<count])))
            case .nothing: return .nothing
            case .closed: return .closed
            case .malformed: return .refused("a packet that is too long, or with descriptors")
            }
        } catch {
            return .refused("\(error)")
        }
    }

    /// Sends a frame without waiting; false where the other side has no room for it, or is gone.
    package func sendFrame(_ message: some Frame, descriptors: [CInt] = []) -> Bool {
        let packet = message.encoded()
        let result = try? packet.withUnsafeBytes { try send($0, descriptors: descriptors, waits: false) }
        return result == .sent
    }
}
