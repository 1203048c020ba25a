// SPDX-License-Identifier: Apache-2.0

/// What one target offers to others is documented where it is declared.
enum DocumentationRules {
    private static let modifiers: Set<String> = [
        "final", "static", "mutating", "nonmutating", "nonisolated", "indirect", "override", "consuming", "borrowing",
        "class", "lazy", "weak", "convenience", "required", "private(set)", "package(set)",
    ]
    private static let types: Set<String> = ["struct", "class", "enum", "protocol", "actor", "typealias"]

    /// What a declaration is, as far as the rules differ.
    enum Kind: Hashable, Sendable {
        case type, function, initializer, property
    }

    /// A declaration that other targets see and that has no comment of its own.
    struct Undocumented: Sendable {
        let kind: Kind
        let room: String
        let place: String
        let line: String
    }

    /// Rooms that still have types or functions without a comment, and how many. Only ever made shorter.
    static let allowedGaps: [String: Int] = [
        "ClusterScheduler": 12, "NodeDaemon": 2,
    ]

    /// Types and functions that other targets see and that say nothing of themselves, beyond what a room is excused for.
    static func undocumentedContracts(_ files: [SourceFile], allowed: [String: Int] = allowedGaps) -> [Violation] {
        let gaps = undocumented(files).filter { $0.kind == .type || $0.kind == .function }
        return Dictionary(grouping: gaps, by: \.room).sorted { $0.key < $1.key }.flatMap { room, gaps in
            gaps.count <= allowed[room] ?? 0
                ? [] : gaps.map { Violation($0.place, "has no comment: \($0.line)") }
        }
    }

    /// Excuses that nobody needs any more.
    static func looseExcuses(_ files: [SourceFile]) -> [Violation] {
        let rooms = Set(undocumented(files).filter { $0.kind == .type || $0.kind == .function }.map(\.room))
        return allowedGaps.keys.sorted().filter { !rooms.contains($0) }.map {
            Violation($0, "has no gap any more: take its excuse away")
        }
    }

    /// All `package` declarations of `Sources` without a documentation comment above them.
    static func undocumented(_ files: [SourceFile]) -> [Undocumented] {
        files.filter { $0.isSwift && $0.room != nil }.flatMap { file -> [Undocumented] in
            let lines = file.lines.map { $0.drop { $0 == " " } }
            return lines.indices.compactMap { index in
                guard let kind = kind(of: lines[index]), !isDocumented(lines, at: index) else { return nil }
                return Undocumented(
                    kind: kind, room: file.room ?? "", place: "\(file.path):\(index + 1)",
                    line: String(lines[index].prefix(80)))
            }
        }
    }

    /// A comment stands above the declaration; attributes may come between.
    private static func isDocumented(_ lines: [Substring], at index: Int) -> Bool {
        var above = index - 1
        while above >= 0, lines[above].hasPrefix("@") { above -= 1 }
        return above >= 0 && lines[above].hasPrefix("///")
    }

    private static func kind(of line: Substring) -> Kind? {
        var words = line.split(separator: " ")[...]
        while words.first?.hasPrefix("@") == true { words.removeFirst() }
        guard words.first == "package" else { return nil }
        words.removeFirst()
        while let word = words.first, modifiers.contains(String(word)), words.count > 1 {
            // `class` is a modifier only before another keyword.
            if word == "class", words.dropFirst().first?.first?.isUppercase == true { break }
            words.removeFirst()
        }
        guard let word = words.first else { return nil }
        if types.contains(String(word)) { return .type }
        if word == "func" || word.hasPrefix("subscript") { return .function }
        if word.hasPrefix("init") { return .initializer }
        return word == "var" || word == "let" ? .property : nil
    }
}
