// SPDX-License-Identifier: Apache-2.0

/// What every text of the tree must or must not hold.
enum TextRules {
    /// The entries of the root that people see.
    static let topLevel: Set<String> = [
        "LICENSE", "Package.resolved", "Package.swift", "Packaging", "README.md", "Sources", "Tests", "Units",
    ]
    private static let license = "SPDX-License-Identifier: Apache-2.0"
    /// First folders of paths that mean something on one person's machine only.
    private static let personalFolders = ["home", "root", "Users", "work", "opt", "mnt", "media"]
    private static let forbiddenCode = ["try!", "as!", "fatalError("]

    /// Entries of the root that the plan does not have.
    static func strangers(atTop names: [String]) -> [Violation] {
        names.filter { !topLevel.contains($0) }.map { Violation($0, "does not belong at the top of the tree") }
    }

    /// Sources without the licence in their first line (the second, where the first is for the system).
    static func missingLicense(_ files: [SourceFile]) -> [Violation] {
        files.filter { $0.isSwift || $0.isC || $0.isPython || $0.isScript }.compactMap { file in
            let first = file.lines.first
            let isReserved = file.isScript || first?.hasPrefix("// swift-tools-version") == true
            let line = file.lines.dropFirst(isReserved ? 1 : 0).first
            return line?.contains(license) == true ? nil : Violation(file.path, "does not begin with its SPDX line")
        }
    }

    /// Absolute paths of somebody's machine.
    static func personalPaths(_ files: [SourceFile]) -> [Violation] {
        files.flatMap { file in
            file.lines.enumerated().compactMap { index, line in
                personalFolders.first { names($0, in: line) }.map { folder in
                    Violation("\(file.path):\(index + 1)", "names a path under '/\(folder)' of somebody's machine")
                }
            }
        }
    }

    /// `public` in a tree without a library product.
    static func publicDeclarations(_ files: [SourceFile]) -> [Violation] {
        sourceLines(files) { line in
            line.split(separator: " ").contains("public") ? "uses public access" : nil
        }
    }

    /// Traps on input.
    static func traps(_ files: [SourceFile]) -> [Violation] {
        sourceLines(files) { line in forbiddenCode.first(where: line.contains).map { "uses \($0)" } }
    }

    /// `/folder/x` where the slash begins a path.
    private static func names(_ folder: String, in line: Substring) -> Bool {
        line.ranges(of: "/\(folder)/").contains { range in
            guard range.upperBound < line.endIndex, line[range.upperBound].isLetter || line[range.upperBound].isNumber
            else { return false }
            guard range.lowerBound > line.startIndex else { return true }
            let before = line[line.index(before: range.lowerBound)]
            return before.isWhitespace || "\"'`(=:,<[".contains(before)
        }
    }

    private static func sourceLines(_ files: [SourceFile], _ rule: (String) -> String?) -> [Violation] {
        files.filter { $0.isSwift && $0.room != nil }.flatMap { file in
            CodeText(file.text, language: .swift).lines.enumerated().compactMap { index, line in
                rule(line).map { Violation("\(file.path):\(index + 1)", $0) }
            }
        }
    }
}
