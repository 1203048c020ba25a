// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
package import LinuxKernel
package import Messages
package import Sandbox
internal import ServingModel

/// The loop of a template: takes a model and then fork orders from the keeper, and makes children.
///
/// A child is forked without exec on purpose: it starts with the model mapped, symbols bound and its own path
/// rehearsed. That is sound only while this process is synchronous and has one thread, since a fork copies one thread
/// and every lock as it happens to be; so nothing here or before may use tasks, actors, Dispatch or anything that
/// starts a thread, and each fork checks it.
package struct ForkServer: ~Copyable {
    private let keeper: PacketSocket
    private let sandbox: InstanceSandbox
    private let threads: ThreadCount
    private let title: ProcessTitle?
    /// The model's name in lists of processes.
    private var name = ""

    /// `threads` was opened before Landlock took the file system away. `title` is this process's own; nil leaves all
    /// processes under the name that they have.
    package init(
        keeper: consuming PacketSocket, sandbox: InstanceSandbox, threads: consuming ThreadCount, title: ProcessTitle?
    ) {
        self.keeper = keeper
        self.sandbox = sandbox
        self.threads = threads
        self.title = title
    }

    /// How `serve` ended in the template itself.
    package enum End: Hashable, Sendable {
        /// The keeper closed its end.
        case keeperGone
        /// The model cannot be served; the keeper was told why.
        case modelRefused
    }

    /// Serves until the keeper closes its end.
    ///
    /// - `load` maps and prepares the model behind an artefact, once, before the first fork.
    /// - `child` is called in a child once it is confined, and its result is the child's exit status; `serve` never
    ///   returns there.
    package mutating func serve(
        load: (borrowing OwnedDescriptor) throws -> TemplateStart, child: (consuming ForkedInstance) -> Int32
    ) throws -> End {
        var isLoaded = false
        var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
        while true {
            var descriptors = ReceivedDescriptors()
            let result = try buffer.withUnsafeMutableBytes { try keeper.receive(into: $0, descriptors: &descriptors) }
            guard case .packet(let count) = result else { return .keeperGone }
            switch try buffer.prefix(count).withUnsafeBytes({ try ToTemplate(decoding: $0) }) {
            case .load(let name):
                guard !isLoaded, let artefact = descriptors.takeFirst() else {
                    throw FrameError.outOfRange(field: "load")
                }
                isLoaded = true
                self.name = name
                showTitle()
                do {
                    try send(.ready(try load(artefact)))
                } catch {
                    try send(.failed(message: "\(error)"))
                    return .modelRefused
                }
            case .fork(let instances, let tags, let settings):
                guard isLoaded else { throw FrameError.outOfRange(field: "fork before load") }
                guard descriptors.count == instances.count * tags.count else {
                    throw FrameError.outOfRange(field: "descriptors of a fork")
                }
                for id in instances { try fork(id, settings, tags, descriptors.takeFirst(tags.count), child) }
                showTitle()
            }
        }
    }

    private func send(_ message: FromTemplate) throws(SystemCallError) {
        let packet = message.encoded()
        do {
            _ = try packet.withUnsafeBytes { try keeper.send($0) }
        } catch {
            throw error as? SystemCallError ?? SystemCallError("sendmsg", code: EIO)
        }
    }

    private func showTitle() {
        if let title { title.show(title.composed("template", name: name)) }
    }

    /// Forks a child that gets `descriptors`, of which no copy stays here, and reports it.
    private func fork(
        _ id: InstanceID, _ settings: InstanceSettings, _ tags: [ForkDescriptor],
        _ descriptors: consuming ReceivedDescriptors, _ child: (consuming ForkedInstance) -> Int32
    ) throws {
        guard let birth = ChildBirth(id, settings, tags: tags, descriptors) else {
            throw FrameError.outOfRange(field: "descriptors of a fork")
        }
        // The child is born under its own name: it has nothing to write for that, and copies no page.
        if let title { title.show(title.composed("instance", name: name, suffix: "\(id)")) }
        let answer = fork(birth, child)
        // Until here the numbers that the child took over were open.
        _ = consume descriptors
        try send(answer)
    }

    private func fork(_ birth: ChildBirth, _ child: (consuming ForkedInstance) -> Int32) -> FromTemplate {
        guard threads.current() == 1 else {
            return .forkFailed(birth.id, message: "the template has more than one thread: it must not fork any more")
        }
        // The child's parent is the keeper, which learns of its end from the kernel, whatever becomes of the template.
        let process = clinux_clone(
            CLINUX_CLONE_PARENT | CLINUX_CLONE_CHILD_SETTID | CLINUX_CLONE_CHILD_CLEARTID)
        if process == 0 { _exit(birth.run(sandbox, child)) }
        if process < 0 { return .forkFailed(birth.id, message: "\(SystemCallError("clone"))") }
        return .forked(birth.id, processID: process)
    }
}
