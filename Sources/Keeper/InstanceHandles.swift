// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What the keeper holds of an instance, so that it outlives the daemon; with what the child gets, until its template has
/// that.
final class InstanceHandles {
    let id: InstanceID
    /// The daemon's end; every daemon gets a copy.
    let channel: SharedDescriptor
    private let crashPage: SharedDescriptor
    private let messages: LineReader
    /// Its template's.
    private let group: OwnedControlGroup?
    private let sources: ReadinessSources<EventSource>
    /// What the child gets.
    private var given: [ForkDescriptor: SharedDescriptor]

    init(
        _ id: InstanceID, _ settings: InstanceSettings, _ group: OwnedControlGroup?,
        _ sources: ReadinessSources<EventSource>
    ) throws(SystemCallError) {
        var ends = try PacketSocket.pair()
        let pipe = try Pipe(waits: false)
        let memory = try MemoryFile.sealed(name: "kv/\(id)", byteCount: Int(settings.keyValueBytes))
        self.id = id
        channel = SharedDescriptor(ends.takeFirst().takeDescriptor())
        crashPage = SharedDescriptor(try MemoryFile.sealed(name: "crash/\(id)", byteCount: CrashPage.byteCount))
        messages = LineReader(pipe.reader)
        self.group = group
        self.sources = sources
        given = [
            .channel: SharedDescriptor(ends.takeSecond().takeDescriptor()), .crashPage: crashPage,
            .keyValueMemory: SharedDescriptor(memory),
        ]
        given[.errorOutput] = pipe.writer
    }

    deinit { sources.remove(.instanceMessages(id)) }

    /// What the child gets, in the order of these tags.
    func descriptors(_ tags: [ForkDescriptor]) -> [CInt] { tags.map { given[$0]?.rawValue ?? -1 } }

    /// The template has the child's descriptors: they are closed here.
    func passed() {
        given = [:]
        // Without it the child's messages are lost, and nothing else.
        try? sources.add(.instanceMessages(id), messages.number)
    }

    /// Passes lines from the child's stderr on to the log.
    func relayMessages() {
        if !messages.read({ KeeperLog.write("\(id): \($0)") }) { sources.remove(.instanceMessages(id)) }
    }

    /// What the child noted of its crash.
    var crash: CrashPage? { CrashPage(crashPage.rawValue) }
    /// Whether the kernel has killed one of its group for want of memory since this was last asked.
    var hasLackedMemory: Bool { group?.hasLackedMemory() == true }
}
