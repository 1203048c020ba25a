// SPDX-License-Identifier: Apache-2.0

/// C files of a target form layers as well: none reaches itself through what it includes.
enum IncludeRules {
    /// Each circle of units (a header and its source are one), once, by its first name.
    static func circles(_ files: [SourceFile]) -> [Violation] {
        let rooms = Dictionary(grouping: files.filter { $0.isC && $0.room != nil }) { $0.room ?? "" }
        return rooms.sorted { $0.key < $1.key }.flatMap { room, files in
            let graph = includes(files)
            return graph.keys.sorted().compactMap { start -> Violation? in
                guard let circle = path(from: start, to: start, graph), circle.min() == start else { return nil }
                return Violation("Sources/\(room)", "a circle: \((circle + [start]).joined(separator: " -> "))")
            }
        }
    }

    /// Units by name, with those that they include, themselves left out.
    private static func includes(_ files: [SourceFile]) -> [String: Set<String>] {
        let units = Set(files.map(unit))
        return files.reduce(into: [:]) { graph, file in
            let included = file.lines.compactMap { line -> String? in
                let words = line.split(separator: " ", maxSplits: 1)
                guard words.count == 2, words[0] == "#include", words[1].hasPrefix("\"") else { return nil }
                let path = words[1].dropFirst().prefix { $0 != "\"" }
                return path.split(separator: "/").last.map { String($0.prefix { $0 != "." }) }
            }
            graph[unit(file), default: []].formUnion(units.intersection(included).subtracting([unit(file)]))
        }
    }

    private static func unit(_ file: SourceFile) -> String { String(file.name.prefix { $0 != "." }) }

    /// The shortest way over at least one edge; nil where there is none.
    private static func path(from start: String, to end: String, _ graph: [String: Set<String>]) -> [String]? {
        var ways = [[start]]
        var seen: Set<String> = []
        while !ways.isEmpty {
            var longer: [[String]] = []
            for way in ways {
                for next in (graph[way[way.count - 1]] ?? []).sorted() {
                    if next == end { return way }
                    if seen.insert(next).inserted { longer.append(way + [next]) }
                }
            }
            ways = longer
        }
        return nil
    }
}
