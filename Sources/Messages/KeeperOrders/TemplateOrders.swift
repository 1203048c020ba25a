// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What a keeper orders of a template.
package enum ToTemplate: Hashable, Sendable {
    /// Fork; comes with three descriptors: the instance's end of its channel, its KV segment, its stderr.
    case fork(InstanceID, InstanceSettings)

    /// Descriptors that come with `fork`, in this order.
    package static let forkDescriptors = 3

    package func encoded() -> [UInt8] {
        switch self {
        case .fork(let instance, let settings):
            var writer = FrameWriter(kind: 160)
            writer.put(instance.rawValue)
            settings.put(into: &writer)
            return writer.finish()
        }
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = try FrameReader(bytes)
        guard reader.kind == 160 else { throw .unknownKind(reader.kind) }
        let instance = InstanceID(rawValue: try reader.take("instance"))
        self = .fork(instance, try InstanceSettings.take(from: &reader))
        try reader.finish()
    }
}

/// What a template tells its keeper.
package enum FromTemplate: Hashable, Sendable {
    /// Artefact verified and mapped, the child's path rehearsed.
    case ready
    /// The template cannot serve and exits.
    case failed(message: String)
    /// The child's number; the keeper checks that it is its own child before it believes it.
    case forked(InstanceID, processID: Int32)
    case forkFailed(InstanceID, message: String)

    private static let messageLimit = 4096

    package func encoded() -> [UInt8] {
        switch self {
        case .ready: return FrameWriter(kind: 176).finish()
        case .failed(let message):
            var writer = FrameWriter(kind: 177)
            writer.put(Self.cut(message))
            return writer.finish()
        case .forked(let instance, let process):
            var writer = FrameWriter(kind: 178)
            writer.put(instance.rawValue)
            writer.put(process)
            return writer.finish()
        case .forkFailed(let instance, let message):
            var writer = FrameWriter(kind: 179)
            writer.put(instance.rawValue)
            writer.put(Self.cut(message))
            return writer.finish()
        }
    }

    private static func cut(_ message: String) -> String {
        String(decoding: message.utf8.prefix(messageLimit - 4), as: UTF8.self)
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = try FrameReader(bytes)
        switch reader.kind {
        case 176: self = .ready
        case 177: self = .failed(message: try reader.takeText("message", limit: Self.messageLimit))
        case 178:
            let instance = InstanceID(rawValue: try reader.take("instance"))
            self = .forked(instance, processID: try reader.take("process"))
        case 179:
            let instance = InstanceID(rawValue: try reader.take("instance"))
            self = .forkFailed(instance, message: try reader.takeText("message", limit: Self.messageLimit))
        default: throw .unknownKind(reader.kind)
        }
        try reader.finish()
    }
}
