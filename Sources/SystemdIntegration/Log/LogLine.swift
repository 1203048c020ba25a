// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Glibc
internal import Logging

/// A record as one line, for where there is no journal.
enum LogLine {
    /// An object of JSON: `time` (UTC), `level`, `program`, `message`, `source`, the subjects under the names of `LogKey`,
    /// and `details`.
    static func json(_ record: LogRecord) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(JSONLine(record)) else { return [] }
        return Array(data) + [UInt8(ascii: "\n")]
    }

    /// Time of day, level and text, for somebody who looks on.
    static func plain(_ record: LogRecord) -> [UInt8] {
        var (seconds, parts) = (record.seconds, tm())
        localtime_r(&seconds, &parts)
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }.joined(separator: ":")
        return Array("\(time).\(padded(record.milliseconds, 3)) \(record.level) \(record.text)\n".utf8)
    }

    fileprivate static func universalTime(_ record: LogRecord) -> String {
        var (seconds, parts) = (record.seconds, tm())
        gmtime_r(&seconds, &parts)
        let date = [parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday].map { padded(Int($0), 2) }
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }
        return "\(date.joined(separator: "-"))T\(time.joined(separator: ":")).\(padded(record.milliseconds, 3))Z"
    }

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

private struct JSONLine: Encodable {
    let record: LogRecord

    init(_ record: LogRecord) {
        self.record = record
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Member.self)
        try container.encode(LogLine.universalTime(record), forKey: "time")
        try container.encode(record.level.rawValue, forKey: "level")
        try container.encode(record.program, forKey: "program")
        try container.encode(record.message, forKey: "message")
        try container.encode("\(record.file):\(record.line)", forKey: "source")
        for (key, value) in record.subjects { try container.encode(value, forKey: Member(key.rawValue)) }
        if !record.details.isEmpty { try container.encode(record.details, forKey: "details") }
    }

    /// A member's name.
    private struct Member: CodingKey, ExpressibleByStringLiteral {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init(stringLiteral name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
