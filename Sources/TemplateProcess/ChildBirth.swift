// SPDX-License-Identifier: Apache-2.0
internal import CLinux
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
    /// Its KV segment, mapped shared and writable.
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
struct ChildBirth {
    let id: InstanceID
    let settings: InstanceSettings
    // Numbers that the child inherited; all but the three that it keeps are closed by the sandbox.
    let channel: CInt
    let segment: CInt
    let messages: CInt

    /// Where a child finds its channel; everything above is closed.
    private static let channelNumber: CInt = 3

    /// Becomes the instance; the result is its exit status.
    func run(_ sandbox: InstanceSandbox, _ child: (consuming ForkedInstance) -> Int32) -> Int32 {
        do {
            let birth = MonotonicTime.now
            ProcessName.set("flow-instance")
            // Before memory is touched: a page comes from the node of whoever touches it first. Where the keeper may not
            // use these processors the instance is only slower.
            try? settings.processors?.bindCallingThread()
            let memory = try mapSegment()
            try CrashPage.note(in: memory.crash)
            let mapped = MonotonicTime.now
            try systemCall("dup2") { dup2(messages, STDERR_FILENO) }
            try systemCall("dup2") { dup2(messages, STDOUT_FILENO) }
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
                    keyValueMemory: memory.keysAndValues, start: start))
        } catch {
            StandardError.write("instance could not start: \(error)")
            return 71
        }
    }

    private struct SegmentMemory {
        let keysAndValues: UnsafeMutableRawBufferPointer
        let crash: UnsafeMutableRawPointer
    }

    /// Maps the segment for good: keys and values, and a page for the child's last words.
    private func mapSegment() throws(SystemCallError) -> SegmentMemory {
        let size = settings.segmentBytes
        guard try OwnedDescriptor.fileSize(of: segment) == size else {
            throw SystemCallError("mmap", "KV segment", code: EINVAL)
        }
        let memory = try MappedMemory(segment, byteCount: size, access: .readWrite).leak()
        guard let start = memory.baseAddress else { throw SystemCallError("mmap", "KV segment", code: EINVAL) }
        let keyValueBytes = Int(settings.keyValueBytes)
        return SegmentMemory(
            keysAndValues: UnsafeMutableRawBufferPointer(start: start, count: keyValueBytes),
            crash: start + keyValueBytes)
    }
}
