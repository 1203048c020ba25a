// SPDX-License-Identifier: Apache-2.0

/// Limits on what a reader has to hold in the head at once.
enum SizeRules {
    static let fileLines = 400
    static let functionLines = 60
    static let executableLines = 60
    /// The parent of hostile processes, which holds what outlives the daemons, is to be read in one sitting.
    static let keeperLines = 1000
    /// Files beyond the limit that wait for their split, and tables that a script makes. Only ever made shorter.
    static let allowedLongFiles: Set<String> = []
    /// `path:line` is too brittle, so whole files are excused from the rule on functions. Only ever made shorter.
    static let allowedLongFunctions: Set<String> = []

    /// Code files over the limit.
    static func longFiles(_ files: [SourceFile]) -> [Violation] {
        files.filter { isCode($0) && !allowedLongFiles.contains($0.path) && $0.lines.count > fileLines }
            .map { Violation($0.path, "has \($0.lines.count) lines; at most \(fileLines): split it by ideas") }
    }

    /// Functions over the limit.
    static func longFunctions(_ files: [SourceFile]) -> [Violation] {
        files.filter { isCode($0) && !allowedLongFunctions.contains($0.path) }.flatMap { file in
            extents(of: file).filter { $0.lineCount > functionLines }.map { extent in
                Violation(
                    "\(file.path):\(extent.firstLine)",
                    "a function of \(extent.lineCount) lines; at most \(functionLines)")
            }
        }
    }

    /// Executables that do more than parse, build and run.
    static func longExecutables(_ files: [SourceFile]) -> [Violation] {
        LayerTable.executables.compactMap { name in
            let lines = files.filter { $0.room == name && $0.isSwift }.reduce(0) { $0 + $1.lines.count }
            return lines < executableLines
                ? nil : Violation("Sources/\(name)", "has \(lines) lines; an executable has under \(executableLines)")
        }
    }

    /// A keeper that has grown; lines of comments and blank ones do not count.
    static func longKeeper(_ files: [SourceFile]) -> [Violation] {
        let lines = files.filter { $0.room == "Keeper" && $0.isSwift }.flatMap(\.lines)
            .count { line in
                let words = line.drop { $0 == " " }
                return !words.isEmpty && !words.hasPrefix("//")
            }
        return lines < keeperLines
            ? [] : [Violation("Sources/Keeper", "has \(lines) lines of code; it has under \(keeperLines)")]
    }

    private static func isCode(_ file: SourceFile) -> Bool {
        file.isSwift || file.isC || file.isPython || file.isScript
    }

    private static func extents(of file: SourceFile) -> [FunctionExtent] {
        if file.isSwift { return FunctionExtents.inSwift(file.text) }
        if file.isC { return FunctionExtents.inC(file.text) }
        return file.isPython ? FunctionExtents.inPython(file.text) : []
    }
}
