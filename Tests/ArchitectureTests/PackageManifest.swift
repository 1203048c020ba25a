// SPDX-License-Identifier: Apache-2.0

/// What `Package.swift` says of the targets, read as text: asking SwiftPM would wait for its lock, which the test run
/// itself holds.
struct PackageManifest: Sendable {
    /// Direct dependencies of each target of the product: rooms by name, packages by identity.
    let dependencies: [String: Set<String>]

    init(_ text: String) {
        // Literals are needed here, so only whole-line comments are dropped.
        let code = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
            .joined(separator: "\n")
        let products = Self.namedProducts(in: code)
        var found: [String: Set<String>] = [:]
        for opening in ["room(", "program(", ".target(name:", ".systemLibrary(name:", ".executableTarget(name:"] {
            // Targets under Tests may cross rooms: that is what they are for.
            for call in Self.calls(opening, in: code) where !call.contains("path: \"Tests/") {
                guard let name = Self.literals(in: call).first else { continue }
                found[name] = Self.dependencies(of: call, name: name, products: products)
            }
        }
        dependencies = found
    }

    /// All that `target` reaches, without itself.
    func reach(of target: String) -> Set<String> {
        var seen: Set<String> = []
        var waiting = [target]
        while let next = waiting.popLast() {
            for dependency in dependencies[next] ?? [] where seen.insert(dependency).inserted {
                waiting.append(dependency)
            }
        }
        return seen
    }

    /// `let nioCore: Target.Dependency = .product(name: "NIOCore", package: nio)`: the constant and its package.
    private static func namedProducts(in code: String) -> [String: String] {
        var packages: [String: String] = [:]
        var products: [String: String] = [:]
        for line in code.split(separator: "\n") where line.hasPrefix("let ") {
            let name = String(line.dropFirst(4).prefix { $0.isLetter || $0.isNumber })
            if line.contains(".product(") {
                products[name] = packageArgument(of: String(line), constants: packages)
            } else if let value = literals(in: String(line)).first {
                packages[name] = value
            }
        }
        return products
    }

    private static func packageArgument(of call: String, constants: [String: String]) -> String? {
        guard let label = call.firstRange(of: "package: ") else { return nil }
        let rest = call[label.upperBound...]
        if rest.hasPrefix("\"") { return literals(in: String(rest)).first }
        return constants[String(rest.prefix { $0.isLetter || $0.isNumber })]
    }

    private static func dependencies(of call: String, name: String, products: [String: String]) -> Set<String> {
        var found: Set<String> = []
        var rest = call
        for product in calls(".product(", in: call) {
            if let package = packageArgument(of: product, constants: [:]) { found.insert(package) }
            rest = rest.replacing(product, with: "")
        }
        for literal in literals(in: rest) where LayerTable.byName[literal] != nil && literal != name {
            found.insert(literal)
        }
        for (constant, package) in products where containsWord(constant, in: rest) { found.insert(package) }
        return found
    }

    /// The texts between the brackets of every call that begins with `opening`.
    private static func calls(_ opening: String, in code: String) -> [String] {
        code.ranges(of: opening).compactMap { range in
            if range.lowerBound > code.startIndex, code[code.index(before: range.lowerBound)].isLetter { return nil }
            var depth = 1
            var end = range.upperBound
            while end < code.endIndex, depth > 0 {
                if code[end] == "(" { depth += 1 }
                if code[end] == ")" { depth -= 1 }
                end = code.index(after: end)
            }
            return String(code[range.upperBound..<end])
        }
    }

    private static func literals(in code: String) -> [String] {
        let parts = code.split(separator: "\"", omittingEmptySubsequences: false)
        return parts.indices.filter { $0 % 2 == 1 }.map { String(parts[$0]) }
    }

    private static func containsWord(_ word: String, in code: String) -> Bool {
        code.split { !($0.isLetter || $0.isNumber || $0 == "_") }.contains { $0 == word }
    }
}
