// SPDX-License-Identifier: Apache-2.0

/// Changes of texts character by character.
enum CharacterChanges {
    /// Each character in lower case by itself, without rules for its neighbours.
    static func lowercased(_ text: [UInt8]) -> [UInt8] {
        map(text) { scalar, output in
            if scalar.value < 0x80 {
                let byte = UInt8(scalar.value)
                output.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
            } else {
                output.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
            }
        }
    }

    /// The text with a space for every character of white space.
    static func blanked(_ text: [UInt8]) -> [UInt8] {
        map(text) { scalar, output in
            if CharacterClass(of: scalar.value).isSpace {
                output.append(UInt8(ascii: " "))
            } else {
                output.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
            }
        }
    }

    /// The text without nonspacing marks, or without any marks.
    static func withoutMarks(_ text: [UInt8], ofAllKinds: Bool = false) -> [UInt8] {
        map(text) { scalar, output in
            if scalar.value >= 0x300 {
                let isMark =
                    ofAllKinds
                    ? DetailedCategory(of: scalar.value) == .mark
                    : scalar.properties.generalCategory == .nonspacingMark
                if isMark { return }
            }
            output.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        }
    }

    /// The text without controls, white space as spaces.
    static func cleaned(_ text: [UInt8]) -> [UInt8] {
        map(text) { scalar, output in
            if CharacterClass(of: scalar.value).isSpace {
                output.append(UInt8(ascii: " "))
                return
            }
            guard scalar.value != 0xFFFD, !isControl(scalar) else { return }
            output.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x80 { return scalar.value < 0x20 || scalar.value == 0x7F }
        return DetailedCategory(of: scalar.value) == .control
    }

    /// The text with every `old`, or with `repeated` every run of two or more of them, replaced by `new`.
    static func replacing(
        _ text: [UInt8], _ old: UnsafeRawBufferPointer, by new: UnsafeRawBufferPointer, repeated: Bool, limit: Int
    ) -> [UInt8] {
        text.withUnsafeBytes { text in
            var result: [UInt8] = []
            result.reserveCapacity(text.count)
            var index = 0
            while index < text.count {
                var end = index
                while end + old.count <= text.count, text[end..<end + old.count].elementsEqual(old) {
                    end += old.count
                    if !repeated { break }
                }
                let fits = result.count + new.count + text.count - index <= limit
                if fits, end > index + (repeated ? old.count : 0) {
                    result.append(contentsOf: new)
                    index = end
                } else {
                    result.append(text[index])
                    index += 1
                }
            }
            return result
        }
    }

    /// The text without white space at the ends that are asked for.
    static func stripped(_ text: [UInt8], start: Bool, end: Bool) -> [UInt8] {
        text.withUnsafeBytes { bytes in
            var first: Int?
            var last = 0
            var index = 0
            while index < bytes.count {
                var size = 1
                var isSpace = false
                if case .scalar(let scalar, let count) = UTF8Decoding.character(in: bytes, at: index) {
                    size = count
                    isSpace = CharacterClass(of: scalar).isSpace
                }
                if !isSpace {
                    first = first ?? index
                    last = index + size
                }
                index += size
            }
            guard let first else { return [] }
            return Array(bytes[(start ? first : 0)..<(end ? last : bytes.count)])
        }
    }

    /// The text without spaces at the ends, one for each run between.
    static func mergingSpaces(_ text: [UInt8]) -> [UInt8] {
        Array(text.split(separator: UInt8(ascii: " ")).joined(separator: " ".utf8))
    }

    /// Every character changed by itself; bytes that are no UTF-8 stay.
    static func map(_ text: [UInt8], _ change: (Unicode.Scalar, inout [UInt8]) -> Void) -> [UInt8] {
        text.withUnsafeBytes { bytes in
            var output: [UInt8] = []
            output.reserveCapacity(bytes.count)
            var index = 0
            while index < bytes.count {
                guard case .scalar(let value, let size) = UTF8Decoding.character(in: bytes, at: index),
                    let scalar = Unicode.Scalar(value)
                else {
                    output.append(bytes[index])
                    index += 1
                    continue
                }
                change(scalar, &output)
                index += size
            }
            return output
        }
    }
}
