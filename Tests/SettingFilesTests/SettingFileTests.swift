// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Foundation
import ServingModel
import TestSupport
import Testing

@testable import SettingFiles

@Suite("Files of settings")
struct SettingFileTests {
    private let directory: ScratchDirectory

    init() throws {
        directory = try ScratchDirectory()
    }

    private func write(_ text: String, to name: String = "node.yaml") throws -> String {
        let path = "\(directory.path)/\(name)"
        try FileManager.default.createDirectory(
            atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// What is wrong with a node's file of this text, without the directory.
    private func problems(_ text: String) throws -> [String] {
        let path = try write(text)
        let layer = try #require(SettingFile.layer(at: path, settings: ConfiguredProgram.node.settings))
        return ResolvedSettings<NodeSettings>(layers: [layer]).problems.map {
            $0.description.replacing(directory.path + "/", with: "")
        }
    }

    @Test("Values of every kind are read, quoted or not, nested or in flow style")
    func kinds() throws {
        let path = try write(
            """
            # a comment
            node: "edge-1"
            sandbox: require
            retire_on_stop: yes
            instances: {maximum: 8, idle_timeout: 15m}
            memory:
              preload: '2GiB'
            http:
              # everything below is commented out
            """)
        let layer = try #require(SettingFile.layer(at: path, settings: ConfiguredProgram.node.settings))
        let resolved = ResolvedSettings<NodeSettings>(layers: [layer])
        #expect(resolved.problems.isEmpty, "\(resolved.problems)")
        #expect(resolved.settings.node.text == "edge-1")
        #expect(resolved.settings.sandboxPolicy == .require && resolved.settings.retiresOnStop)
        #expect(resolved.settings.maximumInstancesPerModel == 8 && resolved.settings.idleSeconds == 900)
        #expect(resolved.settings.preloadLimit == 2 << 30)
        #expect(resolved.listing.first { $0.facts.name == "memory.preload" }?.origin == .file(path: path, line: 7))
    }

    @Test(
        "An empty file, a comment alone and an empty document are fine",
        arguments: ["", "# nothing\n", "---\n", "{}\n", "~\n"])
    func empty(text: String) throws {
        #expect(try problems(text).isEmpty)
    }

    @Test("Every problem of a file is told with its line")
    func all() throws {
        let text = """
            nodee: a
            instances:
              maximum: 300
              idle_timeout: 30
              tasks: [1, 2]
              kv_memory:
            http: 5
            """
        #expect(
            try problems(text) == [
                "node.yaml:1: there is no setting 'nodee'; the nearest is 'node'",
                "node.yaml:7: http is '5'; it is a group: its settings stand below it",
                "node.yaml:3: instances.maximum is '300'; allowed: 1 to 256",
                "node.yaml:4: instances.idle_timeout is '30'; allowed: 0s to 365d, with a unit: s, m, h, d",
                "node.yaml:5: instances.tasks is a list; allowed: 1 to 1024",
                "node.yaml:6: instances.kv_memory is without a value; allowed: 1MiB to 1TiB, with a unit: B, KiB, MiB, GiB, TiB",
            ])
    }

    @Test(
        "What is no YAML is told with the line where it stops to be some",
        arguments: [
            ("node: a\nsandbox: [report\n", 3), ("node: a\n\tsandbox: report\n", 2), ("node: 'a\n", 2),
            ("a: b: c\n", 1),
            ("node: a\n---\nnode: b\n", 2), ("node: *nothing\n", 1), ("node: \u{7}\n", 1),
        ])
    func noYAML(text: String, line: Int) throws {
        let found = try problems(text)
        #expect(found.count == 1 && found[0].hasPrefix("node.yaml:\(line): the file is no YAML"), "\(found)")
    }

    @Test("A key given twice is named with its line, on the first level and below")
    func twice() throws {
        #expect(try problems("sandbox: report\nnode: a\nnode: b\n").first?.contains("'node' is given twice") == true)
        let nested = try problems("http:\n  connections: 20\n  connections: 30\n")
        #expect(nested.count == 1 && nested[0].contains("'connections' is given twice"), "\(nested)")
        #expect(nested[0].hasPrefix("node.yaml:2:") || nested[0].hasPrefix("node.yaml:3:"), "\(nested)")
    }

    @Test("Keys that are lists, merges and depths that no setting has are refused")
    func oddities() throws {
        #expect(try problems("? [a]\n: b\n").first?.contains("a key is a word") == true)
        #expect(try problems("<<: {node: b}\n").first?.contains("there is no setting '<<'") == true)
        let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        #expect(try problems("node: \(deep)\n").first?.contains("nested too deeply") == true)
        let deeper = String(repeating: "[", count: 5000)
        #expect(try problems("node: \(deeper)\n").count == 1)
    }

    @Test("A few references are followed, many are refused before they are")
    func references() throws {
        #expect(try problems("instances: {tasks: &n 4, maximum: *n}\n").isEmpty)
        var bomb = "a0: &a0 [x, x]\n"
        for level in 1...30 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(try problems(bomb).first?.contains("more than 8 references") == true)
    }

    @Test("Files that are too large, no text, no file or not readable say so")
    func unreadable() throws {
        #expect(
            try problems("#" + String(repeating: "x", count: 256 << 10)) == [
                "node.yaml: the file is larger than 256 KiB"
            ])
        let path = "\(directory.path)/node.yaml"
        try Data([0x6E, 0xFF, 0xFE]).write(to: URL(fileURLWithPath: path))
        let layer = { SettingFile.layer(at: $0, settings: ConfiguredProgram.node.settings) }
        #expect(layer(path)?.problems.map(\.what) == ["the file is not UTF-8 text"])
        #expect(
            layer(directory.path)?.problems.first?.what.hasPrefix("the file cannot be read: read: Is a directory")
                == true)
        #expect(layer("\(directory.path)/none.yaml") == nil)
        #expect(layer("/dev/null")?.problems.isEmpty == true)
        #expect(layer("/dev/zero")?.problems.first?.what.contains("larger") == true)
    }
}
