// SPDX-License-Identifier: Apache-2.0

@testable import DaemonSettings

/// Files as their reader hands them over, without YAML.
extension SettingInput {
    /// `name: value` lines from line 1 on; a value may be another group.
    static func group(_ members: [(String, SettingInput)], firstLine: Int = 1) -> SettingInput {
        SettingInput(
            .map(
                members.enumerated().map { index, member in
                    Member(key: member.0, line: firstLine + index, value: member.1)
                }), line: firstLine)
    }

    static func list(_ texts: [String], line: Int = 0) -> SettingInput {
        SettingInput(.list(texts.map { SettingInput(.scalar($0), line: line) }), line: line)
    }
}

extension SettingLayer {
    /// A file of the node.
    static func nodeFile(_ path: String, _ members: [(String, SettingInput)]) -> SettingLayer {
        SettingLayer(file: path, root: .group(members), settings: ConfiguredProgram.node.settings)
    }
}
