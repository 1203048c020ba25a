// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import DaemonSettings

@Suite("How values are written")
struct SettingFormTests {
    private func read<Value>(_ text: String, _ form: SettingForm<Value>) -> (value: Value?, faults: [SettingFault]) {
        var faults: [SettingFault] = []
        return (form.read(SettingInput(.scalar(text), line: 3), &faults), faults)
    }

    @Test(
        "A duration has a unit",
        arguments: [("30s", 30), ("5m", 300), ("2h", 7200), ("1d", 86_400), ("0", 0), ("0s", 0), ("090s", 90)])
    func duration(text: String, seconds: Int) {
        #expect(read(text, .seconds(0...86_400)).value == seconds)
    }

    @Test(
        "A duration without a unit, with a wrong one, negative, broken or out of range is refused",
        arguments: [
            "30", "30 s", "30S", "-1s", "1.5s", "s", "", "2d", "500ms", "99999999999999999999s", "9999999999999999d",
        ])
    func wrongDuration(text: String) {
        let (value, faults) = read(text, .seconds(0...86_400))
        #expect(value == nil)
        #expect(
            faults == [
                SettingFault(line: 3, what: "is '\(text)'; allowed: 0s to 1d, with a unit: s, m, h, d")
            ])
    }

    @Test("A fine duration has milliseconds, and is shown in its largest whole unit")
    func milliseconds() {
        let form = SettingForm<Duration>.duration(milliseconds: 1...86_400_000)
        #expect(read("250ms", form).value == .milliseconds(250))
        #expect(
            ["250ms", "1s", "90s", "2m", "1d"].map { form.show(read($0, form).value ?? .zero).description }
                == ["250ms", "1s", "90s", "2m", "1d"])
        #expect(form.show(.milliseconds(60_000)).description == "1m")
    }

    @Test("A size has a binary unit", arguments: [("512B", 512), ("4KiB", 4096), ("1MiB", 1 << 20), ("2GiB", 2 << 30)])
    func size(text: String, bytes: Int) {
        #expect(read(text, SettingForm<Int>.size(0...1 << 40)).value == bytes)
        #expect(read(text, SettingForm<UInt64>.size(0...1 << 40)).value == UInt64(bytes))
        #expect(SettingForm<Int>.size(0...1 << 40).show(bytes).description == text)
    }

    @Test("A size in another unit is refused", arguments: ["1GB", "1G", "1024", "1TiBs", "16EiB"])
    func wrongSize(text: String) {
        #expect(read(text, SettingForm<Int>.size(0...1 << 40)).faults.count == 1)
    }

    @Test(
        "Counts keep to their range",
        arguments: [("1", 1), ("256", 256), ("0", nil), ("257", nil), ("4.0", nil), ("x", nil)])
    func count(text: String, value: Int?) {
        #expect(read(text, .count(1...256)).value == value)
    }

    @Test("Booleans are words", arguments: [("true", true), ("no", false), ("on", true), ("1", nil), ("True", nil)])
    func boolean(text: String, value: Bool?) {
        #expect(read(text, .boolean).value == value)
    }

    @Test("A choice names all its words when it is wrong")
    func choice() {
        #expect(read("require", SettingForm<SandboxPolicy>.choice).value == .require)
        #expect(
            read("strict", SettingForm<SandboxPolicy>.choice).faults.map(\.what)
                == ["is 'strict'; allowed: report or require"])
    }

    @Test("Paths and node names are bounded", arguments: ["", String(repeating: "a", count: 1025)])
    func path(text: String) {
        #expect(read(text, .path).value == nil)
        #expect(read(text, .nodeName).value == nil)
    }

    @Test("A list, a group and nothing are refused where one text belongs")
    func forms() {
        let contents: [(SettingInput.Content, String)] = [
            (.list([]), "is a list;"), (.map([]), "is a group of keys;"), (.absent, "is without a value;"),
        ]
        for (content, words) in contents {
            var faults: [SettingFault] = []
            #expect(SettingForm<Int>.count(0...1).read(SettingInput(content, line: 9), &faults) == nil)
            #expect(faults.count == 1 && faults[0].what.hasPrefix(words) && faults[0].line == 9)
        }
    }

    @Test("A value that the machine gives is null for programs and words for people, until somebody chooses one")
    func derived() {
        let form = SettingForm<Int>.count(1...8).derived("all cores")
        #expect(form.show(nil) == .derived("all cores"))
        #expect(read("4", form).value == .some(.some(4)))
        #expect(read("9", form).value == nil)
        #expect(read("9", form).faults.count == 1)
    }
}
