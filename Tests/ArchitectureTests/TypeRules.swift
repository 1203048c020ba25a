// SPDX-License-Identifier: Apache-2.0

/// What a type may be: as large as one head holds, over all files that it is spread over, and the only one of its name.
enum TypeRules {
    static let typeLines = 600
    /// Types beyond the limit that wait for their split, with the lines that they may have until then. Only ever made
    /// shorter.
    static let allowedLargeTypes: [String: Int] = [:]
    /// Names that two rooms declare and that wait for better ones. Only ever made shorter.
    static let allowedDoubleNames: Set<String> = []

    /// Lines of every type of `Sources`, its extensions in the same room included, by `Room.Type`.
    static func lineCounts(_ files: [SourceFile]) -> [String: Int] {
        var counts: [String: Int] = [:]
        for file in files where file.isSwift {
            guard let room = file.room else { continue }
            for extent in TypeExtents.inSwift(file.text) {
                counts["\(room).\(extent.name)", default: 0] += extent.lineCount
            }
        }
        return counts
    }

    /// Types over the limit.
    static func largeTypes(_ files: [SourceFile], allowed: [String: Int] = allowedLargeTypes) -> [Violation] {
        lineCounts(files).sorted { $0.key < $1.key }.compactMap { name, lines in
            let limit = allowed[name] ?? typeLines
            return lines <= limit
                ? nil
                : Violation(name, "has \(lines) lines over all its extensions; at most \(limit): split what it knows")
        }
    }

    /// Excuses that nobody needs any more.
    static func looseExcuses(_ files: [SourceFile], allowed: [String: Int] = allowedLargeTypes) -> [Violation] {
        let counts = lineCounts(files)
        return allowed.keys.sorted().filter { (counts[$0] ?? 0) <= typeLines }.map { name in
            Violation(name, "has \(counts[name] ?? 0) lines: take its excuse away")
        }
    }

    /// Names that more than one room gives to a type of its outermost level: one name is one thing over the product.
    static func doubleNames(_ files: [SourceFile], allowed: Set<String> = allowedDoubleNames) -> [Violation] {
        var rooms: [String: Set<String>] = [:]
        for file in files where file.isSwift {
            guard let room = file.room else { continue }
            for extent in TypeExtents.inSwift(file.text) where !extent.isExtension {
                rooms[extent.name, default: []].insert(room)
            }
        }
        return rooms.sorted { $0.key < $1.key }.compactMap { name, rooms in
            rooms.count < 2 || allowed.contains(name)
                ? nil : Violation(name, "is a type of \(rooms.sorted().joined(separator: " and of "))")
        }
    }
}
