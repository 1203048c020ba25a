// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What the keeper holds of a template.
final class TemplateHandles {
    let process: ProcessHandle
    /// nil once it is closed.
    var channel: PacketSocket?
    /// nil without control groups.
    let group: OwnedControlGroup?

    init(_ process: consuming ProcessHandle, channel: consuming PacketSocket, _ group: OwnedControlGroup?) {
        self.process = process
        self.channel = consume channel
        self.group = group
    }
}

/// What the keeper holds of an instance, so that it outlives the daemon; with what the child gets, until its template has
/// that.
final class InstanceHandles {
    /// The daemon's end; every daemon gets a copy.
    let channel: SharedDescriptor
    /// Read when the instance has ended by a signal.
    let crashPage: SharedDescriptor
    let messages: LineReader
    /// Its template's.
    let group: OwnedControlGroup?
    private var process: ProcessHandle?
    private var given: [ForkDescriptor: SharedDescriptor]

    init(_ id: InstanceID, _ settings: InstanceSettings, _ group: OwnedControlGroup?) throws(SystemCallError) {
        var ends = try PacketSocket.pair()
        let pipe = try Pipe(waits: false)
        let memory = try MemoryFile.sealed(name: "kv/\(id)", byteCount: Int(settings.keyValueBytes))
        channel = SharedDescriptor(ends.takeFirst().takeDescriptor())
        crashPage = SharedDescriptor(try MemoryFile.sealed(name: "crash/\(id)", byteCount: CrashPage.byteCount))
        messages = LineReader(pipe.reader)
        self.group = group
        given = [
            .channel: SharedDescriptor(ends.takeSecond().takeDescriptor()), .crashPage: crashPage,
            .keyValueMemory: SharedDescriptor(memory),
        ]
        given[.errorOutput] = pipe.writer
    }

    /// What the child gets, in the order of these tags.
    func descriptors(_ tags: [ForkDescriptor]) -> [CInt] { tags.map { given[$0]?.rawValue ?? -1 } }

    /// The template has the child's descriptors: they are closed here.
    func passed() { given = [:] }

    /// Takes hold of the child; the result is the descriptor that becomes readable with its end.
    func adopt(_ number: Int32) throws(SystemCallError) -> CInt {
        let handle = try ProcessHandle(ofChild: number)
        let descriptor = handle.descriptor.rawValue
        process = consume handle
        return descriptor
    }

    func kill() { try? process?.send(signal: SIGKILL) }

    /// How it ended; nil while it lives.
    func reap() -> ExitStatus? { (try? process?.reap()) ?? nil }
}
