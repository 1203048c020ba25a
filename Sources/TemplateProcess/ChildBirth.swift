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
/// the way to the first token, so there are as few as possible, and what the template can do beforehand it does.
struct ChildBirth {
    let id: InstanceID
    let settings: InstanceSettings
    // Inherited numbers; all but the channel and the error output are closed by the sandbox.
    private let channel: CInt
    private let errorOutput: CInt
    private let keyValueMemory: CInt
    private let crashPage: CInt

    /// Where a child finds its channel; everything above is closed.
    private static let channelNumber: CInt = 3

    /// For a child that gets `descriptors`, which are what `tags` says in the same order; nil where one is missing.
    init?(
        _ id: InstanceID, _ settings: InstanceSettings, tags: [ForkDescriptor],
        _ descriptors: borrowing ReceivedDescriptors
    ) {
        func number(of use: ForkDescriptor) -> CInt? { tags.firstIndex(of: use).map { descriptors[$0] } }
        guard let channel = number(of: .channel), let errorOutput = number(of: .errorOutput),
            let keyValueMemory = number(of: .keyValueMemory), let crashPage = number(of: .crashPage)
        else { return nil }
        self.id = id
        self.settings = settings
        self.channel = channel
        self.errorOutput = errorOutput
        self.keyValueMemory = keyValueMemory
        self.crashPage = crashPage
    }

    /// Becomes the instance; the result is its exit status.
    func run(_ sandbox: InstanceSandbox, _ child: (consuming ForkedInstance) -> Int32) -> Int32 {
        do {
            let birth = MonotonicTime.now
            // Before memory is touched: a page comes from the node of whoever touches it first. Where the keeper may not
            // use these processors the instance is only slower.
            try? settings.processors?.bindCallingThread()
            let memory = try map(keyValueMemory, byteCount: Int(settings.keyValueBytes))
            try CrashPage.note(in: map(crashPage, byteCount: CrashPage.byteCount))
            let mapped = MonotonicTime.now
            try systemCall("dup2") { dup2(errorOutput, STDERR_FILENO) }
            try systemCall("dup2") { dup2(errorOutput, STDOUT_FILENO) }
            // Last, since number 3 is the template's own connection to the keeper.
            try systemCall("dup2") { dup2(channel, Self.channelNumber) }
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

    /// Maps the whole of a file, which must have this size, for good.
    private func map(_ file: CInt, byteCount: Int) throws(SystemCallError) -> UnsafeMutableRawBufferPointer {
        guard try OwnedDescriptor.fileSize(of: file) == byteCount else {
            throw SystemCallError("mmap", "a file of another size", code: EINVAL)
        }
        return try MappedMemory(file, byteCount: byteCount, access: .readWrite).leak()
    }
}
