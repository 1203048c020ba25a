// SPDX-License-Identifier: Apache-2.0

/// The classes of characters that an expression's sets tell apart.
struct PatternAlphabet {
    private var sets: [ScalarSet] = []

    /// The number of a set.
    mutating func add(_ set: ScalarSet) throws(PatternProblem) -> Int {
        if let known = sets.firstIndex(of: set) { return known }
        sets.append(set)
        return sets.count - 1
    }

    /// The stored ranges, and 256 bits for each set.
    func words() throws(PatternProblem) -> (ranges: [UInt32], sets: [UInt32]) {
        var borders: Set<UInt32> = [0]
        for set in sets {
            for range in set.ranges { borders.formUnion([range.lowerBound, range.upperBound]) }
        }
        borders.remove(ScalarSet.end)
        var classes: [[Bool]: UInt32] = [:]
        var ranges: [UInt32] = []
        for border in borders.sorted() {
            let membership = sets.map { $0.contains(border) }
            let number = classes[membership] ?? UInt32(classes.count)
            classes[membership] = number
            if ranges.last.map({ $0 & 0xFF }) != number { ranges.append(border << 8 | number) }
        }
        guard classes.count <= PatternFormat.maxClasses, ranges.count <= PatternFormat.maxRanges else {
            throw PatternProblem(text: "too many classes of characters", offset: 0)
        }
        var bits = [UInt32](repeating: 0, count: sets.count * PatternFormat.setSize)
        for (membership, number) in classes {
            for (index, isMember) in membership.enumerated() where isMember {
                bits[index * PatternFormat.setSize + Int(number) / 32] |= 1 << (number % 32)
            }
        }
        return (ranges, bits)
    }
}
