// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Foundation
import TestSupport
import Testing

@testable import SettingFiles

@Suite("What a daemon is started with")
struct ProgramStartTests {
    private let directory: ScratchDirectory

    init() throws {
        directory = try ScratchDirectory()
    }

    private func write(_ text: String, to name: String) throws {
        let file = URL(fileURLWithPath: "\(directory.path)/\(name)")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    private func start(_ arguments: [String], environment: [String: String] = [:]) -> ProgramStart<NodeSettings> {
        ProgramStart(
            arguments: ["--configuration", "\(directory.path)/etc/node.yaml"] + arguments, environment: environment,
            version: "1.2", vendorDirectory: "\(directory.path)/share")
    }

    @Test(
        "Files of the installation, the administrator's file, its drop-ins in order, environment and flags are laid over each other"
    )
    func precedence() throws {
        let sources: [(name: String, value: Int)] = [
            ("share/node.yaml", 5), ("etc/node.yaml", 6), ("etc/node.yaml.d/10-a.yaml", 7),
            ("etc/node.yaml.d/9-b.yaml", 8),
        ]
        try write("", to: "etc/node.yaml")
        try write("instances: {maximum: 99999}\n", to: "etc/node.yaml.d/.hidden.yaml")
        try write("this is no YAML: [", to: "etc/node.yaml.d/README")
        var expected = 4
        for source in sources {
            guard case .serve(let live, _, _) = start([]) else {
                return #expect(Bool(false), "refused before \(source.name)")
            }
            #expect(live.current.maximumInstancesPerModel == expected)
            try write("instances: {maximum: \(source.value)}\n", to: source.name)
            expected = source.value
        }
        let environment = ["DEEPFLOW_INSTANCES_MAXIMUM": "9"]
        guard case .serve(let fromEnvironment, _, _) = start([], environment: environment),
            case .serve(let fromFlags, _, _) = start(["--maximum-instances", "10"], environment: environment)
        else { return #expect(Bool(false), "refused") }
        #expect(fromEnvironment.current.maximumInstancesPerModel == 9)
        #expect(fromFlags.current.maximumInstancesPerModel == 10)
    }

    @Test("Problems of all files are told at once, with exit code 78; of the command line alone with 64")
    func refusal() throws {
        try write("node: UPPER\n", to: "share/node.yaml")
        try write("sandboks: report\n", to: "etc/node.yaml")
        try write("", to: "etc/node.yaml.d/1.yml")
        try write("x: [", to: "etc/node.yaml.d/2.yaml")
        guard case .refusal(let lines, let code) = start(["--ranks", "none"]) else { return #expect(Bool(false)) }
        #expect(code == 78)
        #expect(lines.count == 5, "\(lines)")
        for (line, words) in zip(
            lines, ["share/node.yaml:1: node is 'UPPER'", "sandboks", "must end in .yaml", "no YAML", "--ranks"])
        {
            #expect(line.hasPrefix("deepflow-noded: ") && line.contains(words), "\(line)")
        }
        for name in ["share/node.yaml", "etc/node.yaml.d/1.yml", "etc/node.yaml.d/2.yaml"] {
            try FileManager.default.removeItem(atPath: "\(directory.path)/\(name)")
        }
        try write("", to: "etc/node.yaml")
        guard case .refusal(let usage, let usageCode) = start(["--ranks", "none"]) else { return #expect(Bool(false)) }
        #expect(usageCode == 64)
        #expect(usage.last == "See deepflow-noded --help.")
    }

    @Test("A file that is named has to exist; one that is not named does not")
    func named() {
        guard case .refusal(let lines, 78) = start([]) else { return #expect(Bool(false)) }
        #expect(lines == ["deepflow-noded: \(directory.path)/etc/node.yaml: there is no such file"])
        let other = ["DEEPFLOW_CONFIGURATION": "/nonexistent/node.yaml"]
        let elsewhere = ProgramStart<NodeSettings>(
            arguments: [], environment: other, version: "", vendorDirectory: nil)
        guard case .refusal = elsewhere else { return #expect(Bool(false)) }
    }

    @Test("Help and version need no file")
    func answers() {
        guard case .answer(let help) = start(["--help"]), case .answer(let version) = start(["--version"]) else {
            return #expect(Bool(false))
        }
        #expect(help == ConfiguredProgram.node.helpText)
        #expect(version == "deepflow-noded 1.2\n")
    }
}
