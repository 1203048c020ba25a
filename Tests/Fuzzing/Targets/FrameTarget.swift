// SPDX-License-Identifier: Apache-2.0
internal import Messages

extension FuzzTarget {
    /// Frames of the sockets between daemon, keeper, template and instance. The first byte chooses who reads; what was
    /// read has to be written as it would be read again.
    static let frame = FuzzTarget("frame", longest: 1 << 16) { bytes in
        guard let first = bytes.first else { return }
        let packet = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        switch first % 6 {
        case 0: again(packet, { try? FromInstance(decoding: $0) }, { $0.encoded() })
        case 1: again(packet, { try? FromTemplate(decoding: $0) }, { $0.encoded() })
        case 2: again(packet, { try? FromKeeper(decoding: $0) }, { $0.encoded() })
        case 3: again(packet, { try? ToKeeper(decoding: $0) }, { $0.encoded() })
        case 4: again(packet, { try? ToTemplate(decoding: $0) }, { $0.encoded() })
        default: again(packet, { try? ToInstance(decoding: $0) }, { $0.encoded() })
        }
    }

    private static func again<Frame: Equatable>(
        _ packet: UnsafeRawBufferPointer, _ read: (UnsafeRawBufferPointer) -> Frame?, _ write: (Frame) -> [UInt8]
    ) {
        guard let frame = read(packet) else { return }
        let written = write(frame)
        let same = written.withUnsafeBytes(read)
        // Text that is no UTF-8 is replaced at the first reading, and NaN equals nothing: bytes are compared.
        precondition(same.map(write) == written, "a frame does not read back as it was written")
    }
}
