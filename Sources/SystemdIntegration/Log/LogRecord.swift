// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Logging

/// One event as it is written, in whichever form: bounded, and taken apart into what it is about and its details.
struct LogRecord: Sendable {
    let level: Logger.Level
    let message: String
    /// The program, as in SYSLOG_IDENTIFIER.
    let program: String
    let subjects: [LogKey: String]
    let details: [String: String]
    let file: String
    let function: String
    let line: UInt
    /// Wall clock.
    let seconds: Int
    let milliseconds: Int

    /// Bytes of one text that are kept: an event is a sentence and a few names, however long an error describes itself.
    static let maxBytes = 4096

    /// Reads the clock. `metadata` holds everything: the logger's own and the event's.
    init(_ event: LogEvent, metadata: Logger.Metadata, program: String) {
        level = event.level
        message = Self.cut("\(event.message)")
        self.program = program
        var subjects: [LogKey: String] = [:]
        var details: [String: String] = [:]
        for (name, value) in metadata {
            if let key = LogKey(rawValue: name) {
                subjects[key] = Self.cut("\(value)")
            } else {
                details[name] = Self.cut("\(value)")
            }
        }
        if let error = event.error { details["error"] = Self.cut("\(error)") }
        (self.subjects, self.details) = (subjects, details)
        (file, function, line) = (event.file, event.function, event.line)
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        (seconds, milliseconds) = (time.tv_sec, time.tv_nsec / 1_000_000)
    }

    /// The message with everything that it is about, for people: one line without control characters, whatever a hostile
    /// process has put into its last words.
    var text: String {
        let known = LogKey.allCases.filter { $0 != .kind }.compactMap { key in
            subjects[key].map { "\(key.rawValue)=\(Self.quoted($0))" }
        }
        let others = details.sorted { $0.key < $1.key }.map { "\(Self.harmless($0.key))=\(Self.quoted($0.value))" }
        let all = (known + others).joined(separator: " ")
        return Self.harmless(message) + (all.isEmpty ? "" : " [\(all)]")
    }

    private static func quoted(_ value: String) -> String {
        let text = harmless(value)
        let isPlain = !text.isEmpty && !text.contains { $0 == " " || $0 == "\"" || $0 == "]" || $0 == "=" }
        return isPlain ? text : "\"" + text.replacing("\"", with: "\\\"") + "\""
    }

    /// Control characters and those that turn the direction of what follows become visible.
    private static func harmless(_ text: String) -> String {
        let isHarmful = { (scalar: Unicode.Scalar) in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: true
            default: false
            }
        }
        guard text.unicodeScalars.contains(where: isHarmful) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            if isHarmful(scalar) {
                result += scalar.escaped(asASCII: true)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > maxBytes else { return text }
        // Whole characters only.
        return String(decoding: text.utf8.prefix(maxBytes), as: UTF8.self).trimmingIncompleteEnd + "..."
    }
}

extension String {
    /// Without the replacement character that a cut within a character leaves at the end.
    fileprivate var trimmingIncompleteEnd: String { last == "\u{FFFD}" ? String(dropLast()) : self }
}
