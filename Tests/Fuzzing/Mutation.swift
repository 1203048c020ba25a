// SPDX-License-Identifier: Apache-2.0

/// Damages inputs by chance; the same seed gives the same damage.
struct Mutation {
    private static let numbers: [UInt64] = [
        0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x1_0000_0000,
        0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, .max,
    ]

    private let seeds: [[UInt8]]
    private let words: [[UInt8]]
    private let longest: Int
    private var state: UInt64

    /// Damage to `seeds`, which are not empty, for a target.
    init(of seeds: [[UInt8]], for target: FuzzTarget, seed: UInt64) {
        self.seeds = seeds
        words = target.words.map { Array($0.utf8) }
        longest = target.longest
        state = seed
    }

    /// The next input.
    mutating func next() -> [UInt8] {
        var bytes = seeds[random(seeds.count)]
        for _ in 0...random(5) { change(&bytes) }
        return Array(bytes.prefix(longest))
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            bytes.append(UInt8(random(256)))
            return
        }
        let place = random(bytes.count)
        switch random(8) {
        case 0: bytes[place] ^= 1 << UInt8(random(8))
        case 1: bytes[place] = UInt8(random(256))
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random(32)))
        case 3:
            bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 1 + random(32))], at: random(bytes.count))
        case 4: overwrite(&bytes, place, with: number())
        case 5: splice(&bytes, place)
        case 6: bytes.removeLast(random(bytes.count))
        default:
            guard !words.isEmpty else { return }
            let word = words[random(words.count)]
            if random(2) == 0 {
                bytes.insert(contentsOf: word, at: place)
            } else {
                overwrite(&bytes, place, with: word)
            }
        }
    }

    private mutating func number() -> [UInt8] {
        let number = Self.numbers[random(Self.numbers.count)]
        return withUnsafeBytes(of: number.littleEndian) { Array($0.prefix([1, 2, 4, 8][random(4)])) }
    }

    /// Goes on with the rest of another input.
    private mutating func splice(_ bytes: inout [UInt8], _ place: Int) {
        let other = seeds[random(seeds.count)]
        guard !other.isEmpty else { return }
        bytes.replaceSubrange(place..., with: other[random(other.count)...])
    }

    private func overwrite(_ bytes: inout [UInt8], _ place: Int, with word: [UInt8]) {
        let end = min(bytes.count, place + word.count)
        bytes.replaceSubrange(place..<end, with: word.prefix(end - place))
    }

    private mutating func random(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }
}
