// SPDX-License-Identifier: Apache-2.0
internal import Messages

/// What is known of the sandbox here, from templates that told what is in force in them.
struct SandboxKnowledge {
    /// nil before the first template has told.
    private(set) var state: SandboxState?
    private var deniedCalls = 0

    /// As the daemon is told; nil where there is nothing to tell.
    var event: FromKeeper? {
        state.map { .sandbox($0, deniedCalls: UInt32(clamping: deniedCalls)) }
    }

    /// A template told; whether that is new.
    mutating func note(_ state: SandboxState) -> Bool {
        defer { self.state = state }
        return self.state != state
    }

    /// A system call was denied.
    mutating func noteDenial() { deniedCalls += 1 }
}

extension SandboxState {
    /// Nothing could be learnt of the sandbox here.
    static func unknown(_ reason: String) -> SandboxState {
        SandboxState(deniedCalls: .allowed, identity: "unknown", missing: ["all: \(reason)"], remarks: [])
    }
}
