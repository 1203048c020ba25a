// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// A template that the keeper started. Kept after its end until the daemon has noted it.
final class TemplateRecord {
    let model: String
    let process: ProcessHandle
    let startedAt = MonotonicTime.now
    /// nil once it is closed: the template ends when it sees that.
    var channel: PacketSocket?
    var readiness: FromKeeper.TemplateReadiness?
    var ending: Ending?
    /// What it said was wrong before it ended.
    var complaint = ""

    init(model: String, process: consuming ProcessHandle, channel: consuming PacketSocket) {
        self.model = model
        self.process = process
        self.channel = consume channel
    }

    var hasEnded: Bool { ending != nil }

    func kill() {
        channel = nil
        guard !hasEnded else { return }
        try? process.send(signal: SIGKILL)
    }
}

/// An instance from the fork order to its noted end.
final class InstanceRecord {
    let template: TemplateID
    let settings: InstanceSettings
    let orderedAt = MonotonicTime.now
    /// The daemon's end; every daemon gets a copy.
    let channel: SharedDescriptor
    /// Held here so that it outlives the daemon and, later, the instance.
    let segment: OwnedDescriptor
    var messages: MessagePipe?
    var child: ForkedChild?
    var ending: Ending?
    /// It was to be killed before its number was known.
    var isCondemned = false

    init(
        template: TemplateID, settings: InstanceSettings, channel: SharedDescriptor, segment: consuming OwnedDescriptor,
        messages: MessagePipe
    ) {
        self.template = template
        self.settings = settings
        self.channel = channel
        self.segment = segment
        self.messages = messages
    }

    var hasEnded: Bool { ending != nil }

    func kill() {
        isCondemned = true
        guard !hasEnded, let child else { return }
        try? child.process.send(signal: SIGKILL)
    }
}

/// The process of an instance, checked to be the keeper's own child.
final class ForkedChild {
    let process: ProcessHandle
    let forkMicroseconds: Int

    init(process: consuming ProcessHandle, forkMicroseconds: Int) {
        self.process = process
        self.forkMicroseconds = forkMicroseconds
    }
}

/// How a template or instance ended.
struct Ending {
    /// nil where no process came to be.
    let status: ExitStatus?
    let message: String
}
