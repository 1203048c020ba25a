// SPDX-License-Identifier: Apache-2.0

/// The modules that a file imports.
enum ImportLine {
    private static let modifiers: Set<Substring> = [
        "package", "internal", "private", "fileprivate", "public", "@testable", "@preconcurrency", "@_exported",
    ]
    private static let kinds: Set<Substring> = [
        "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
    ]

    /// Top module names of the import lines in a Swift file, each once.
    static func modules(in file: SourceFile) -> Set<String> {
        Set(CodeText(file.text, language: .swift).lines.compactMap(module))
    }

    private static func module(of line: String) -> String? {
        var words = line.split(separator: " ")[...]
        while let first = words.first, modifiers.contains(first) { words = words.dropFirst() }
        guard words.first == "import" else { return nil }
        words = words.dropFirst()
        if let first = words.first, kinds.contains(first) { words = words.dropFirst() }
        return words.first.map { String($0.prefix { $0 != "." }) }
    }
}
