// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// Lines on stderr. A reader that does not read loses lines; the keeper never waits for it.
struct KeeperLog {
    func write(_ line: String) {
        var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard poll(&descriptor, 1, 0) == 1 else { return }
        // Below PIPE_BUF a write is whole and, after the poll, does not block.
        let text = "deepflow-keeper: " + String(line.prefix(1000)) + "\n"
        _ = text.utf8.withContiguousStorageIfAvailable { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// The reading end of an instance's stderr: lines, bounded in length and rate, without control characters.
final class MessagePipe {
    /// Lines per instance and second; the rest is dropped and counted.
    private static let linesPerSecond = 20
    private static let lineBytes = 512

    private let descriptor: OwnedDescriptor
    private var line: [UInt8] = []
    private var second: UInt64 = 0
    private var linesInSecond = 0
    private var dropped = 0

    private init(_ descriptor: consuming OwnedDescriptor) {
        self.descriptor = descriptor
    }

    var number: CInt { descriptor.rawValue }

    /// A fresh pipe: the reader for the keeper, the writer for the instance.
    static func make() throws(SystemCallError) -> MessagePipeEnds {
        var numbers: [CInt] = [-1, -1]
        try systemCall("pipe") { pipe(&numbers) }
        let reader = OwnedDescriptor(owning: numbers[0])
        let writer = OwnedDescriptor(owning: numbers[1])
        for number in numbers { try systemCall("fcntl", "FD_CLOEXEC") { fcntl(number, F_SETFD, FD_CLOEXEC) } }
        try reader.setNonBlocking(true)
        // A full pipe must not stop an instance: it loses its message instead.
        try writer.setNonBlocking(true)
        return MessagePipeEnds(reader: MessagePipe(reader), writer: writer)
    }

    /// Reads what is there; false when the writer is gone.
    func relay(to log: KeeperLog, as name: String) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        // Bounded, so that an instance that writes without end does not keep the keeper from its work.
        for _ in 0..<4 {
            let count = read(descriptor.rawValue, &buffer, buffer.count)
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            if count == 0 { return false }
            for byte in buffer.prefix(count) { take(byte, log, name) }
        }
        return true
    }

    private func take(_ byte: UInt8, _ log: KeeperLog, _ name: String) {
        guard byte == UInt8(ascii: "\n") else {
            if line.count < Self.lineBytes { line.append(byte < 0x20 || byte == 0x7f ? UInt8(ascii: "?") : byte) }
            return
        }
        defer { line.removeAll(keepingCapacity: true) }
        let now = MonotonicTime.now.nanoseconds / 1_000_000_000
        if now != second {
            if dropped > 0 { log.write("\(name): \(dropped) lines dropped") }
            (second, linesInSecond, dropped) = (now, 0, 0)
        }
        linesInSecond += 1
        guard linesInSecond <= Self.linesPerSecond else { return dropped += 1 }
        log.write("\(name): \(String(decoding: line, as: UTF8.self))")
    }
}

/// The two ends of a message pipe.
struct MessagePipeEnds: ~Copyable {
    let reader: MessagePipe
    private let writer: OwnedDescriptor

    init(reader: MessagePipe, writer: consuming OwnedDescriptor) {
        self.reader = reader
        self.writer = writer
    }

    /// The instance's end.
    consuming func takeWriter() -> OwnedDescriptor { writer }
}
