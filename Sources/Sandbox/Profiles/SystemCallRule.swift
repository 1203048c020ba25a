// SPDX-License-Identifier: Apache-2.0

/// One line of a profile: a call, what happens to it, and why.
package struct SystemCallRule: Hashable, Sendable {
    /// What the filter answers.
    package enum Action: Hashable, Sendable {
        case allow
        /// The call fails with this errno and the process goes on: for calls that libraries try in healthy processes.
        case refuse(Int32)
        /// The keeper decides each time; allowed where no keeper can be asked (see `UnlistedCalls`).
        case ask
        /// Ends the process at once, whatever other filters say.
        case end
    }

    /// A condition on one argument; all conditions of a rule must hold.
    package enum Condition: Hashable, Sendable {
        case equals(argument: UInt32, UInt64)
        /// `argument & mask == value`.
        case masked(argument: UInt32, mask: UInt64, value: UInt64)
        /// Equal to the process's own id, which is patched into the compiled filter just before it is loaded.
        case ownProcess(argument: UInt32)
        /// The opposite of `ownProcess`.
        case otherProcess(argument: UInt32)
    }

    package let name: String
    package var action: Action
    package let conditions: [Condition]
    package let why: String

    static func allow(_ name: String, _ conditions: Condition..., why: String) -> SystemCallRule {
        SystemCallRule(name: name, action: .allow, conditions: conditions, why: why)
    }

    static func refuse(_ name: String, _ code: Int32, why: String) -> SystemCallRule {
        SystemCallRule(name: name, action: .refuse(code), conditions: [], why: why)
    }

    static func ask(_ name: String, _ conditions: Condition..., why: String) -> SystemCallRule {
        SystemCallRule(name: name, action: .ask, conditions: conditions, why: why)
    }

    static func end(_ name: String, _ conditions: Condition..., why: String) -> SystemCallRule {
        SystemCallRule(name: name, action: .end, conditions: conditions, why: why)
    }
}

/// What becomes of calls that a profile does not list, and of those that only a keeper may allow. Calls of a foreign
/// architecture end the process always.
package enum UnlistedCalls: Hashable, Sendable {
    /// The caller is held until the keeper, who hears of it on a listener, has named the call and killed it.
    case held
    /// The kernel ends the process; nobody learns which call it was. `ask` then means `allow`.
    case ended
    /// Left to the filters that were loaded before: for a filter that only takes away.
    case passed

    /// The two that allow-lists are loaded with.
    static let ofAllowLists: [UnlistedCalls] = [.held, .ended]
}

/// A list of calls with a name. Allow-lists are loaded with `UnlistedCalls.held` or `.ended`, renunciations with
/// `.passed`.
package struct SystemCallProfile: Sendable, CustomStringConvertible {
    package let name: String
    package let rules: [SystemCallRule]

    package var description: String { name }

    package init(name: String, rules: [SystemCallRule]) {
        self.name = name
        self.rules = rules
    }

    /// This profile with more rules.
    func adding(_ more: [SystemCallRule], name: String) -> SystemCallProfile {
        SystemCallProfile(name: name, rules: rules + more)
    }
}
