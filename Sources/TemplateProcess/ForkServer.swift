// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
package import LinuxKernel
package import Messages
package import Sandbox
package import ServingModel

/// What a forked child starts with.
package struct ForkedInstance: ~Copyable {
    package let id: InstanceID
    package let settings: InstanceSettings
    /// Its connection to the node daemon.
    package let channel: PacketSocket
    /// Its KV segment, mapped shared and writable.
    package let keyValueMemory: UnsafeMutableRawBufferPointer
    package let mappingMicroseconds: Int
    package let sandboxMicroseconds: Int
    package let missingSandboxSteps: [String]

    /// Gives the channel to whoever runs the instance.
    package consuming func takeChannel() -> PacketSocket {
        channel
    }
}

/// The loop of a template: takes fork orders from the keeper and makes children.
///
/// A child is forked without exec on purpose: it starts with the model mapped, symbols bound and its own path
/// rehearsed. That is sound only while this process is synchronous and has one thread, since a fork copies one thread
/// and every lock as it happens to be; so nothing here or before may use tasks, actors, Dispatch or anything that
/// starts a thread, and each fork checks it.
package struct ForkServer: ~Copyable {
    private let keeper: PacketSocket
    private let sandbox: InstanceSandbox
    private let threads: ThreadCount

    /// Where a child finds its channel; everything above is closed.
    private static let channelNumber: CInt = 3

    /// `threads` was opened before Landlock took the file system away.
    package init(keeper: consuming PacketSocket, sandbox: InstanceSandbox, threads: consuming ThreadCount) {
        self.keeper = keeper
        self.sandbox = sandbox
        self.threads = threads
    }

    /// Serves until the keeper closes its end. In a child, `child` is called once it is confined, and its result is the
    /// child's exit status; `serve` never returns there.
    package func serve(_ child: (consuming ForkedInstance) -> Int32) throws {
        try tell(.ready)
        var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
        while true {
            var descriptors = ReceivedDescriptors()
            let result = try buffer.withUnsafeMutableBytes { try keeper.receive(into: $0, descriptors: &descriptors) }
            guard case .packet(let count) = result else { return }
            let order = try buffer.prefix(count).withUnsafeBytes { try ToTemplate(decoding: $0) }
            switch order {
            case .fork(let id, let settings):
                try tell(fork(id, settings, &descriptors, child))
            }
        }
    }

    private func tell(_ message: FromTemplate) throws(SystemCallError) {
        let packet = message.encoded()
        do {
            _ = try packet.withUnsafeBytes { try keeper.send($0) }
        } catch {
            throw error as? SystemCallError ?? SystemCallError("sendmsg", code: EIO)
        }
    }

    private func fork(
        _ id: InstanceID, _ settings: InstanceSettings, _ descriptors: inout ReceivedDescriptors,
        _ child: (consuming ForkedInstance) -> Int32
    ) -> FromTemplate {
        guard let channel = descriptors.takeFirst(), let segment = descriptors.takeFirst(),
            let messages = descriptors.takeFirst()
        else { return .forkFailed(id, message: "the order came without its descriptors") }
        guard threads.current() == 1 else {
            return .forkFailed(id, message: "the template has more than one thread: it must not fork any more")
        }
        // The child's parent is the keeper, which learns of its end from the kernel, whatever becomes of the template.
        let process = clinux_clone(
            CLINUX_CLONE_PARENT | CLINUX_CLONE_CHILD_SETTID | CLINUX_CLONE_CHILD_CLEARTID)
        if process == 0 {
            let status = becomeInstance(
                id, settings, channel: channel, segment: segment, messages: messages, child)
            _exit(status)
        }
        if process < 0 { return .forkFailed(id, message: "\(SystemCallError("clone"))") }
        return .forked(id, processID: process)
    }

    /// Runs in the child: arranges its descriptors, maps its memory, confines itself, and becomes the instance.
    private func becomeInstance(
        _ id: InstanceID, _ settings: InstanceSettings, channel: borrowing OwnedDescriptor,
        segment: borrowing OwnedDescriptor, messages: borrowing OwnedDescriptor,
        _ child: (consuming ForkedInstance) -> Int32
    ) -> Int32 {
        do {
            let begin = MonotonicTime.now
            ProcessName.set("flow-instance")
            try systemCall("dup2") { dup2(messages.rawValue, STDERR_FILENO) }
            try systemCall("dup2") { dup2(messages.rawValue, STDOUT_FILENO) }
            let size = Int(settings.keyValueBytes)
            guard try segment.fileSize() == size else { throw SystemCallError("mmap", "KV segment", code: EINVAL) }
            let memory = try MappedMemory(segment.rawValue, byteCount: size, access: .readWrite).leak()
            // Last, since number 3 is the template's own connection to the keeper.
            try systemCall("dup2") { dup2(channel.rawValue, Self.channelNumber) }
            let mapped = MonotonicTime.now
            try sandbox.enterInstance(descriptorCount: UInt32(Self.channelNumber) + 1)
            return child(
                ForkedInstance(
                    id: id, settings: settings,
                    channel: PacketSocket(owning: OwnedDescriptor(owning: Self.channelNumber)),
                    keyValueMemory: memory, mappingMicroseconds: mapped.microseconds(since: begin),
                    sandboxMicroseconds: MonotonicTime.now.microseconds(since: mapped),
                    missingSandboxSteps: sandbox.missing))
        } catch {
            StandardError.write("instance could not start: \(error)")
            return 71
        }
    }
}

/// The number of threads of this process, readable after the file system is out of reach.
package struct ThreadCount: ~Copyable {
    private let statistics: OwnedDescriptor

    /// Opens /proc/self/stat, whose content is made anew at each read.
    package init() throws(SystemCallError) {
        statistics = try OwnedDescriptor.open("/proc/self/stat", O_RDONLY)
    }

    /// -1 where it cannot be told.
    package func current() -> Int {
        withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 8) { buffer in
            let count = pread(statistics.rawValue, buffer.baseAddress, buffer.count, 0)
            // The second field is the program's name in parentheses, which may hold anything; the count is the 18th
            // after it.
            guard count > 0, let end = buffer[..<count].lastIndex(of: UInt8(ascii: ")")) else { return -1 }
            let fields = buffer[(end + 1)..<count].split(separator: UInt8(ascii: " "))
            guard fields.count > 17 else { return -1 }
            return Int(String(decoding: fields[17], as: UTF8.self)) ?? -1
        }
    }
}

/// The name that `ps -o comm` and `top` show, 15 bytes at most.
enum ProcessName {
    private static let setName: CInt = 15

    static func set(_ name: StaticString) {
        _ = clinux_prctl(setName, UInt(bitPattern: name.utf8Start), 0, 0, 0)
    }
}

/// Sentences on stderr, which the keeper reads.
package enum StandardError {
    package static func write(_ message: String) {
        let line = "flowserve: " + message + "\n"
        _ = Array(line.utf8).withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
