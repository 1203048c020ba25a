// SPDX-License-Identifier: Apache-2.0

/// Cuts a text into words by a list of splits, each of which works on the words of the one before it.
struct PatternSplitting {
    private var scanners: [PatternScanner]
    private var words: [Range<Int>] = []
    private var cut: [Range<Int>] = []

    /// A splitting that has seen no text.
    init(_ programs: [PatternProgram]) {
        scanners = programs.map { PatternScanner($0) }
    }

    /// The words of a text, which cover it.
    mutating func split(_ text: UnsafeRawBufferPointer) -> [Range<Int>] {
        words.removeAll(keepingCapacity: true)
        if !text.isEmpty { words.append(0..<text.count) }
        for index in scanners.indices {
            cut.removeAll(keepingCapacity: true)
            for word in words { divide(word, of: text, index) }
            swap(&words, &cut)
        }
        return words
    }

    private mutating func divide(_ word: Range<Int>, of text: UnsafeRawBufferPointer, _ index: Int) {
        let behavior = scanners[index].program.behavior
        let first = cut.count
        var followsMatch = false
        var parts: [PatternScanner.Part] = []
        scanners[index].parts(of: UnsafeRawBufferPointer(rebasing: text[word])) { parts.append($0) }
        // What merges with the next part is what merges with the one before, seen from the end.
        if behavior == .mergedWithNext { parts.reverse() }
        for part in parts {
            let range = part.range.lowerBound + word.lowerBound..<part.range.upperBound + word.lowerBound
            let joins =
                switch behavior {
                case .isolated: false
                case .mergedWithPrevious, .mergedWithNext: part.isMatch && !followsMatch
                case .contiguous: part.isMatch == followsMatch
                }
            followsMatch = part.isMatch
            guard joins, cut.count > first, let last = cut.last else {
                cut.append(range)
                continue
            }
            cut[cut.count - 1] =
                min(last.lowerBound, range.lowerBound)..<max(last.upperBound, range.upperBound)
        }
        if behavior == .mergedWithNext { cut[first...].reverse() }
    }
}
