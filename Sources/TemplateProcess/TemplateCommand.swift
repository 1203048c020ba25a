// SPDX-License-Identifier: Apache-2.0
internal import FlowServe
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import Sandbox

/// `flowserve template`: the warm parent of a model's instances. Started by a keeper with two descriptors.
package enum TemplateCommand {
    private static let keeperNumber: CInt = 3
    private static let artefactNumber: CInt = 4

    /// Serves fork orders until the keeper closes its end; the result is the exit status.
    package static func run() -> Int32 {
        // A reader of stderr that went away is no reason to die; inherited by every child.
        signal(SIGPIPE, SIG_IGN)
        ProcessName.set("flow-template")
        do {
            let threads = try ThreadCount()
            let mapping = try mapArtefact()
            let sandbox = try InstanceSandbox.enterTemplate()
            let image = try ServingModelImage(mapping: mapping)
            try image.rehearse()
            return serve(image, sandbox, threads)
        } catch {
            complain("\(error)")
            return 65
        }
    }

    private static func serve(
        _ image: ServingModelImage, _ sandbox: InstanceSandbox, _ threads: consuming ThreadCount
    ) -> Int32 {
        do {
            let keeper = PacketSocket(owning: OwnedDescriptor(owning: keeperNumber))
            try ForkServer(keeper: keeper, sandbox: sandbox, threads: threads).serve { becomeInstance($0, image) }
            return 0
        } catch {
            // The keeper's end is broken or talks nonsense: nobody is left to tell but the log.
            StandardError.write("template: \(error)")
            return 70
        }
    }

    /// Tells the keeper why there will be no instance.
    private static func complain(_ message: String) {
        let keeper = PacketSocket(owning: OwnedDescriptor(owning: keeperNumber))
        let packet = FromTemplate.failed(message: message).encoded()
        let result = try? packet.withUnsafeBytes { try keeper.send($0, waits: false) }
        if result != .sent { StandardError.write("template: \(message)") }
    }

    /// Maps the artefact for good: children use it as it lies there.
    private static func mapArtefact() throws(SystemCallError) -> UnsafeRawBufferPointer {
        let artefact = OwnedDescriptor(owning: artefactNumber)
        let size = try artefact.fileSize()
        return UnsafeRawBufferPointer(
            try MappedMemory(artefact.rawValue, byteCount: size, access: .readOnly).leak())
    }

    private static func becomeInstance(_ child: consuming ForkedInstance, _ image: ServingModelImage) -> Int32 {
        let start = FromInstance.InstanceStart(
            sandboxMicroseconds: child.sandboxMicroseconds, mappingMicroseconds: child.mappingMicroseconds,
            ranksMicroseconds: 0, missingSandboxSteps: child.missingSandboxSteps)
        let memory = child.keyValueMemory
        let settings = child.settings
        return InstanceMain.run(
            image: image, channel: child.takeChannel(), keyValueMemory: memory, settings: settings, start: start)
    }
}
