// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
package import Logging
internal import Synchronization

/// A daemon's log.
///
/// 1. Where stderr is the journal, events go there as entries with fields (`LogKey`, MESSAGE_ID, where in the code).
/// 2. On a terminal they are readable lines.
/// 3. Anywhere else they are lines of JSON.
package enum ServiceLog {
    /// How long the end of the process waits for what is not written yet.
    private static let farewellMilliseconds = 1000
    private static let writer = Mutex<LogWriter?>(nil)

    /// Has every logger of this process write so, as `program`, from `level` on. To be called once, before the first
    /// logger is made. Without a thread to write on, which a machine that is full may refuse, events go nowhere.
    package static func bootstrap(program: String, level: Logger.Level = .info) {
        let destination = LogDestination(
            of: STDERR_FILENO, journalStream: getenv("JOURNAL_STREAM").map { String(cString: $0) })
        let made = try? LogWriter { destination.write($0) }
        writer.withLock { $0 = made }
        atexit { ServiceLog.flush() }
        LoggingSystem.bootstrap { _ in ServiceLogHandler(program: program, level: level, writer: made) }
    }

    private static func flush() {
        writer.withLock(\.self)?.flush(milliseconds: farewellMilliseconds)
    }
}

/// swift-log's view of a `LogWriter`.
struct ServiceLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let program: String
    private let writer: LogWriter?

    init(program: String, level: Logger.Level, writer: LogWriter?) {
        self.program = program
        logLevel = level
        self.writer = writer
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        writer?.post(LogRecord(event, metadata: all, program: program))
    }
}
