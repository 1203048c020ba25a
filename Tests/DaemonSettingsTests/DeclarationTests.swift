// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import DaemonSettings

@Suite("Declarations and what is made of them")
struct DeclarationTests {
    @Test(
        "Names, flags and variables are unique, well-formed, and none hides another",
        arguments: ConfiguredProgram.allCases)
    func names(program: ConfiguredProgram) throws {
        let settings = program.settings
        #expect(settings.count > 15)
        #expect(Set(settings.map(\.name)).count == settings.count)
        #expect(Set(settings.compactMap(\.flag)).count == settings.compactMap(\.flag).count)
        #expect(Set(settings.compactMap(\.variable)).count == settings.compactMap(\.variable).count)
        let groups = Set(settings.flatMap { SettingGroups.above($0.name) })
        for facts in settings {
            #expect(facts.name.wholeMatch(of: /[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)*/) != nil, "\(facts.name)")
            #expect(!groups.contains(facts.name))
            #expect(facts.help.last == ".", "\(facts.name)")
            for word in ["help", "version", "configuration"] { #expect(facts.flag != word) }
        }
    }

    @Test("A setting that both programs have means the same in both")
    func shared() {
        let node = Dictionary(uniqueKeysWithValues: ConfiguredProgram.node.settings.map { ($0.name, $0) })
        for facts in ConfiguredProgram.scheduler.settings {
            guard let other = node[facts.name] else { continue }
            #expect(facts.flag == other.flag && facts.kind == other.kind && facts.variable == other.variable)
        }
    }

    @Test("Every default is a value that its own form takes", arguments: ConfiguredProgram.allCases)
    func defaults(program: ConfiguredProgram) {
        func check<Settings: SettingSet>(_ type: Settings.Type) {
            for setting in type.settings {
                let value = setting.value(type.init())
                if case .derived = value { continue }
                if case .map = value { continue }
                var settings = type.init()
                var faults: [SettingFault] = []
                setting.assign(.scalar(value.description), &settings, &faults)
                #expect(faults.isEmpty, "\(setting.facts.name): \(value)")
                #expect(settings == type.init())
            }
        }
        check(program.settingSet)
    }

    @Test("The help fits into 80 columns and has every flag with its default", arguments: ConfiguredProgram.allCases)
    func help(program: ConfiguredProgram) {
        let text = program.helpText
        for line in text.split(separator: "\n") { #expect(line.count < 80, "\(line)") }
        for facts in program.settings {
            if let flag = facts.flag { #expect(text.contains(facts.isSwitch ? "--[no-]\(flag)\n" : "--\(flag) ")) }
        }
        #expect(text.contains("Example"))
    }

    @Test("The schema is JSON with every setting at its place", arguments: ConfiguredProgram.allCases)
    func schema(program: ConfiguredProgram) throws {
        let root = try #require(
            try JSONSerialization.jsonObject(with: Data(program.schemaText.utf8)) as? [String: Any])
        #expect(root["additionalProperties"] as? Bool == false)
        for facts in program.settings {
            var node: [String: Any]? = root
            for word in facts.name.split(separator: ".") {
                node = (node?["properties"] as? [String: Any])?[String(word)] as? [String: Any]
            }
            #expect(node?["description"] as? String == facts.help, "\(facts.name)")
        }
    }

    @Test("The nearest name is found by edits, and none for a stranger")
    func nearest() {
        let names = ["drain_timeout", "http", "http.idle_timeout"]
        #expect(NearestName.of("drian_timeout", in: names) == "drain_timeout")
        #expect(NearestName.of("htpt", in: names) == "http")
        #expect(NearestName.of("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", in: names) == nil)
        #expect(NearestName.of(String(repeating: "http", count: 100_000), in: names) == nil)
    }
}
