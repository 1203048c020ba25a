// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Foundation
import TestSupport
import Testing

@testable import SettingFiles

/// Files of `Packaging/configuration`: those that are made from the declarations, and the examples.
@Suite("Committed files of the configuration")
struct CommittedFilesTests {
    private static let folder =
        URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/Packaging/configuration"

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
    }

    @Test("The manual's page is what `deepflow config settings` prints")
    func settingsPage() throws {
        #expect(try text("SETTINGS.md") == SettingsTable.markdown)
    }

    @Test("The schemas are what `deepflow config schema` prints", arguments: ConfiguredProgram.allCases)
    func schema(program: ConfiguredProgram) throws {
        #expect(try text("\(program.rawValue).schema.json") == program.schemaText)
    }

    @Test(
        "The examples are right as they are and with every line of them in force", arguments: ConfiguredProgram.allCases
    )
    func examples(program: ConfiguredProgram) throws {
        let example = try text("\(program.rawValue).yaml")
        let lines = example.split(separator: "\n", omittingEmptySubsequences: false)
        // A sentence has a blank behind its #, an example has none or two.
        let inForce = lines.map { line in
            line.hasPrefix("#") && (!line.hasPrefix("# ") || line.hasPrefix("#  ")) ? line.dropFirst() : line
        }
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/all.yaml"
        try Data(inForce.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path))
        for (file, count) in [("\(Self.folder)/\(program.rawValue).yaml", 0), (path, 4)] {
            let layer = try #require(SettingFile.layer(at: file, settings: program.settings))
            let (problems, listing) = program.review([layer])
            #expect(problems.isEmpty, "\(problems)")
            #expect(listing.filter { $0.origin != .builtIn }.count >= count)
        }
    }
}
