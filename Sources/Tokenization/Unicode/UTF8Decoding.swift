// SPDX-License-Identifier: Apache-2.0

/// Strict UTF-8, read from bytes that may hold anything.
enum UTF8Decoding {
    /// What stands at a place of a byte stream.
    enum Character: Equatable {
        /// A scalar and the number of its bytes.
        case scalar(UInt32, size: Int)
        /// The bytes so far may still become a scalar when more follow.
        case incomplete
        /// Bytes that can never begin a scalar; `size` of them belong together (one replacement character).
        case invalid(size: Int)
    }

    /// Decodes the character that begins at `start`, a valid index of `bytes`.
    static func character(in bytes: UnsafeRawBufferPointer, at start: Int) -> Character {
        let first = bytes[start]
        if first < 0x80 { return .scalar(UInt32(first), size: 1) }
        guard let size = size(ofLead: first) else { return .invalid(size: 1) }
        var scalar = UInt32(first) & (0x7F >> UInt32(size))
        for position in 1..<size {
            guard start + position < bytes.count else { return .incomplete }
            let byte = bytes[start + position]
            guard byte & 0xC0 == 0x80, position > 1 || isAllowed(byte, afterLead: first) else {
                return .invalid(size: position)
            }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        return .scalar(scalar, size: size)
    }

    /// A copy with U+FFFD for each byte that is not part of a character; nil for a text without such bytes.
    static func repaired(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard var index = firstFault(in: text) else { return nil }
        var result = Array(text[..<index])
        while index < text.count {
            if case .scalar(_, let size) = character(in: text, at: index) {
                result.append(contentsOf: text[index..<index + size])
                index += size
            } else {
                result.append(contentsOf: [0xEF, 0xBF, 0xBD])
                index += 1
            }
        }
        return result
    }

    private static func firstFault(in text: UnsafeRawBufferPointer) -> Int? {
        var index = 0
        while index < text.count {
            // Eight characters of ASCII at once.
            if text.count - index >= 8,
                text.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                index += 8
                continue
            }
            guard case .scalar(_, let size) = character(in: text, at: index) else { return index }
            index += size
        }
        return nil
    }

    private static func size(ofLead byte: UInt8) -> Int? {
        switch byte {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: nil
        }
    }

    /// The second byte excludes overlong forms, surrogates and scalars beyond U+10FFFF.
    private static func isAllowed(_ second: UInt8, afterLead first: UInt8) -> Bool {
        switch first {
        case 0xE0: second >= 0xA0
        case 0xED: second < 0xA0
        case 0xF0: second >= 0x90
        case 0xF4: second < 0x90
        default: true
        }
    }
}
