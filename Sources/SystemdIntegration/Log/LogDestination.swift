// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Where a daemon's log goes.
enum LogDestination: Hashable, Sendable {
    /// systemd's journal, with fields.
    case journal
    /// Lines of JSON on stderr: a file, or a pipe to something that collects.
    case lines
    /// Readable lines on stderr: somebody looks on.
    case terminal

    /// What `descriptor`, a daemon's stderr, is. The variable JOURNAL_STREAM names the journal's stream by device and
    /// inode; a child whose stderr was redirected has the variable all the same, so both are compared.
    init(of descriptor: CInt, journalStream: String?) {
        var status = stat()
        let parts = journalStream?.split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) } ?? []
        if parts.count == 2, fstat(descriptor, &status) == 0, parts[0] == UInt64(status.st_dev),
            parts[1] == UInt64(status.st_ino)
        {
            self = .journal
        } else {
            self = isatty(descriptor) == 1 ? .terminal : .lines
        }
    }

    /// Writes a record; may wait for a reader.
    func write(_ record: LogRecord) {
        switch self {
        case .journal: JournalEntry(record).send()
        case .lines: Self.write(LogLine.json(record))
        case .terminal: Self.write(LogLine.plain(record))
        }
    }

    private static func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // Nobody can be told that nobody reads.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
