// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import DaemonSettings

@Suite("Where settings come from")
struct SettingLayerTests {
    private typealias Resolved = ResolvedSettings<NodeSettings>

    private func nodeFlags(_ arguments: [String]) -> ProgramArguments {
        ProgramArguments(arguments, settings: ConfiguredProgram.node.settings)
    }

    private func environment(_ variables: [String: String]) -> SettingLayer {
        SettingLayer(environment: variables, settings: ConfiguredProgram.node.settings)
    }

    @Test("Each of the six sources wins over those before it, and says so")
    func precedence() {
        let group = { (value: String) in ("instances", SettingInput.group([("maximum", .scalar(value))])) }
        let layers = [
            SettingLayer.nodeFile("/usr/share/deepflow/defaults/node.yaml", [group("5")]),
            .nodeFile("/etc/deepflow/node.yaml", [group("6")]),
            .nodeFile("/etc/deepflow/node.yaml.d/10-a.yaml", [group("7")]),
            environment(["DEEPFLOW_INSTANCES_MAXIMUM": "8"]),
            nodeFlags(["--maximum-instances", "9"]).layer,
        ]
        let origins = [
            "default", "/usr/share/deepflow/defaults/node.yaml:1", "/etc/deepflow/node.yaml:1",
            "/etc/deepflow/node.yaml.d/10-a.yaml:1", "DEEPFLOW_INSTANCES_MAXIMUM", "--maximum-instances",
        ]
        for count in 0...5 {
            let resolved = Resolved(layers: Array(layers.prefix(count)))
            #expect(resolved.problems.isEmpty)
            #expect(resolved.settings.maximumInstancesPerModel == 4 + count)
            let entry = resolved.listing.first { $0.facts.name == "instances.maximum" }
            #expect(entry?.value == .number(4 + count))
            #expect(entry?.origin.description == origins[count])
        }
    }

    @Test("Unknown keys name the nearest one, at each level")
    func unknownKeys() {
        let layer = SettingLayer.nodeFile(
            "n.yaml",
            [
                ("sandboks", .scalar("require")), ("instances", .group([("maximun", .scalar("4"))], firstLine: 7)),
                ("instances.tasks", .scalar("4")),
                ("qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", .scalar("")),
            ])
        #expect(
            layer.problems.map(\.description) == [
                "n.yaml:1: there is no setting 'sandboks'; the nearest is 'sandbox'",
                "n.yaml:7: there is no setting 'instances.maximun'; the nearest is 'instances.maximum'",
                "n.yaml:3: there is no setting 'instances.tasks'; the nearest is 'instances.tasks'; groups are nested: no key has a dot",
                "n.yaml:4: there is no setting 'qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq'",
            ])
        #expect(layer.entries.isEmpty)
    }

    @Test("A key given twice is an error that names both lines")
    func twice() {
        let layer = SettingLayer.nodeFile(
            "n.yaml", [("node", .scalar("a")), ("sandbox", .scalar("report")), ("node", .scalar("b"))])
        #expect(
            layer.problems.map(\.description) == ["n.yaml:3: node is given twice; the first is in line 1: remove one"])
    }

    @Test("A setting where a group belongs, a group where a setting belongs, and a file that is no group are errors")
    func wrongShapes() {
        let file = SettingLayer.nodeFile(
            "n.yaml",
            [
                ("instances", .scalar("4")), ("node", .group([("name", .scalar("a"))], firstLine: 2)),
                ("http", SettingInput(.absent)),
            ])
        #expect(
            Resolved(layers: [file]).problems.map(\.description) == [
                "n.yaml:1: instances is '4'; it is a group: its settings stand below it",
                "n.yaml:2: node is a group of keys; allowed: 1 to 64 of a-z 0-9 -, a letter first",
            ])
        let list = SettingLayer(file: "n.yaml", root: .list(["a"], line: 1), settings: [])
        #expect(list.problems.map(\.description) == ["n.yaml:1: the file is a list and not 'setting: value' lines"])
        #expect(SettingLayer(file: "n.yaml", root: SettingInput(.absent), settings: []).problems.isEmpty)
    }

    @Test("All problems of all sources are reported together, also of values that another source replaces")
    func together() {
        let resolved = Resolved(layers: [
            .nodeFile("a.yaml", [("sandbox", .scalar("maybe")), ("nod", .scalar("x"))]),
            environment(["DEEPFLOW_SANDBOX": "never", "DEEPFLOW_SANDBOKS": "report"]),
            nodeFlags(["--sandbox", "require", "--ranks", "0", "--maximum-instance", "3", "--drain-timeout"]).layer,
        ])
        #expect(
            resolved.problems.map(\.description) == [
                "a.yaml:2: there is no setting 'nod'; the nearest is 'node'",
                "a.yaml:1: sandbox is 'maybe'; allowed: report or require",
                "DEEPFLOW_SANDBOKS: no setting has this variable; the nearest is DEEPFLOW_SANDBOX",
                "DEEPFLOW_SANDBOX: sandbox is 'never'; allowed: report or require",
                "--maximum-instance: is no flag of this program; the nearest is --maximum-instances",
                "--drain-timeout: has no value behind it",
                "--ranks: instances.threads is '0'; allowed: 1 to 1024",
            ])
        #expect(resolved.settings.sandboxPolicy == .require)
        #expect(resolved.problems.filter(\.isUsage).count == 3)
    }

    @Test("Variables of the other program, and of the command, are nobody's error")
    func foreignVariables() {
        let layer = environment([
            "DEEPFLOW_HOST": "unix:///a", "DEEPFLOW_ADMISSION_RUNNING": "1", "DEEPFLOW_CONFIGURATION": "x", "HOME": "/",
        ])
        #expect(layer.problems.isEmpty && layer.entries.isEmpty)
    }

    @Test("Flags are read in both spellings, switches without a value, and the last of two counts")
    func flags() {
        let arguments = nodeFlags([
            "--node=b", "--retire-on-stop", "--configuration", "/f.yaml", "--idle-timeout", "5m", "--node", "c",
        ])
        let settings = Resolved(layers: [arguments.layer]).settings
        #expect(settings.node.text == "c")
        #expect(settings.retiresOnStop)
        #expect(settings.idleSeconds == 300)
        #expect(arguments.configurationFile == "/f.yaml")
        #expect(arguments.question == nil)
        #expect(nodeFlags(["--parent-process", "12"]).parentProcess == 12)
        #expect(nodeFlags(["--parent-process", "0"]).layer.problems.count == 1)
        let back = nodeFlags(["--retire-on-stop", "--no-retire-on-stop"])
        #expect(Resolved(layers: [back.layer]).settings.retiresOnStop == false)
    }

    @Test("Help and version are asked for, words that are no flags refused")
    func questions() {
        #expect(nodeFlags(["--node", "a", "--help"]).question == .help)
        #expect(nodeFlags(["-h"]).question == .help)
        #expect(nodeFlags(["--version"]).question == .version)
        for word in ["serve", "--", "-x", "--no-node"] {
            #expect(nodeFlags([word]).layer.problems.count == 1, "\(word)")
        }
    }

    @Test("Tenants are for files alone")
    func fileOnly() {
        let settings = ConfiguredProgram.scheduler.settings
        let tenants = settings.first { $0.name == "tenants" }
        #expect(tenants != nil && tenants?.flag == nil && tenants?.variable == nil)
        #expect(ProgramArguments(["--tenants", "x"], settings: settings).layer.problems.count == 1)
        #expect(SettingLayer(environment: ["DEEPFLOW_TENANTS": "x"], settings: settings).problems.count == 1)
    }
}
