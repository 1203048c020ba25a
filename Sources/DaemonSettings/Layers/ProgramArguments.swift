// SPDX-License-Identifier: Apache-2.0

/// A daemon's command line, read by the declarations of its settings: `--name value`, `--name=value`; a boolean setting
/// is `--name` or `--no-name`. Of a flag that is given twice the last counts, so that a unit's drop-in can add one.
package struct ProgramArguments: Sendable {
    /// What is asked for instead of serving.
    package enum Question: Sendable {
        case help, version
    }

    /// The settings among the flags, and what is wrong with the others.
    package private(set) var layer = SettingLayer()
    /// The process whose end stops the daemon as SIGTERM does, where the command line names one. No setting: it means
    /// something for this start alone.
    package private(set) var parentProcess: Int32?
    /// The administrator's file, where the command line names one.
    package private(set) var configurationFile: String?
    /// The first of the questions on the command line.
    package private(set) var question: Question?
    private let settings: [String: SettingFacts]

    /// `arguments` are without the program's name.
    package init(_ arguments: [String], settings: [SettingFacts]) {
        self.settings = Dictionary(
            uniqueKeysWithValues: settings.compactMap { facts in facts.flag.map { ($0, facts) } })
        var rest = arguments[...]
        while let word = rest.popFirst() { read(word, &rest) }
    }

    private mutating func read(_ word: String, _ rest: inout ArraySlice<String>) {
        guard word.hasPrefix("--"), word.count > 2 else {
            if word == "-h" { return ask(.help) }
            return report(word, "is no flag: the program takes nothing but flags")
        }
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let attached = parts.count > 1 ? String(parts[1]) : nil
        switch name {
        case "help": ask(.help)
        case "version": ask(.version)
        case "configuration":
            if let file = attached ?? rest.popFirst() { configurationFile = file } else { reportMissing(name) }
        case "parent-process":
            parentProcess = (attached ?? rest.popFirst()).flatMap { Int32($0) }.flatMap { $0 > 0 ? $0 : nil }
            if parentProcess == nil { report("--\(name)", "is the number of a process") }
        default: readSetting(name, attached, &rest)
        }
    }

    private mutating func ask(_ question: Question) {
        self.question = self.question ?? question
    }

    private mutating func readSetting(_ name: String, _ attached: String?, _ rest: inout ArraySlice<String>) {
        if let facts = settings[name] {
            if let text = attached ?? (facts.isSwitch ? "true" : rest.popFirst()) {
                take(facts, text, flag: name)
            } else {
                reportMissing(name)
            }
        } else if name.hasPrefix("no-"), attached == nil, let facts = settings[String(name.dropFirst(3))],
            facts.isSwitch
        {
            take(facts, "false", flag: name)
        } else {
            let nearest = NearestName.of(
                name, in: (settings.keys + ["help", "version", "configuration", "parent-process"]).sorted())
            report("--\(name)", "is no flag of this program" + (nearest.map { "; the nearest is --\($0)" } ?? ""))
            // What follows is most likely its value, and no second mistake.
            if attached == nil, rest.first?.hasPrefix("-") == false { rest.removeFirst() }
        }
    }

    private mutating func take(_ facts: SettingFacts, _ text: String, flag: String) {
        layer.entries.append(
            SettingLayer.Entry(name: facts.name, input: .scalar(text), origin: .flag("--\(flag)")))
    }

    private mutating func reportMissing(_ name: String) {
        report("--\(name)", "has no value behind it")
    }

    private mutating func report(_ word: String, _ what: String) {
        layer.problems.append(SettingProblem(.flag(word), what))
    }
}
