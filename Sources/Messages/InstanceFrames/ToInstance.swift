// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What a node daemon tells an instance.
package enum ToInstance: Hashable, Sendable {
    /// Answered by `pong` with the same number; the first one shows that the instance is ready.
    case ping(UInt64)
    /// The bytes at `offset` of an encoded `TaskSubmission` of `total` bytes. Parts of one task come in order; a gap or
    /// an overlap drops the submission.
    case submissionPart(TaskID, offset: Int, total: Int, bytes: [UInt8])
    /// Ends a task within one step; answered by `finished(.cancelled)` unless it was over before.
    case cancel(TaskID)
    /// Tokens below `index` have reached the scheduler and may be released; they also open the window for more.
    case acknowledge(TaskID, index: Int)
    /// The scheduler is done with the task's end: nothing of it needs to be kept.
    case release(TaskID)
    /// Send acceptance, unacknowledged tokens from `index` on, and the end of the task (again).
    case replay(TaskID, index: Int)
    /// A daemon has attached (again): answered by `attached`.
    case attach
    /// Take no more tasks, finish those there are, then exit with status 0.
    case drain

    private enum Kind: UInt8 {
        case ping = 1, submissionPart, cancel, acknowledge, release, replay, attach, drain
    }

    /// Room for a submission's bytes in one packet.
    package static let partByteCount = 48 << 10

    /// The frames that carry one submission.
    package static func submission(_ submission: TaskSubmission) -> [ToInstance] {
        let bytes = submission.encoded()
        return stride(from: 0, to: bytes.count, by: partByteCount).map { offset in
            .submissionPart(
                submission.task, offset: offset, total: bytes.count,
                bytes: Array(bytes[offset..<min(offset + partByteCount, bytes.count)]))
        }
    }

    /// The frame.
    package func encoded() -> [UInt8] {
        switch self {
        case .ping(let number):
            var writer = FrameWriter(kind: Kind.ping.rawValue)
            writer.put(number)
            return writer.finish()
        case .submissionPart(let task, let offset, let total, let bytes):
            var writer = FrameWriter(kind: Kind.submissionPart.rawValue)
            writer.put(task.rawValue)
            writer.put(UInt32(offset))
            writer.put(UInt32(total))
            writer.put(bytes: bytes)
            return writer.finish()
        case .cancel(let task): return Self.frame(.cancel, task)
        case .acknowledge(let task, let index): return Self.frame(.acknowledge, task, index)
        case .release(let task): return Self.frame(.release, task)
        case .replay(let task, let index): return Self.frame(.replay, task, index)
        case .attach: return FrameWriter(kind: Kind.attach.rawValue).finish()
        case .drain: return FrameWriter(kind: Kind.drain.rawValue).finish()
        }
    }

    private static func frame(_ kind: Kind, _ task: TaskID, _ index: Int? = nil) -> [UInt8] {
        var writer = FrameWriter(kind: kind.rawValue)
        writer.put(task.rawValue)
        if let index { writer.put(UInt32(index)) }
        return writer.finish()
    }

    /// Reads a frame of the daemon; throws `FrameError` for anything else.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = try FrameReader(bytes)
        guard let kind = Kind(rawValue: reader.kind) else { throw .unknownKind(reader.kind) }
        switch kind {
        case .ping: self = .ping(try reader.take("number"))
        case .submissionPart: self = try Self.takePart(&reader)
        case .cancel: self = .cancel(try Self.takeTask(&reader))
        case .acknowledge:
            self = .acknowledge(try Self.takeTask(&reader), index: try reader.takeCount("index", limit: .max))
        case .release: self = .release(try Self.takeTask(&reader))
        case .replay: self = .replay(try Self.takeTask(&reader), index: try reader.takeCount("index", limit: .max))
        case .attach: self = .attach
        case .drain: self = .drain
        }
        try reader.finish()
    }

    private static func takeTask(_ reader: inout FrameReader) throws(FrameError) -> TaskID {
        TaskID(rawValue: try reader.take("task"))
    }

    private static func takePart(_ reader: inout FrameReader) throws(FrameError) -> ToInstance {
        let task = try takeTask(&reader)
        let offset = try reader.takeCount("offset", limit: TaskSubmission.Limits.byteCount)
        let total = try reader.takeCount("total", limit: TaskSubmission.Limits.byteCount)
        let bytes = try reader.takeBytes("part", limit: partByteCount)
        guard offset + bytes.count <= total else { throw .outOfRange(field: "part") }
        return .submissionPart(task, offset: offset, total: total, bytes: bytes)
    }
}
