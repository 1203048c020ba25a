// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Testing

@Suite("Descriptors that are waited for by what they belong to")
struct ReadinessSourcesTests {
    @Test("An event is told by its source, and not any more once that was removed or made anew")
    func lateEvents() throws {
        let sources = try ReadinessSources<String>()
        let (first, second) = (SharedWakeup(try WakeupCounter()), SharedWakeup(try WakeupCounter()))
        try sources.add("a", first.number)
        try sources.add("b", second.number)
        first.counter.signal()
        second.counter.signal()
        let events = try sources.wait(milliseconds: 0)
        #expect(Set(events.compactMap { sources.source(of: $0) }) == ["a", "b"])
        sources.remove("a")
        #expect(events.compactMap { sources.source(of: $0) } == ["b"])
        // The same source with another descriptor: what was reported of the first is not its own.
        try sources.add("b", first.number)
        #expect(events.compactMap { sources.source(of: $0) }.isEmpty)
        #expect(try sources.wait(milliseconds: 0).compactMap { sources.source(of: $0) } == ["b"])
        try sources.modify("b", .writable)
        #expect(try sources.wait(milliseconds: 0).allSatisfy { $0.isWritable && !$0.isReadable })
    }

    private final class SharedWakeup {
        let counter: WakeupCounter
        init(_ counter: consuming WakeupCounter) { self.counter = counter }
        var number: CInt { counter.descriptor.rawValue }
    }
}

@Suite("Lines of a process that nobody vouches for")
struct LineReaderTests {
    private func write(_ text: String, to pipe: Pipe) throws {
        let writer = try #require(pipe.writer).duplicate()
        try Array(text.utf8).withUnsafeBytes { try writer.writeAll($0) }
    }

    @Test("Lines are cut, without controls, and only so many a second")
    func bounds() throws {
        var pipe = try Pipe(waits: false)
        let reader = LineReader(pipe.reader)
        var lines: [String] = []
        let start = MonotonicTime(nanoseconds: 5_000_000_000)
        try write("one\u{1B}[2J\n" + String(repeating: "x", count: 600) + "\nhalf", to: pipe)
        #expect(reader.read(at: start) { lines.append($0) })
        #expect(lines.map(\.count) == [7, 512])
        #expect(lines[0] == "one?[2J")
        try write(" a line\n" + String(repeating: "more\n", count: 40), to: pipe)
        #expect(reader.read(at: start) { lines.append($0) })
        #expect(lines.count == 20)
        #expect(lines[2] == "half a line")
        try write("later\n", to: pipe)
        #expect(reader.read(at: start.adding(milliseconds: 1000)) { lines.append($0) })
        #expect(lines.suffix(2) == ["23 lines dropped", "later"])
        pipe.closeWriter()
        #expect(!reader.read(at: start) { lines.append($0) })
    }
}
