// SPDX-License-Identifier: Apache-2.0

extension SettingLayer {
    /// The settings of one file.
    ///
    /// - Parameters:
    ///   - root: what the file holds: a group, or nothing.
    ///   - settings: those that may stand in it.
    package init(file path: String, root: SettingInput, settings: [SettingFacts]) {
        var reader = FileTreeReader(path: path, settings: settings)
        switch root.content {
        case .absent: break
        case .map(let members): reader.read(members, below: "")
        case .scalar, .list:
            reader.layer.problems.append(
                SettingProblem(
                    .file(path: path, line: root.line), "the file is \(root.found) and not 'setting: value' lines"))
        }
        self = reader.layer
    }
}

/// Walks the groups of a file. It goes only as deep as declared groups do.
private struct FileTreeReader {
    let path: String
    let names: Set<String>
    let groups: Set<String>
    var layer = SettingLayer()
    private var firstLines: [String: Int] = [:]

    init(path: String, settings: [SettingFacts]) {
        self.path = path
        names = Set(settings.map(\.name))
        groups = Set(settings.flatMap { SettingGroups.above($0.name) })
    }

    mutating func read(_ members: [SettingInput.Member], below prefix: String) {
        for member in members {
            let name = prefix + member.key
            if let first = firstLines[name] {
                report(member.line, "\(name) is given twice; the first is in line \(first): remove one")
                continue
            }
            firstLines[name] = member.line
            if member.key.contains(".") {
                report(member.line, unknown(name) + "; groups are nested: no key has a dot")
            } else if names.contains(name) {
                layer.entries.append(
                    Entry(
                        name: name, input: member.value,
                        origin: .file(path: path, line: member.line)))
            } else if groups.contains(name) {
                readGroup(name, member)
            } else {
                report(member.line, unknown(name))
            }
        }
    }

    private typealias Entry = SettingLayer.Entry

    private mutating func readGroup(_ name: String, _ member: SettingInput.Member) {
        switch member.value.content {
        case .map(let members): read(members, below: name + ".")
        // A group whose every line is commented out.
        case .absent: break
        case .scalar, .list:
            report(member.line, "\(name) is \(member.value.found); it is a group: its settings stand below it")
        }
    }

    private mutating func report(_ line: Int, _ what: String) {
        layer.problems.append(SettingProblem(.file(path: path, line: line), what))
    }

    private func unknown(_ name: String) -> String {
        let nearest = NearestName.of(name, in: (names.union(groups)).sorted())
        return "there is no setting '\(name.prefix(80))'" + (nearest.map { "; the nearest is '\($0)'" } ?? "")
    }
}

/// The groups that names of settings speak of.
enum SettingGroups {
    /// `["http"]` for `http.idle_timeout`; nothing for a setting outside of groups.
    static func above(_ name: String) -> [String] {
        let words = name.split(separator: ".")
        return (1..<max(1, words.count)).map { words.prefix($0).joined(separator: ".") }
    }
}
