// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import LinuxKernel
package import Messages
internal import Sandbox
package import ServingModel

/// What a forked child starts with.
package struct ForkedInstance: ~Copyable {
    package let id: InstanceID
    package let settings: InstanceSettings
    /// Its connection to the node daemon.
    package let channel: PacketSocket
    /// Its memory for keys and values, mapped shared and writable.
    package let keyValueMemory: UnsafeMutableRawBufferPointer
    /// What it took so far; the engine is still to be made.
    package let start: FromInstance.InstanceStart

    /// Gives the channel to whoever runs the instance.
    package consuming func takeChannel() -> PacketSocket {
        channel
    }
}

/// The first moments of a child: its descriptors in their places, its memory mapped, itself confined. Every step is on
/// the way to the first token, so there are as few as possible.
struct ChildBirth: ~Copyable {
    let id: InstanceID
    let settings: InstanceSettings
    /// What lists of processes show of it; nil where that cannot be changed.
    let title: (ProcessTitle, [UInt8])?
    /// What the descriptors are, in their order.
    let tags: [ForkDescriptor]
    /// Inherited numbers; all but the channel and the error output are closed by the sandbox.
    let descriptors: ReceivedDescriptors

    /// Where a child finds its channel; everything above is closed.
    private static let channelNumber: CInt = 3

    /// Becomes the instance; the result is its exit status.
    func run(_ sandbox: InstanceSandbox, _ child: (consuming ForkedInstance) -> Int32) -> Int32 {
        do {
            let birth = MonotonicTime.now
            if let (title, text) = title { title.show(text) }
            // Before memory is touched: a page comes from the node of whoever touches it first. Where the keeper may not
            // use these processors the instance is only slower.
            try? settings.processors?.bindCallingThread()
            let memory = try map(.keyValueMemory, byteCount: Int(settings.keyValueBytes))
            try CrashPage.note(in: map(.crashPage, byteCount: CrashPage.byteCount))
            let mapped = MonotonicTime.now
            try place(.errorOutput, at: STDERR_FILENO)
            try place(.errorOutput, at: STDOUT_FILENO)
            // Last, since number 3 is the template's own connection to the keeper.
            try place(.channel, at: Self.channelNumber)
            try sandbox.enterInstance(descriptorCount: UInt32(Self.channelNumber) + 1)
            let start = FromInstance.InstanceStart(
                bornAt: birth, sandboxMicroseconds: MonotonicTime.now.microseconds(since: mapped),
                mappingMicroseconds: mapped.microseconds(since: birth), ranksMicroseconds: 0,
                missingSandboxSteps: sandbox.report.missing.map(\.step.rawValue))
            return child(
                ForkedInstance(
                    id: id, settings: settings,
                    channel: PacketSocket(owning: OwnedDescriptor(owning: Self.channelNumber)),
                    keyValueMemory: memory, start: start))
        } catch {
            StandardError.write("instance could not start: \(error)")
            return 71
        }
    }

    /// The number of the descriptor that came for `use`.
    private func number(of use: ForkDescriptor) throws(SystemCallError) -> CInt {
        guard let index = tags.firstIndex(of: use) else { throw SystemCallError("fork", "no \(use)", code: EBADF) }
        return descriptors[index]
    }

    private func place(_ use: ForkDescriptor, at target: CInt) throws(SystemCallError) {
        let source = try number(of: use)
        try systemCall("dup2", "\(use)") { dup2(source, target) }
    }

    /// Maps the whole of a file, which must have this size, for good.
    private func map(
        _ use: ForkDescriptor, byteCount: Int
    ) throws(SystemCallError) -> UnsafeMutableRawBufferPointer {
        let file = try number(of: use)
        guard try OwnedDescriptor.fileSize(of: file) == byteCount else {
            throw SystemCallError("mmap", "\(use) of another size", code: EINVAL)
        }
        return try MappedMemory(file, byteCount: byteCount, access: .readWrite).leak()
    }
}
