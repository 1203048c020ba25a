// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A text file of the repository, or one made up to show that a rule can fail.
struct SourceFile: Sendable {
    /// From the repository's root, with `/`.
    let path: String
    let text: String

    /// Path components, folders first.
    var components: [String] { path.split(separator: "/").map(String.init) }

    /// The folder under `Sources` that it lies in; nil for files elsewhere.
    var room: String? {
        let parts = components
        return parts.count > 2 && parts[0] == "Sources" ? parts[1] : nil
    }

    /// File name without folders.
    var name: String { components.last ?? "" }

    /// Text behind the name's last dot; empty for scripts without one.
    var suffix: String {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count > 1 ? String(parts[parts.count - 1]) : ""
    }

    /// Lines without their ends; a final newline makes no line.
    var lines: [Substring] {
        let all = text.split(separator: "\n", omittingEmptySubsequences: false)
        return all.last?.isEmpty == true ? Array(all.dropLast()) : Array(all)
    }

    var isSwift: Bool { suffix == "swift" }
    var isC: Bool { suffix == "c" || suffix == "h" }
    var isPython: Bool { suffix == "py" || (suffix.isEmpty && lines.first?.contains("python") == true) }
    var isScript: Bool { lines.first?.hasPrefix("#!") == true }
}

/// Something that breaks a rule, in one line for the reader of a failed test.
struct Violation: CustomStringConvertible, Sendable {
    let place: String
    let what: String

    init(_ place: String, _ what: String) {
        self.place = place
        self.what = what
    }

    var description: String { "\(place): \(what)" }
}

/// The repository that this test was compiled from.
enum SourceTree {
    private static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let textSuffixes: Set<String> = [
        "swift", "c", "h", "py", "md", "modulemap", "yaml", "service", "socket", "",
    ]
    private static let biggestText = 1 << 20

    /// Names of the entries of the root that people see.
    static func topLevelEntries() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.path).filter { !$0.hasPrefix(".") }.sorted()
    }

    /// All text files that belong to the project, in a stable order; read once for all rules.
    static func files() throws -> [SourceFile] {
        try allFiles.get()
    }

    private static let allFiles = Result { try readFiles() }

    private static func readFiles() throws -> [SourceFile] {
        var files: [SourceFile] = []
        for top in ["Package.swift", "README.md", "Sources", "Units", "Tests", "Packaging"] {
            try collect(top, into: &files)
        }
        return files
    }

    /// The package's manifest.
    static func manifest() throws -> SourceFile {
        try SourceFile(
            path: "Package.swift",
            text: String(contentsOf: root.appendingPathComponent("Package.swift"), encoding: .utf8))
    }

    private static func collect(_ path: String, into files: inout [SourceFile]) throws {
        let url = root.appendingPathComponent(path)
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else { return }
        if isDirectory.boolValue {
            for name in try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
            where !name.hasPrefix(".") && name != "__pycache__" {
                try collect("\(path)/\(name)", into: &files)
            }
            return
        }
        let file = SourceFile(path: path, text: "")
        guard textSuffixes.contains(file.suffix), let data = FileManager.default.contents(atPath: url.path),
            data.count <= biggestText, let text = String(data: data, encoding: .utf8)
        else { return }
        files.append(SourceFile(path: path, text: text))
    }
}
