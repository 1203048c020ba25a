// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import LinuxKernel

@Suite("Packet socket")
struct PacketSocketTests {
    private func receive(_ socket: borrowing PacketSocket, room: Int = 100) throws -> PacketSocket.ReceiveResult {
        var buffer = [UInt8](repeating: 0, count: room)
        return try buffer.withUnsafeMutableBytes { try socket.receive(into: $0, waits: false) }
    }

    private func send(_ text: String, over socket: borrowing PacketSocket, descriptors: [CInt] = []) throws {
        let result = try Array(text.utf8).withUnsafeBytes { try socket.send($0, descriptors: descriptors) }
        #expect(result == .sent)
    }

    @Test("Packets arrive whole and in order, then the end")
    func order() throws {
        var pair = try PacketSocket.pair()
        let reader = pair.takeSecond()
        do {
            let writer = pair.takeFirst()
            try send("one", over: writer)
            try send("three", over: writer)
        }
        #expect(try receive(reader) == .packet(3))
        #expect(try receive(reader) == .packet(5))
        #expect(try receive(reader) == .closed)
    }

    @Test(
        "A peer that closes with packets unread has said what it said, then it is closed",
        arguments: [false, true])
    func endWithUnreadPackets(dropsDescriptors: Bool) throws {
        var pair = try PacketSocket.pair()
        let reader = pair.takeSecond()
        do {
            let writer = pair.takeFirst()
            try send("last words", over: writer)
            try send("unread", over: reader)
        }
        var results: [PacketSocket.ReceiveResult] = []
        for _ in 0..<3 {
            var buffer = [UInt8](repeating: 0, count: 100)
            let result = try buffer.withUnsafeMutableBytes {
                dropsDescriptors
                    ? try reader.receiveBytes(into: $0, waits: false) : try reader.receive(into: $0, waits: false)
            }
            results.append(result)
        }
        #expect(results == [.packet(10), .closed, .closed])
    }

    @Test("Nothing there is nothing, not an error")
    func empty() throws {
        var pair = try PacketSocket.pair()
        let reader = pair.takeSecond()
        let writer = pair.takeFirst()
        #expect(try receive(reader) == .nothing)
        _ = consume writer
    }

    @Test("A packet larger than the buffer is malformed")
    func tooLarge() throws {
        var pair = try PacketSocket.pair()
        let reader = pair.takeSecond()
        let writer = pair.takeFirst()
        try send("0123456789", over: writer)
        #expect(try receive(reader, room: 4) == .malformed)
    }

    @Test("Descriptors travel with a packet and are owned by the receiver")
    func descriptors() throws {
        var pair = try PacketSocket.pair()
        let reader = pair.takeSecond()
        let writer = pair.takeFirst()
        let file = try MemoryFile.sealed(name: "test", byteCount: 10)
        try send("file", over: writer, descriptors: [file.rawValue])
        var received = ReceivedDescriptors()
        var buffer = [UInt8](repeating: 0, count: 100)
        let result = try buffer.withUnsafeMutableBytes { try reader.receive(into: $0, descriptors: &received) }
        #expect(result == .packet(4))
        let count = received.count
        #expect(count == 1)
        guard let copy = received.takeFirst() else {
            Issue.record("no descriptor came")
            return
        }
        #expect(try copy.fileSize() == 10)
        #expect(copy.rawValue != file.rawValue)
    }

    @Test("A peer that sends descriptors where none are expected is malformed, and they are closed")
    func unexpectedDescriptors() throws {
        var pair = try PacketSocket.pair()
        let reader = pair.takeSecond()
        let writer = pair.takeFirst()
        var ends: [CInt] = [-1, -1]
        #expect(pipe(&ends) == 0)
        let pipeReader = OwnedDescriptor(owning: ends[0])
        do {
            let pipeWriter = OwnedDescriptor(owning: ends[1])
            try send("gift", over: writer, descriptors: [pipeWriter.rawValue])
        }
        #expect(try receive(reader) == .malformed)
        // All writers are gone, so the pipe is at its end: the copy in the packet was closed too.
        var byte: UInt8 = 0
        #expect(read(pipeReader.rawValue, &byte, 1) == 0)
    }

    @Test("A full socket says so instead of waiting")
    func full() throws {
        var pair = try PacketSocket.pair()
        let reader = pair.takeSecond()
        let writer = pair.takeFirst()
        let packet = [UInt8](repeating: 7, count: 60_000)
        var sent = 0
        while try packet.withUnsafeBytes({ try writer.send($0, waits: false) }) == .sent { sent += 1 }
        #expect(sent > 0)
        #expect(try receive(reader, room: 65_536) == .packet(60_000))
        #expect(try packet.withUnsafeBytes { try writer.send($0, waits: false) } == .sent)
    }
}
