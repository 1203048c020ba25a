// SPDX-License-Identifier: Apache-2.0
internal import CSystemd
internal import Glibc
internal import Logging

/// A record as an entry of systemd's journal.
struct JournalEntry {
    /// `NAME=value`, each as the bytes it has.
    let fields: [[UInt8]]

    /// What the journal allows in a name.
    private static let maxNameLength = 64

    /// MESSAGE is for people; the fields beside it hold every value whole, with line breaks and whatever else is in it.
    init(_ record: LogRecord) {
        var fields = [
            ("MESSAGE", record.text), ("PRIORITY", "\(Self.priority(of: record.level))"),
            ("SYSLOG_IDENTIFIER", record.program), ("CODE_FILE", record.file), ("CODE_LINE", "\(record.line)"),
            ("CODE_FUNC", record.function),
        ]
        fields += record.subjects.map { ($0.key.field, $0.value) }
        // A prefix keeps a detail that happens to be called `message` or `priority` apart from the journal's own.
        fields += record.details.map { (Self.name(of: $0.key), $0.value) }
        self.fields = fields.map { name, value in Array("\(name)=\(value)".utf8) }
    }

    /// Hands the entry to the journal.
    ///
    /// sd_journal_sendv(3) makes one sendmsg(2) on a datagram socket with a send buffer of 8 MiB; an entry that is too
    /// large for a datagram goes as a sealed memory file; where there is no journal nothing happens. It has no timeout: a
    /// journal that has stopped reading holds its callers up for as long as it does. So only `LogWriter`'s thread calls it.
    func send() {
        var vectors: [iovec] = []
        vectors.reserveCapacity(fields.count)
        var bytes = fields.flatMap(\.self)
        bytes.withUnsafeMutableBytes { buffer in
            var place = buffer.baseAddress
            for field in fields {
                vectors.append(iovec(iov_base: place, iov_len: field.count))
                place = place?.advanced(by: field.count)
            }
            _ = sd_journal_sendv(vectors, CInt(vectors.count))
        }
    }

    private static func name(of key: String) -> String {
        let letters = key.uppercased().utf8.map { byte -> Character in
            let isAllowed = (65...90).contains(byte) || (48...57).contains(byte)
            return isAllowed ? Character(Unicode.Scalar(byte)) : "_"
        }
        return String(("DEEPFLOW_" + String(letters)).prefix(maxNameLength))
    }

    /// syslog(3)'s numbers.
    static func priority(of level: Logger.Level) -> CInt {
        switch level {
        case .trace, .debug: LOG_DEBUG
        case .info: LOG_INFO
        case .notice: LOG_NOTICE
        case .warning: LOG_WARNING
        case .error: LOG_ERR
        case .critical: LOG_CRIT
        }
    }
}
