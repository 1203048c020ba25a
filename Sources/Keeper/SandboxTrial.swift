// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// A template that only confines itself and ends. It is run once when the keeper begins, so that what this kernel and
/// these privileges allow is known before the first model is asked for.
final class SandboxTrial {
    let process: ProcessHandle
    private let channel: PacketSocket
    private var isTold = false

    init(_ launcher: TemplateLauncher, identity: String?) throws(SystemCallError) {
        var ends = try PacketSocket.pair()
        let theirs = ends.takeSecond()
        channel = ends.takeFirst()
        process = try launcher.start(channel: theirs.descriptor.rawValue, identity: identity, isTrial: true)
    }

    /// What it says of its sandbox; nil before and after. Its listener is closed with the packet: it makes no more calls.
    func hear() -> SandboxState? {
        guard !isTold else { return nil }
        var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
        var descriptors = ReceivedDescriptors()
        let result = try? buffer.withUnsafeMutableBytes {
            try channel.receive(into: $0, descriptors: &descriptors, waits: false)
        }
        guard case .packet(let count) = result,
            case .confined(let state) = try? buffer.prefix(count).withUnsafeBytes({ try FromTemplate(decoding: $0) })
        else { return nil }
        isTold = true
        return state
    }
}

extension KeeperProcess {
    /// Begins the trial; its end is an event.
    func beginTrial() {
        do {
            let trial = try SandboxTrial(launcher, identity: identities.next())
            try readiness.add(trial.process.descriptor.rawValue, key: keys.make(.trial), .readable)
            self.trial = trial
        } catch {
            noteSandbox(.unknown("\(error)"))
        }
    }

    /// The trial has ended.
    func finishTrial() {
        guard let trial, let status = try? trial.process.reap() else { return }
        // A template of a model may have told more meanwhile.
        if let state = trial.hear() {
            noteSandbox(state)
        } else if sandbox == nil {
            noteSandbox(.unknown("the trial of the sandbox ended with \(status)"))
        }
        try? readiness.remove(trial.process.descriptor.rawValue)
        keys.release(.trial)
        self.trial = nil
    }
}

extension SandboxState {
    /// Nothing could be learnt of the sandbox here.
    fileprivate static func unknown(_ reason: String) -> SandboxState {
        SandboxState(deniedCalls: .allowed, identity: "unknown", missing: ["all: \(reason)"], remarks: [])
    }
}
