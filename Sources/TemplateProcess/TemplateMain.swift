// SPDX-License-Identifier: Apache-2.0
internal import FlowServe
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import Sandbox

/// `flowserve template`: the warm parent of a model's instances. Started by a keeper with its channel as descriptor 3.
///
/// It begins pre-warmed: confined, its child's path used once, without a model. So it can wait beforehand, and what a model's
/// first start has to wait for is the model alone.
package enum TemplateMain {
    private static let keeperNumber: CInt = 3

    /// Serves until the keeper closes its end; the result is the exit status. `arguments` are those after the verb.
    package static func run(arguments: some Collection<String>) -> Int32 {
        guard let options = TemplateOptions(arguments: arguments) else {
            StandardError.write("template: unknown arguments; a keeper starts it")
            return 64
        }
        // A reader of stderr that went away is no reason to die; inherited by every child.
        signal(SIGPIPE, SIG_IGN)
        // Where /proc is hidden it stays as it is.
        try? OutOfMemoryScore.set(OutOfMemoryScore.ofModels)
        let keeper = PacketSocket(owning: OwnedDescriptor(owning: keeperNumber))
        do {
            let title = ProcessTitle()
            let threads = try ThreadCount()
            try InstanceMain.rehearseChannel()
            let sandbox = try TemplateConfinement.enter(options, channel: keeper)
            return try serve(ForkServer(keeper: keeper, sandbox: sandbox, threads: threads, title: title))
        } catch {
            // The keeper reports the end with the exit status; the sentence is in its log.
            StandardError.write("template: \(error)")
            return 70
        }
    }

    private static func serve(_ server: consuming ForkServer) throws -> Int32 {
        var model: WarmModel?
        var server = server
        let end = try server.serve { artefact in
            let begin = MonotonicTime.now
            let image = try ServingModelImage(mapping: try map(artefact))
            let warm = try WarmModel(image)
            let mapped = MonotonicTime.now
            warm.rehearse()
            model = warm
            return TemplateStart(
                mappingMicroseconds: mapped.microseconds(since: begin),
                rehearsalMicroseconds: MonotonicTime.now.microseconds(since: mapped))
        } child: { child in
            guard let model else { return 70 }
            return becomeInstance(child, model)
        }
        return end == .modelRefused ? 65 : 0
    }

    /// Maps the artefact for good: children use it as it lies there.
    private static func map(_ artefact: borrowing OwnedDescriptor) throws(SystemCallError) -> UnsafeRawBufferPointer {
        let size = try artefact.fileSize()
        let memory = try MappedMemory(artefact.rawValue, byteCount: size, access: .readOnly)
        memory.preferHugePages()
        return UnsafeRawBufferPointer(memory.leak())
    }

    private static func becomeInstance(_ child: consuming ForkedInstance, _ model: WarmModel) -> Int32 {
        let (memory, settings, start) = (child.keyValueMemory, child.settings, child.start)
        return InstanceMain.run(
            model: model, channel: child.takeChannel(), keyValueMemory: memory, settings: settings, start: start)
    }
}
