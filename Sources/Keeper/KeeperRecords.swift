// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// A template that the keeper started. Kept after its end until the daemon has noted it.
final class TemplateRecord {
    /// nil while it is pre-warmed.
    var model: String?
    let process: ProcessHandle
    /// When the daemon ordered it.
    var orderedAt = MonotonicTime.now
    /// When it was confined and waited for a model.
    var prewarmedAt: MonotonicTime?
    /// nil once it is closed: the template ends when it sees that.
    var channel: PacketSocket?
    var readiness: FromKeeper.TemplateReadiness?
    var ending: Ending?
    /// What it said was wrong before it ended, or what the keeper has against it.
    var complaint = ""
    /// It has told of its sandbox, which comes before everything else.
    var isConfined = false
    var forks = ForkAllowance()
    var signals = Allowance.signals
    /// nil without control groups.
    var group: TemplateGroup?

    init(model: String?, process: consuming ProcessHandle, channel: consuming PacketSocket) {
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
    /// When everything was made and the order passed on.
    let preparedAt = MonotonicTime.now
    /// The daemon's end; every daemon gets a copy.
    let channel: SharedDescriptor
    /// Read when it has ended by a signal.
    let crashPage: SharedDescriptor
    var messages: MessagePipe?
    var child: ForkedChild?
    var ending: Ending?
    /// The keeper has killed it, or will when its number is known.
    var isCondemned = false
    /// The system call for which it was killed.
    var deniedCall: String?
    var signals = Allowance.signals
    /// Its template's.
    let group: TemplateGroup?

    init(template: TemplateID, _ group: TemplateGroup?, settings: InstanceSettings, prepared: PreparedInstance) {
        self.template = template
        self.group = group
        self.settings = settings
        channel = prepared.channel
        crashPage = prepared.crashPage
        messages = prepared.messages
    }

    var hasEnded: Bool { ending != nil }

    func kill() {
        isCondemned = true
        guard !hasEnded, let child else { return }
        try? child.process.send(signal: SIGKILL)
    }
}

/// What an instance needs, made before its template is asked to fork it.
final class PreparedInstance {
    let id: InstanceID
    /// The daemon's end.
    let channel: SharedDescriptor
    let crashPage: SharedDescriptor
    let messages: MessagePipe
    private let keyValueMemory: OwnedDescriptor
    private let instanceEnd: PacketSocket
    private let messageWriter: OwnedDescriptor

    init(_ id: InstanceID, _ settings: InstanceSettings) throws(SystemCallError) {
        var ends = try PacketSocket.pair()
        let pipe = try MessagePipe.make()
        self.id = id
        keyValueMemory = try MemoryFile.sealed(name: "kv/\(id)", byteCount: Int(settings.keyValueBytes))
        crashPage = SharedDescriptor(try MemoryFile.sealed(name: "crash/\(id)", byteCount: CrashPage.byteCount))
        channel = SharedDescriptor(ends.takeFirst().takeDescriptor())
        instanceEnd = ends.takeSecond()
        messages = pipe.reader
        messageWriter = pipe.takeWriter()
    }

    /// What the child gets, with the tags of `ToTemplate.fork`.
    func given(_ use: ForkDescriptor) -> CInt {
        switch use {
        case .channel: instanceEnd.descriptor.rawValue
        case .errorOutput: messageWriter.rawValue
        case .keyValueMemory: keyValueMemory.rawValue
        case .crashPage: crashPage.rawValue
        }
    }
}

/// The process of an instance, checked to be the keeper's own child.
final class ForkedChild {
    let process: ProcessHandle

    init(process: consuming ProcessHandle) {
        self.process = process
    }
}

/// How a template or instance ended.
struct Ending {
    /// nil where no process came to be.
    let status: ExitStatus?
    let message: String
}
