// SPDX-License-Identifier: Apache-2.0

/// Korean syllables, which are computed from their letters.
enum HangulSyllable {
    static let first: UInt32 = 0xAC00
    static let last: UInt32 = 0xD7A3
    private static let leads: UInt32 = 0x1100
    private static let vowels: UInt32 = 0x1161
    private static let tails: UInt32 = 0x11A7
    private static let vowelCount: UInt32 = 21
    private static let tailCount: UInt32 = 28

    /// The two or three letters of a syllable.
    static func decomposed(_ scalar: UInt32) -> [UInt32] {
        let index = scalar - first
        let lead = leads + index / (vowelCount * tailCount)
        let vowel = vowels + index % (vowelCount * tailCount) / tailCount
        let tail = index % tailCount
        return tail == 0 ? [lead, vowel] : [lead, vowel, tails + tail]
    }

    /// The syllable of two letters, or of a syllable and its last letter; nil where they are none.
    static func composed(_ left: UInt32, _ right: UInt32) -> UInt32? {
        if (leads..<leads + 19).contains(left), (vowels..<vowels + vowelCount).contains(right) {
            return first + ((left - leads) * vowelCount + (right - vowels)) * tailCount
        }
        guard (first...last).contains(left), (left - first) % tailCount == 0,
            (tails + 1..<tails + tailCount).contains(right)
        else { return nil }
        return left + (right - tails)
    }
}
