// SPDX-License-Identifier: Apache-2.0

/// A set of characters as ascending ranges that do not touch. Used when a model is packed.
struct ScalarSet: Equatable {
    /// One past the last scalar.
    static let end: UInt32 = 0x110000
    static let everything = ScalarSet([0..<end])

    private(set) var ranges: [Range<UInt32>]

    /// The union of ranges in any order.
    init(_ ranges: [Range<UInt32>]) {
        self.ranges = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
            if let last = self.ranges.last, range.lowerBound <= last.upperBound {
                self.ranges[self.ranges.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                self.ranges.append(range)
            }
        }
    }

    /// A set of one scalar.
    init(_ scalar: UInt32) {
        self.init([scalar..<scalar + 1])
    }

    var isEmpty: Bool { ranges.isEmpty }

    /// What is in either set.
    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    /// What is not in the set.
    var inverted: ScalarSet {
        var gaps: [Range<UInt32>] = []
        var start: UInt32 = 0
        for range in ranges {
            gaps.append(start..<range.lowerBound)
            start = range.upperBound
        }
        return ScalarSet(gaps + [start..<Self.end])
    }

    /// Whether a scalar is in the set.
    func contains(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(scalar)
    }

    /// With the other cases of every character. Sets of whole scripts are left as they are.
    var withCases: ScalarSet {
        guard ranges.reduce(0, { $0 + $1.count }) <= 4096 else { return self }
        var added: [Range<UInt32>] = []
        for scalar in ranges.joined().compactMap(Unicode.Scalar.init) {
            let properties = scalar.properties
            var variants = [properties.lowercaseMapping, properties.uppercaseMapping]
            // Two letters of old print and of physics whose capitals, or small letters, are those of ASCII.
            if scalar == "s" || scalar == "S" { variants.append("\u{17F}") }
            if scalar == "k" || scalar == "K" { variants.append("\u{212A}") }
            for variant in variants where variant.unicodeScalars.count == 1 {
                added += variant.unicodeScalars.map { $0.value..<$0.value + 1 }
            }
        }
        return ScalarSet(ranges + added)
    }
}
