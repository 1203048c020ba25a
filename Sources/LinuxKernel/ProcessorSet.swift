// SPDX-License-Identifier: Apache-2.0
internal import CLinux

/// Processors, by the kernel's numbers below 1,024.
package struct ProcessorSet: Hashable, Sendable {
    /// The kernel's own limit in `cpu_set_t`, in words of 64.
    package static let maximumWords = 16

    /// Processor p is bit p % 64 of word p / 64; without zeros at the end.
    package private(set) var words: [UInt64]

    package init() {
        words = []
    }

    /// Takes the words of another one; nil where there are too many.
    package init?(words: [UInt64]) {
        guard words.count <= Self.maximumWords else { return nil }
        self.words = words
        trim()
    }

    /// Reads the kernel's lists: `0-3,8`, or nothing. nil where it is none.
    package init?(list: some StringProtocol) {
        self.init()
        for part in list.split(whereSeparator: { $0 == "," || $0.isNewline }) {
            let bounds = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { Int($0) }
            guard let first = bounds[0], let last = bounds[bounds.count - 1], first <= last, first >= 0,
                last < Self.maximumWords * 64
            else { return nil }
            for processor in first...last { insert(processor) }
        }
    }

    /// Those that the calling thread may run on.
    package static func ofCallingThread() throws(SystemCallError) -> ProcessorSet {
        var words = [UInt64](repeating: 0, count: maximumWords)
        try systemCall("sched_getaffinity") { clinux_get_affinity(&words, maximumWords) }
        return ProcessorSet(words: words) ?? ProcessorSet()
    }

    /// Whether a processor is among them.
    package func contains(_ processor: Int) -> Bool {
        processor >= 0 && word(processor / 64) >> UInt64(processor % 64) & 1 == 1
    }

    package var isEmpty: Bool { words.isEmpty }
    package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// Those that are in both.
    package func intersection(_ other: ProcessorSet) -> ProcessorSet {
        ProcessorSet(words: zip(words, other.words).map { $0 & $1 }) ?? ProcessorSet()
    }

    /// Those that are in either.
    package func union(_ other: ProcessorSet) -> ProcessorSet {
        let count = max(words.count, other.words.count)
        return ProcessorSet(words: (0..<count).map { word($0) | other.word($0) }) ?? ProcessorSet()
    }

    /// From now on the calling thread, and threads and children that it makes, run on these only. The kernel leaves out
    /// those that are off or forbidden, and refuses where none is left.
    package func bindCallingThread() throws(SystemCallError) {
        try systemCall("sched_setaffinity") { clinux_set_affinity(words, words.count) }
    }

    private func word(_ index: Int) -> UInt64 { index < words.count ? words[index] : 0 }

    private mutating func insert(_ processor: Int) {
        while words.count <= processor / 64 { words.append(0) }
        words[processor / 64] |= 1 << UInt64(processor % 64)
    }

    private mutating func trim() {
        while words.last == 0 { words.removeLast() }
    }
}
