// SPDX-License-Identifier: Apache-2.0

/// Options that people write before the verb, as in `deepflow --node local ps`.
///
/// They belong to the verbs, since not every verb has each of them; so they are moved to where the verb's own options
/// may stand: behind its other words, before a `--`.
enum LeadingOptions {
    /// Those with a value, and those without.
    private static let withValue: Set<String> = ["--socket", "--node"]
    private static let flags: Set<String> = ["--json"]

    /// `arguments`, without the program's name, in the order that the parser takes.
    static func behindVerb(_ arguments: [String]) -> [String] {
        var leading: [String] = []
        var rest = arguments[...]
        while let word = rest.first {
            if withValue.contains(word), rest.count > 1 {
                leading += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else if flags.contains(word) || withValue.contains(where: { word.hasPrefix($0 + "=") }) {
                leading.append(word)
                rest = rest.dropFirst()
            } else {
                break
            }
        }
        guard let end = rest.firstIndex(of: "--") else { return rest + leading }
        return rest[..<end] + leading + rest[end...]
    }
}
