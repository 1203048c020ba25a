// SPDX-License-Identifier: Apache-2.0

/// Where a setting's value comes from, weakest first.
package enum SettingOrigin: Hashable, Sendable {
    /// The declaration's default.
    case builtIn
    /// A file's line; 0 where it is the file as a whole.
    case file(path: String, line: Int)
    /// A variable of the environment.
    case variable(String)
    /// A word of the command line, as typed: a flag with its `--`.
    case flag(String)

    /// The same source at another line; sources without lines stay as they are.
    func atLine(_ line: Int) -> SettingOrigin {
        guard line > 0, case .file(let path, _) = self else { return self }
        return .file(path: path, line: line)
    }
}

extension SettingOrigin: CustomStringConvertible {
    /// As errors and listings begin: `PATH:LINE`, a variable, a flag, `default`.
    package var description: String {
        switch self {
        case .builtIn: "default"
        case .file(let path, let line): line > 0 ? "\(path):\(line)" : path
        case .variable(let name): name
        case .flag(let word): String(word.prefix(80))
        }
    }
}

/// Why a configuration cannot be used: one sentence that names its place, the setting, what was found and what is allowed.
package struct SettingProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The place.
    package let origin: SettingOrigin
    /// The sentence without its place.
    package let what: String

    package init(_ origin: SettingOrigin, _ what: String) {
        self.origin = origin
        self.what = what
    }

    /// Place and sentence.
    package var description: String { "\(origin): \(what)" }

    /// Whether the command line is at fault, and not a file or the environment.
    package var isUsage: Bool {
        if case .flag = origin { true } else { false }
    }
}
