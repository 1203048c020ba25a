// SPDX-License-Identifier: Apache-2.0

/// Finds the name that somebody meant.
enum NearestName {
    /// The candidate that the fewest insertions, removals and replacements turn `name` into; the first of several. nil
    /// where even that one shares too little with it to be a guess.
    static func of(_ name: String, in candidates: some Sequence<String>) -> String? {
        let word = Array(name.utf8.prefix(longest))
        let best = candidates.map { (name: $0, distance: distance(word, Array($0.utf8.prefix(longest)))) }
            .min { $0.distance < $1.distance }
        guard let best, best.distance <= max(2, max(word.count, best.name.utf8.count) / 2) else { return nil }
        return best.name
    }

    /// Names are short; what a hostile file calls a key need not be.
    private static let longest = 128

    /// Edit distance of two texts, one row of the table at a time.
    private static func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var row = Array(0...second.count)
        for (line, byte) in first.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for (column, other) in second.enumerated() {
                let replaced = diagonal + (byte == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, min(row[column], row[column + 1]) + 1)
            }
        }
        return row[second.count]
    }
}
