// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials

/// What `--json` prints: one value, indented, keys in alphabetical order so that two outputs can be compared.
package enum JSONOutput {
    /// The text of `value`, without a final newline.
    package static func text(of value: some Encodable) throws(CommandError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw .failed("the answer cannot be written as JSON: \(error)")
        }
    }

    /// Prints `value`.
    static func write(_ value: some Encodable) throws(CommandError) {
        StandardStreams.writeLine(try text(of: value))
    }
}
