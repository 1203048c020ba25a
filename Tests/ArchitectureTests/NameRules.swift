// SPDX-License-Identifier: Apache-2.0

/// Names that say nothing, and names that collide.
enum NameRules {
    private static let emptyWords: Set<String> = [
        "Util", "Utils", "Utility", "Utilities", "Helper", "Helpers", "Common", "Misc", "Base", "Impl",
    ]
    /// Nouns that need a second one: whose scheduler, a task of what?
    private static let bareNouns: Set<String> = ["Scheduler", "Manager", "Task", "Sequence"]
    private static let typeKeywords: Set<Substring> = ["struct", "class", "enum", "protocol", "actor", "typealias"]

    /// File names with an empty word in them.
    static func emptyFileNames(_ files: [SourceFile]) -> [Violation] {
        files.filter { file in file.isSwift || file.isC || file.isPython }.compactMap { file in
            let stem = file.name.prefix { $0 != "." }
            return emptyWord(in: String(stem)).map { Violation(file.path, "has '\($0)' in its name") }
        }
    }

    /// Type names with an empty word, bare nouns, and types that are called like a module.
    static func poorTypeNames(_ files: [SourceFile]) -> [Violation] {
        files.filter(\.isSwift).flatMap { file in
            typeNames(in: file).compactMap { name -> Violation? in
                if let word = emptyWord(in: name) { return Violation(file.path, "type \(name) has '\(word)' in it") }
                if bareNouns.contains(name) { return Violation(file.path, "type \(name) needs a more precise noun") }
                return LayerTable.byName[name] == nil
                    ? nil : Violation(file.path, "type \(name) has the name of a module")
            }
        }
    }

    /// Names of the types that a Swift file declares.
    static func typeNames(in file: SourceFile) -> [String] {
        CodeText(file.text, language: .swift).lines.flatMap { line -> [String] in
            let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
            return words.indices.dropLast().filter { typeKeywords.contains(words[$0]) }.map { index in
                String(words[words.index(after: index)])
            }.filter { $0.first?.isUppercase == true }
        }
    }

    private static func emptyWord(in name: String) -> String? {
        words(of: name).first(where: emptyWords.contains)
    }

    /// The words of `camelCase`, `snake_case` and `kebab-case`, each with a capital.
    private static func words(of name: String) -> [String] {
        var words: [String] = []
        for character in name {
            if character == "_" || character == "-" || character == "+" {
                words.append("")
            } else if character.isUppercase || words.isEmpty {
                words.append(String(character))
            } else {
                words[words.count - 1].append(character)
            }
        }
        return words.map { $0.prefix(1).uppercased() + $0.dropFirst() }
    }
}
