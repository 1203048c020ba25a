// SPDX-License-Identifier: Apache-2.0

/// What code that runs before and after a fork may not use: a child forked from a process that ever started Dispatch
/// or the concurrency runtime hangs in them, and inside the sandbox they crash.
enum EngineRules {
    private static let forbiddenModules: Set<String> = ["Foundation", "Dispatch"]
    private static let forbiddenWords: Set<String> = [
        "async", "await", "actor", "DispatchQueue", "DispatchSemaphore", "TaskGroup", "withTaskGroup", "AsyncStream",
        "MainActor",
    ]

    /// The rooms that a synchronous program links, itself included.
    static func rooms(_ manifest: PackageManifest) -> Set<String> {
        LayerTable.synchronousPrograms.reduce(into: []) { rooms, program in
            rooms.formUnion(manifest.reach(of: program).union([program]))
        }
    }

    /// Modules and keywords of threads in the files of `rooms`.
    static func violations(_ files: [SourceFile], in rooms: Set<String>) -> [Violation] {
        files.filter { file in file.isSwift && file.room.map(rooms.contains) == true }.flatMap { file in
            ImportLine.modules(in: file).intersection(forbiddenModules).sorted()
                .map { Violation(file.path, "imports \($0), which the engine side may not use") }
                + usedWords(in: file)
        }
    }

    private static func usedWords(in file: SourceFile) -> [Violation] {
        CodeText(file.text, language: .swift).lines.enumerated().compactMap { index, line in
            let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
            let used = words.first(where: forbiddenWords.contains) ?? (startsTask(line) ? "Task" : nil)
            return used.map { Violation("\(file.path):\(index + 1)", "uses \($0), which the engine side may not") }
        }
    }

    /// `Task {`, `Task(`, `Task.`, `Task<`: the type of the concurrency runtime, not a word that ends so.
    private static func startsTask(_ line: String) -> Bool {
        line.ranges(of: "Task").contains { range in
            let before = range.lowerBound == line.startIndex ? " " : line[line.index(before: range.lowerBound)]
            let after = line[range.upperBound...].drop { $0 == " " }.first
            return !before.isLetter && !before.isNumber && before != "_" && after.map("{(.<".contains) == true
        }
    }
}
