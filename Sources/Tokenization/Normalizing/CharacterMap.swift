// SPDX-License-Identifier: Apache-2.0

/// SentencePiece's compiled map: a double array of 32-bit units behind its size in bytes, then replacements, each
/// ended by a zero byte. It comes from a stranger, so every step is checked.
struct CharacterMap {
    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    private let units: UnsafeRawBufferPointer
    private let texts: UnsafeRawBufferPointer

    /// A map; one that is too short for its own size maps nothing.
    init(_ bytes: UnsafeRawBufferPointer) {
        let size = bytes.count >= 4 ? Int(bytes.number(0, as: UInt32.self)) : 0
        let end = size <= bytes.count - 4 ? 4 + size : 0
        units = UnsafeRawBufferPointer(rebasing: bytes[min(4, end)..<end])
        texts = UnsafeRawBufferPointer(rebasing: bytes[end...])
    }

    /// The text with the longest match at each place replaced, as long as it stays below `limit` bytes; bytes that are no
    /// UTF-8 become U+FFFD.
    func mapped(_ text: [UInt8], limit: Int) -> [UInt8] {
        text.withUnsafeBytes { bytes in
            var output: [UInt8] = []
            output.reserveCapacity(bytes.count)
            var index = 0
            while index < bytes.count {
                if let (size, replacement) = match(bytes, index),
                    output.count + replacement.count + bytes.count - index <= limit
                {
                    output.append(contentsOf: replacement)
                    index += size
                } else if case .scalar(_, let size) = UTF8Decoding.character(in: bytes, at: index) {
                    output.append(contentsOf: bytes[index..<index + size])
                    index += size
                } else {
                    output.append(contentsOf: Self.replacement)
                    index += 1
                }
            }
            return output
        }
    }

    private func match(_ text: UnsafeRawBufferPointer, _ start: Int) -> (Int, Slice<UnsafeRawBufferPointer>)? {
        guard let root = unit(0) else { return nil }
        var node = Self.base(root)
        var found: (size: Int, value: Int)?
        var index = start
        while index < text.count, text[index] != 0 {
            node ^= Int(text[index])
            guard let entry = unit(node), entry & 0x8000_00FF == UInt32(text[index]) else { break }
            index += 1
            node ^= Self.base(entry)
            if entry >> 8 & 1 == 1, let leaf = unit(node) { found = (index - start, Int(leaf & 0x7FFF_FFFF)) }
        }
        guard let found, found.value < texts.count,
            let end = texts[found.value...].firstIndex(of: 0)
        else { return nil }
        return (found.size, texts[found.value..<end])
    }

    private func unit(_ index: Int) -> UInt32? {
        guard index >= 0, index < units.count / 4 else { return nil }
        return units.number(4 * index)
    }

    private static func base(_ unit: UInt32) -> Int {
        Int(unit >> 10) << Int((unit & 0x200) >> 6)
    }
}
