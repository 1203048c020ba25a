// SPDX-License-Identifier: Apache-2.0

extension SettingLayer {
    /// Variables that begin as ours do and are no settings: the command's server, the file of a daemon.
    private static let otherVariables: Set<String> = ["DEEPFLOW_HOST", "DEEPFLOW_CONFIGURATION"]

    /// The settings that variables `DEEPFLOW_...` have.
    ///
    /// A variable of another program's setting is no error: daemons of one service manager may share an environment. A
    /// name that no program knows is one, since nobody would ever notice that it does nothing.
    package init(environment: [String: String], settings: [SettingFacts]) {
        let ours = Dictionary(
            uniqueKeysWithValues: settings.compactMap { facts in facts.variable.map { ($0, facts.name) } })
        let foreign = Set(ConfiguredProgram.allCases.flatMap(\.settings).compactMap(\.variable))
            .union(Self.otherVariables)
        for (variable, text) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix("DEEPFLOW_") {
            if let name = ours[variable] {
                entries.append(Entry(name: name, input: .scalar(text), origin: .variable(variable)))
            } else if !foreign.contains(variable) {
                let nearest = NearestName.of(variable, in: foreign.union(ours.keys).sorted())
                problems.append(
                    SettingProblem(
                        .variable(variable),
                        "no setting has this variable" + (nearest.map { "; the nearest is \($0)" } ?? "")))
            }
        }
    }
}
