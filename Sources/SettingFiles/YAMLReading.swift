// SPDX-License-Identifier: Apache-2.0
internal import DaemonSettings
internal import Yams

/// Turns a YAML document into inputs of settings with their lines.
enum YAMLReading {
    /// Deeper than any setting; beyond it there are only mistakes and attacks.
    private static let depthLimit = 16
    /// References (`*name`) repeat what they name: a few of them may not make millions of values of a small file.
    private static let referenceLimit = 8

    /// The document's root; `absent` for an empty file.
    static func root(of text: String, path: String) throws(SettingProblem) -> SettingInput {
        if referenceCount(in: text) > referenceLimit {
            throw SettingProblem(
                .file(path: path, line: 0),
                "the file has more than \(referenceLimit) references (*name): write values out")
        }
        let node: Node?
        do {
            // Texts stay texts: what a value means is for its setting to say.
            node = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch {
            throw YAMLProblem.of(error, path: path, text: text)
        }
        guard let node else { return SettingInput(.absent) }
        return try input(of: node, path: path, depth: 0)
    }

    private static func input(of node: Node, path: String, depth: Int) throws(SettingProblem) -> SettingInput {
        let line = node.mark?.line ?? 0
        guard depth < depthLimit else {
            throw SettingProblem(.file(path: path, line: line), "lists and groups are nested too deeply here")
        }
        switch node {
        case .scalar(let scalar):
            let isNull = scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
            return SettingInput(isNull ? .absent : .scalar(scalar.string), line: line)
        case .sequence(let items):
            var inputs: [SettingInput] = []
            for item in items { inputs.append(try input(of: item, path: path, depth: depth + 1)) }
            return SettingInput(.list(inputs), line: line)
        case .mapping(let pairs):
            var members: [SettingInput.Member] = []
            for pair in pairs {
                let keyLine = pair.key.mark?.line ?? line
                guard case .scalar(let key) = pair.key else {
                    throw SettingProblem(.file(path: path, line: keyLine), "a key is a word, and no list or group")
                }
                let value = try input(of: pair.value, path: path, depth: depth + 1)
                members.append(SettingInput.Member(key: key.string, line: keyLine, value: value))
            }
            return SettingInput(.map(members), line: line)
        case .alias:
            throw SettingProblem(.file(path: path, line: line), "a reference names nothing")
        }
    }

    /// Stars that may begin a reference. Some of them may stand in comments and quotes, which are rare.
    private static func referenceCount(in text: String) -> Int {
        var count = 0
        var previous = UInt8(ascii: "\n")
        for byte in text.utf8 {
            if previous == UInt8(ascii: "*"), byte > UInt8(ascii: " "), byte != UInt8(ascii: "*") { count += 1 }
            previous = byte
        }
        return count
    }
}

/// Says in one sentence why a text is no YAML.
private enum YAMLProblem {
    static func of(_ error: any Error, path: String, text: String) -> SettingProblem {
        guard let error = error as? YamlError else {
            return SettingProblem(.file(path: path, line: 0), "the file is no YAML: \(error)")
        }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return SettingProblem(.file(path: path, line: mark.line), "the file is no YAML from here on: \(problem)")
        case .reader(let problem, let offset, _, _):
            let line = offset.map { text.prefix($0).count(where: \.isNewline) + 1 } ?? 0
            return SettingProblem(.file(path: path, line: line), "the file is no YAML: \(problem)")
        case .duplicatedKeysInMapping(let names, let context):
            let keys = names.map { "'\($0.prefix(80))'" }.joined(separator: ", ")
            return SettingProblem(
                .file(path: path, line: context.mark.line), "\(keys) is given twice in one group: remove one")
        default:
            return SettingProblem(.file(path: path, line: 0), "the file is no YAML: \(error)")
        }
    }
}
