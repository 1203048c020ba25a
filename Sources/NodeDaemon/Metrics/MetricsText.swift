// SPDX-License-Identifier: Apache-2.0

/// Metrics in Prometheus' text format, version 0.0.4.
struct MetricsText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    enum Kind: String {
        case counter, gauge, histogram
    }

    typealias Labels = [(name: String, value: String)]

    private(set) var text = ""

    /// Begins a metric; its samples follow.
    mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// One sample.
    mutating func add(_ name: String, _ labels: Labels = [], _ value: Int) {
        text += "\(name)\(Self.listed(labels)) \(value)\n"
    }

    /// A histogram's buckets, sum and count, in seconds.
    mutating func add(_ name: String, _ labels: Labels, _ histogram: DurationHistogram) {
        for (bound, count) in zip(DurationHistogram.bounds, histogram.counts) {
            add("\(name)_bucket", labels + [("le", Self.seconds(bound))], count)
        }
        add("\(name)_bucket", labels + [("le", "+Inf")], histogram.count)
        text += "\(name)_sum\(Self.listed(labels)) \(Self.seconds(histogram.totalMicroseconds))\n"
        add("\(name)_count", labels, histogram.count)
    }

    private static func seconds(_ microseconds: Int) -> String { "\(Double(microseconds) / 1e6)" }

    private static func listed(_ labels: Labels) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
    }
}
