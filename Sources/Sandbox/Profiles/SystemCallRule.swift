// SPDX-License-Identifier: Apache-2.0

/// One line of a profile: a call, what happens to it, and why.
package struct SystemCallRule: Sendable {
    /// What the filter answers.
    package enum Action: Hashable, Sendable {
        case allow
        /// The call fails with this errno and the process goes on: for calls that libraries try in healthy processes.
        case refuse(Int32)
    }

    /// A condition on one argument; all conditions of a rule must hold.
    package enum Condition: Hashable, Sendable {
        case equals(argument: UInt32, UInt64)
        /// `argument & mask == value`.
        case masked(argument: UInt32, mask: UInt64, value: UInt64)
        /// Equal to the process's own id, which is patched into the compiled filter just before it is loaded.
        case ownProcess(argument: UInt32)
    }

    package let name: String
    package let action: Action
    package let conditions: [Condition]
    package let why: String

    static func allow(_ name: String, _ conditions: Condition..., why: String) -> SystemCallRule {
        SystemCallRule(name: name, action: .allow, conditions: conditions, why: why)
    }

    static func refuse(_ name: String, _ code: Int32, why: String) -> SystemCallRule {
        SystemCallRule(name: name, action: .refuse(code), conditions: [], why: why)
    }
}

/// An allow-list. What it does not name ends the process, and so does every call of a foreign architecture.
package struct SystemCallProfile: Sendable {
    package let name: String
    package let rules: [SystemCallRule]
}
