// SPDX-License-Identifier: Apache-2.0

/// Why a frame was not understood. The sender is at fault: a template or instance that sends one is ended.
package enum FrameError: Error, Hashable, Sendable, CustomStringConvertible {
    case truncated(field: String)
    case trailingBytes(Int)
    case wrongVersion(UInt8)
    case unknownKind(UInt8)
    case wrongLength(stated: Int, actual: Int)
    case outOfRange(field: String)
    case invalidText(field: String)

    package var description: String {
        switch self {
        case .truncated(let field): "frame ends within '\(field)'"
        case .trailingBytes(let count): "frame has \(count) bytes too many"
        case .wrongVersion(let version): "frame of version \(version), this side speaks version \(FrameHeader.version)"
        case .unknownKind(let kind): "frame of unknown kind \(kind)"
        case .wrongLength(let stated, let actual): "frame states \(stated) bytes and has \(actual)"
        case .outOfRange(let field): "value of '\(field)' is out of range"
        case .invalidText(let field): "text of '\(field)' is not UTF-8 or not allowed"
        }
    }
}

/// The eight bytes before every frame: length of the whole packet, version, kind, two zero bytes.
///
/// Kinds are disjoint, so that a frame on the wrong socket is refused: to instances from 1, from instances from 64, to a
/// keeper from 96, from a keeper from 128, to templates from 160, from templates from 176.
package enum FrameHeader {
    /// What this side speaks. Raised with every change of a frame's form: both sides of a socket speak the same version, or
    /// do not speak at all. 3: a fork's descriptors have tags, and the keeper holds descriptors by key.
    package static let version: UInt8 = 3
    /// The version in which a frame is sent whose form never changes, so that a peer of any version reads it.
    package static let lastingVersion: UInt8 = 2
    /// Bytes of the header.
    package static let byteCount = 8
}

/// Builds one frame, little-endian, in a buffer that can be used again.
package struct FrameWriter {
    private var bytes: [UInt8] = []

    /// Begins a frame of `kind`.
    package init(kind: UInt8, version: UInt8 = FrameHeader.version) {
        bytes.reserveCapacity(256)
        put(UInt32(0))
        put(version)
        put(kind)
        put(UInt16(0))
    }

    /// Bytes so far, header included.
    package var byteCount: Int { bytes.count }

    /// A number in as many bytes as its type has.
    package mutating func put<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// The bits of a number.
    package mutating func put(_ number: Float) {
        put(number.bitPattern)
    }

    /// A 32-bit length and the text's UTF-8.
    package mutating func put(_ text: String) {
        put(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// A 32-bit length and the bytes.
    package mutating func put(bytes more: some Collection<UInt8>) {
        put(UInt32(more.count))
        bytes.append(contentsOf: more)
    }

    /// The finished frame, its length filled in.
    package consuming func finish() -> [UInt8] {
        withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { length in
            for index in 0..<4 { bytes[index] = length[index] }
        }
        return bytes
    }
}

/// Takes one frame apart; never reads outside it, never trusts a length in it.
package struct FrameReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset: Int

    /// What the frame says it is; the caller's enum decides whether it knows it.
    package let kind: UInt8

    /// Checks the header against the packet as it was received. Kinds in `lasting` have the same form in every version.
    package init(_ bytes: UnsafeRawBufferPointer, lasting: Set<UInt8> = []) throws(FrameError) {
        guard bytes.count >= FrameHeader.byteCount else { throw .truncated(field: "header") }
        let stated = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self)))
        guard stated == bytes.count else { throw .wrongLength(stated: stated, actual: bytes.count) }
        guard bytes[4] == FrameHeader.version || lasting.contains(bytes[5]) else { throw .wrongVersion(bytes[4]) }
        guard bytes[6] == 0, bytes[7] == 0 else { throw .outOfRange(field: "reserved") }
        self.bytes = bytes
        self.kind = bytes[5]
        self.offset = FrameHeader.byteCount
    }

    /// A number of the type that the context asks for.
    package mutating func take<Number: FixedWidthInteger>(_ field: String) throws(FrameError) -> Number {
        try take(Number.self, field)
    }

    /// A number of the named type.
    package mutating func take<Number: FixedWidthInteger>(
        _ type: Number.Type, _ field: String
    ) throws(FrameError) -> Number {
        let size = MemoryLayout<Number>.size
        guard bytes.count - offset >= size else { throw .truncated(field: field) }
        defer { offset += size }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// A number that must fit a non-negative Int below or at `limit`.
    package mutating func takeCount(_ field: String, limit: Int) throws(FrameError) -> Int {
        let value = try take(UInt32.self, field)
        guard value <= UInt32(clamping: limit) else { throw .outOfRange(field: field) }
        return Int(value)
    }

    /// A number by its bits.
    package mutating func takeFloat(_ field: String) throws(FrameError) -> Float {
        Float(bitPattern: try take(UInt32.self, field))
    }

    /// Bytes with their length before them, at most `limit`.
    package mutating func takeBytes(_ field: String, limit: Int) throws(FrameError) -> [UInt8] {
        let count = try takeCount(field, limit: limit)
        guard bytes.count - offset >= count else { throw .truncated(field: field) }
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    /// Valid UTF-8 with its length before it, at most `limit` bytes.
    package mutating func takeText(_ field: String, limit: Int) throws(FrameError) -> String {
        guard let text = String(validating: try takeBytes(field, limit: limit), as: UTF8.self) else {
            throw .invalidText(field: field)
        }
        return text
    }

    /// The same for what people read, on one line.
    package mutating func takeSentence(_ field: String, limit: Int) throws(FrameError) -> String {
        try takeText(field, limit: limit).onOneLine(controlsAs: "?")
    }

    /// Must be called last: a frame with bytes left over is malformed.
    package func finish() throws(FrameError) {
        guard offset == bytes.count else { throw .trailingBytes(bytes.count - offset) }
    }
}
