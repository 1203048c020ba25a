// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
package import ServingModel

/// What a keeper orders of a template.
package enum ToTemplate: Hashable, Sendable {
    /// Becomes the template of the artefact whose descriptor comes with it. Once, and before any fork. `name` is what its
    /// processes are called by in lists of processes.
    case load(name: String)
    /// Fork, at most `forkLimit`. For each instance in turn come as many descriptors as there are tags, in their order.
    case fork([InstanceID], descriptors: [ForkDescriptor], InstanceSettings)

    /// Most instances of one order: what one packet can carry descriptors for.
    package static let forkLimit = PacketSocket.maximumDescriptors / ForkDescriptor.allCases.count

    /// The frame.
    package func encoded() -> [UInt8] {
        switch self {
        case .load(let name):
            var writer = FrameWriter(kind: 161)
            writer.put(name)
            return writer.finish()
        case .fork(let instances, let descriptors, let settings):
            var writer = FrameWriter(kind: 160)
            writer.put(UInt32(instances.count))
            for instance in instances { writer.put(instance.rawValue) }
            writer.put(UInt32(descriptors.count))
            for descriptor in descriptors { writer.put(descriptor.rawValue) }
            settings.put(into: &writer)
            return writer.finish()
        }
    }

    /// Reads the frame that a packet holds.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = try FrameReader(bytes)
        switch reader.kind {
        case 161: self = .load(name: try reader.takeText("name", limit: ToKeeper.modelKeyLimit))
        case 160:
            var instances: [InstanceID] = []
            for _ in 0..<(try reader.takeCount("instances", limit: Self.forkLimit)) {
                instances.append(InstanceID(rawValue: try reader.take("instance")))
            }
            let descriptors = try ForkDescriptor.takeAll(from: &reader)
            self = .fork(instances, descriptors: descriptors, try InstanceSettings.take(from: &reader))
        default: throw .unknownKind(reader.kind)
        }
        try reader.finish()
    }
}

/// What a template took to become that of a model, in microseconds.
package struct TemplateStart: Hashable, Sendable {
    /// The artefact mapped and verified.
    package var mappingMicroseconds: Int
    /// The child's path rehearsed.
    package var rehearsalMicroseconds: Int

    package init(mappingMicroseconds: Int, rehearsalMicroseconds: Int) {
        self.mappingMicroseconds = mappingMicroseconds
        self.rehearsalMicroseconds = rehearsalMicroseconds
    }

    func put(into writer: inout FrameWriter) {
        writer.put(UInt32(clamping: mappingMicroseconds))
        writer.put(UInt32(clamping: rehearsalMicroseconds))
    }

    static func take(from reader: inout FrameReader) throws(FrameError) -> TemplateStart {
        let mapping = try reader.takeCount("mapping time", limit: .max)
        return TemplateStart(
            mappingMicroseconds: mapping, rehearsalMicroseconds: try reader.takeCount("rehearsal time", limit: .max))
    }
}

/// What a template tells its keeper.
package enum FromTemplate: Hashable, Sendable {
    /// First of all, before a byte of a model was read: it is in its sandbox and waits for a model. With `deniedCalls`
    /// named, the listener of its filter comes along; no other message carries a descriptor.
    case confined(SandboxState)
    /// Artefact verified and mapped, the child's path rehearsed.
    case ready(TemplateStart)
    /// The template cannot serve and exits.
    case failed(message: String)
    /// The child's number; the keeper checks that it is its own child before it believes it.
    case forked(InstanceID, processID: Int32)
    case forkFailed(InstanceID, message: String)

    private static let messageLimit = 4096

    /// The frame.
    package func encoded() -> [UInt8] {
        switch self {
        case .confined(let state):
            var writer = FrameWriter(kind: 175)
            state.put(into: &writer)
            return writer.finish()
        case .ready(let start):
            var writer = FrameWriter(kind: 176)
            start.put(into: &writer)
            return writer.finish()
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

    /// Reads the frame that a packet holds.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = try FrameReader(bytes)
        switch reader.kind {
        case 175: self = .confined(try SandboxState.take(from: &reader))
        case 176: self = .ready(try TemplateStart.take(from: &reader))
        case 177: self = .failed(message: try reader.takeSentence("message", limit: Self.messageLimit))
        case 178:
            let instance = InstanceID(rawValue: try reader.take("instance"))
            self = .forked(instance, processID: try reader.take("process"))
        case 179:
            let instance = InstanceID(rawValue: try reader.take("instance"))
            self = .forkFailed(instance, message: try reader.takeSentence("message", limit: Self.messageLimit))
        default: throw .unknownKind(reader.kind)
        }
        try reader.finish()
    }
}
