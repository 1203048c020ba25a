// SPDX-License-Identifier: Apache-2.0

/// A type's declaration, or an extension of it, at the outermost level of a file.
struct TypeExtent: Equatable, Sendable {
    /// As it is written: `A`, or `A.B` for an extension of a nested type.
    let name: String
    let isExtension: Bool
    let lineCount: Int
}

/// Finds types and measures them. Formatted code that compiles is regular enough to do so by words and braces.
enum TypeExtents {
    private static let keywords: Set<String> = ["struct", "class", "enum", "protocol", "actor", "extension"]

    /// The outermost types and extensions of a Swift file, in their order. Nested types count as lines of the outer one.
    static func inSwift(_ text: String) -> [TypeExtent] {
        var extents: [TypeExtent] = []
        var depth = 0
        var open: (name: String, isExtension: Bool, line: Int)?
        for (number, line) in CodeText(text, language: .swift).lines.enumerated() {
            if depth == 0, open == nil, let head = head(of: line) { open = (head.name, head.isExtension, number) }
            for byte in line.utf8 {
                if byte == UInt8(ascii: "{") { depth += 1 }
                guard byte == UInt8(ascii: "}") else { continue }
                depth -= 1
                guard depth == 0, let declaration = open else { continue }
                extents.append(
                    TypeExtent(
                        name: declaration.name, isExtension: declaration.isExtension,
                        lineCount: number - declaration.line + 1))
                open = nil
            }
        }
        return extents
    }

    /// What a line begins to declare; nil where that is no type.
    private static func head(of line: String) -> (name: String, isExtension: Bool)? {
        let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }.map(String.init)
        guard let index = words.firstIndex(where: keywords.contains), index + 1 < words.count,
            words[index + 1].first?.isUppercase == true
        else { return nil }
        return (words[index + 1], words[index] == "extension")
    }
}
