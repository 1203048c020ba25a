// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Lines that a process writes which nobody vouches for: bounded in length and rate, without control characters.
package final class LineReader {
    /// Lines a second; the rest is dropped and counted.
    private static let linesPerSecond = 20
    private static let lineBytes = 512

    private let descriptor: SharedDescriptor
    private var line: [UInt8] = []
    private var second: UInt64 = 0
    private var linesInSecond = 0
    private var dropped = 0

    /// Reads from a descriptor that does not make its reader wait.
    package init(_ descriptor: SharedDescriptor) {
        self.descriptor = descriptor
    }

    /// The descriptor's number.
    package var number: CInt { descriptor.rawValue }

    /// Hands over the lines that are complete; false when the writer is gone. Reads only so much at a time that one who
    /// writes without end keeps nobody from other work.
    package func read(at now: MonotonicTime = .now, _ take: (String) -> Void) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<4 {
            let count = Glibc.read(descriptor.rawValue, &buffer, buffer.count)
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            if count == 0 { return false }
            for byte in buffer.prefix(count) { add(byte, now, take) }
        }
        return true
    }

    private func add(_ byte: UInt8, _ now: MonotonicTime, _ take: (String) -> Void) {
        guard byte == UInt8(ascii: "\n") else {
            if line.count < Self.lineBytes { line.append(byte < 0x20 || byte == 0x7f ? UInt8(ascii: "?") : byte) }
            return
        }
        defer { line.removeAll(keepingCapacity: true) }
        if now.nanoseconds / 1_000_000_000 != second {
            if dropped > 0 { take("\(dropped) lines dropped") }
            (second, linesInSecond, dropped) = (now.nanoseconds / 1_000_000_000, 0, 0)
        }
        linesInSecond += 1
        guard linesInSecond <= Self.linesPerSecond else { return dropped += 1 }
        take(String(decoding: line, as: UTF8.self))
    }
}
