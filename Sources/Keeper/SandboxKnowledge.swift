// SPDX-License-Identifier: Apache-2.0
internal import Messages

/// What is known of the sandbox here, from templates that told what is in force in them.
struct SandboxKnowledge {
    /// nil before the first template has told.
    private(set) var state: SandboxState?
    private var deniedCalls = 0

    /// As the daemon is told; empty where there is nothing to tell.
    var events: [FromKeeper] {
        state.map { [.sandbox($0, deniedCalls: UInt32(clamping: deniedCalls))] } ?? []
    }

    /// A template told.
    mutating func note(_ state: SandboxState) -> [KeeperEffect] {
        guard self.state != state else { return [] }
        self.state = state
        return state.missing.map { .log("sandbox step not in force: \($0)") }
            + state.remarks.map { .log("sandbox: \($0)") } + events.map { .send($0) }
    }

    /// A template ended, or was not started, before it told; what a template has told is not changed by that.
    mutating func noteFailure(_ reason: String) -> [KeeperEffect] {
        guard state == nil else { return [] }
        return note(
            SandboxState(deniedCalls: .allowed, identity: "unknown", missing: ["all: \(reason)"], remarks: []))
    }

    /// A system call was denied.
    mutating func noteDenial() -> [KeeperEffect] {
        deniedCalls += 1
        return events.map { .send($0) }
    }
}
