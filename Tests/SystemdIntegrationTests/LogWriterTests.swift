// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Logging
import Synchronization
import Testing

@testable import SystemdIntegration

@Suite("The log's thread")
struct LogWriterTests {
    private static func record(_ number: Int) -> LogRecord {
        LogRecord(
            LogEvent(
                level: .info, message: "\(number)", metadata: nil, source: nil, file: "A", function: "f", line: 1),
            metadata: [:], program: "test")
    }

    @Test("Events are written in their order, and a flush waits for them")
    func order() throws {
        let sink = Sink()
        let writer = try LogWriter { sink.take($0) }
        for number in 0..<500 { writer.post(Self.record(number)) }
        writer.flush(milliseconds: 60_000)
        #expect(sink.messages == (0..<500).map { "\($0)" })
    }

    @Test("A journal that does not read holds nobody up: what does not fit is counted and told of")
    func stuck() throws {
        let (begun, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let sink = Sink()
        let writer = try LogWriter { record in
            if record.message == "0" {
                begun.signal()
                gate.wait()
            }
            sink.take(record)
        }
        writer.post(Self.record(0))
        begun.wait()
        // Returns although nothing can be written now; more than a thousand are too many.
        for number in 1...LogWriter.limit + 7 { writer.post(Self.record(number)) }
        // A flush ends at its bound.
        writer.flush(milliseconds: 1)
        #expect(sink.messages.isEmpty)
        gate.signal()
        writer.flush(milliseconds: 60_000)
        let messages = sink.messages
        #expect(messages.count == LogWriter.limit + 2)
        #expect(messages.last == "7 log events could not be written in time")
    }

    @Test("A logger's own metadata, the provider's and the event's reach the record, the latter first")
    func metadata() throws {
        let sink = Sink()
        let writer = try LogWriter { sink.take($0) }
        var handler = ServiceLogHandler(program: "test", level: .info, writer: writer)
        handler.metadataProvider = Logger.MetadataProvider { ["node": "provided", "tenant": "t"] }
        var logger = Logger(label: "test") { _ in handler }
        logger[metadataKey: LogKey.node.rawValue] = "own"
        logger[metadataKey: "kept"] = "yes"
        logger.info("event", metadata: .about([.tenant: "u"]))
        logger.debug("too little")
        writer.flush(milliseconds: 60_000)
        let record = try #require(sink.records.first)
        #expect(sink.records.count == 1)
        #expect(record.subjects == [.node: "provided", .tenant: "u"])
        #expect(record.details == ["kept": "yes"])
    }

    private final class Sink: Sendable {
        private let taken = Mutex<[LogRecord]>([])
        var records: [LogRecord] { taken.withLock(\.self) }
        var messages: [String] { records.map(\.message) }
        func take(_ record: LogRecord) { taken.withLock { $0.append(record) } }
    }
}
