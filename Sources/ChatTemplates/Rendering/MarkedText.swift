// SPDX-License-Identifier: Apache-2.0

/// A text that remembers who wrote each of its bytes, through cutting, joining and trimming. Always valid UTF-8.
struct MarkedText: Equatable {
    private struct Run {
        var end: Int
        let origin: TextOrigin
    }

    private(set) var bytes: [UInt8] = []
    private var runs: [Run] = []

    /// An empty text.
    init() {}

    /// A text of one author.
    init(_ text: String, _ origin: TextOrigin) {
        self.init(Array(text.utf8), origin)
    }

    /// A text of one author from bytes that are UTF-8.
    init(_ bytes: [UInt8], _ origin: TextOrigin) {
        self.bytes = bytes
        if !bytes.isEmpty { runs = [Run(end: bytes.count, origin: origin)] }
    }

    /// Two texts are equal when their characters are, whoever wrote them.
    static func == (left: MarkedText, right: MarkedText) -> Bool { left.bytes == right.bytes }

    /// The characters.
    var string: String { String(decoding: bytes, as: UTF8.self) }

    /// The text cut where its author changes.
    var segments: [RenderedSegment] {
        var start = 0
        return runs.map { run in
            defer { start = run.end }
            return RenderedSegment(origin: run.origin, bytes: Array(bytes[start..<run.end]))
        }
    }

    /// Adds a text at the end.
    mutating func append(_ other: MarkedText) {
        let offset = bytes.count
        bytes.append(contentsOf: other.bytes)
        for run in other.runs { appendRun(end: offset + run.end, run.origin) }
    }

    /// A part, by bytes; the range must not cut a character.
    func part(_ range: Range<Int>) -> MarkedText {
        var result = MarkedText()
        result.bytes = Array(bytes[range])
        var start = 0
        for run in runs {
            let overlap = range.clamped(to: start..<run.end)
            if !overlap.isEmpty { result.appendRun(end: overlap.upperBound - range.lowerBound, run.origin) }
            start = run.end
        }
        return result
    }

    /// Each author's parts changed by themselves, as case mappings do.
    func mapParts(_ change: (String) -> String) -> MarkedText {
        var result = MarkedText()
        for segment in segments {
            result.append(MarkedText(change(String(decoding: segment.bytes, as: UTF8.self)), segment.origin))
        }
        return result
    }

    /// The offsets of all characters, and the end.
    var characterOffsets: [Int] {
        var offsets = bytes.indices.filter { bytes[$0] & 0xC0 != 0x80 }
        offsets.append(bytes.count)
        return offsets
    }

    /// Without the characters of a set at its ends.
    func trimmed(start: Bool, end: Bool, where matches: (Unicode.Scalar) -> Bool) -> MarkedText {
        var lower = 0
        var upper = bytes.count
        let scalars = string.unicodeScalars
        if start { lower = scalars.prefix(while: matches).reduce(0) { $0 + UTF8.width($1) } }
        if end, lower < upper {
            for scalar in scalars.reversed() {
                guard matches(scalar) else { break }
                upper -= UTF8.width(scalar)
            }
        }
        return lower == 0 && upper == bytes.count ? self : part(lower..<max(lower, upper))
    }

    /// Where a pattern that is not empty begins, from a place on.
    func firstOffset(of pattern: [UInt8], from start: Int = 0) -> Int? {
        guard let first = pattern.first, bytes.count >= pattern.count else { return nil }
        var index = start
        while index <= bytes.count - pattern.count {
            if bytes[index] == first, bytes[index..<index + pattern.count].elementsEqual(pattern) { return index }
            index += 1
        }
        return nil
    }

    /// Where the last occurrence of a pattern that is not empty begins, of those that end before a place.
    func lastOffset(of pattern: [UInt8], before end: Int? = nil) -> Int? {
        guard let first = pattern.first else { return nil }
        var index = (end ?? bytes.count) - pattern.count
        while index >= 0 {
            if bytes[index] == first, bytes[index..<index + pattern.count].elementsEqual(pattern) { return index }
            index -= 1
        }
        return nil
    }

    /// White space as Python's `str.strip` takes it.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }

    private mutating func appendRun(end: Int, _ origin: TextOrigin) {
        if let last = runs.last, last.origin == origin {
            runs[runs.count - 1].end = end
        } else {
            runs.append(Run(end: end, origin: origin))
        }
    }
}
