// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What a node daemon orders of its keeper. Each order is answered by events that name the same template or instance.
///
/// `hello` and `retire` have the same form in every version of the frames. So a keeper of any version answers, which tells
/// its version, and one of another version can be told to end what it holds.
package enum ToKeeper: Hashable, Sendable {
    /// First packet of a connection; answered by `welcome` and the state of everything that the keeper holds.
    case hello
    /// Start a template of the artefact whose read-only descriptor comes with the packet. `model` is the daemon's own
    /// key, kept and told again after re-attachment; lists of processes show what of it is before an `@`.
    case startTemplate(TemplateID, model: String)
    /// Fork instances, at most `forkLimit`; each is answered by `instanceRunning` with its channel, or by
    /// `instanceEnded`.
    case fork([InstanceID], template: TemplateID, InstanceSettings)
    /// SIGKILL; answered by `instanceEnded`.
    case killInstance(InstanceID)
    /// End a template by closing its channel, then SIGKILL; its instances go on.
    case stopTemplate(TemplateID)
    /// Keep so many pre-warmed templates, which have no model yet: the next `startTemplate` takes one.
    case keepPrewarmed(Int)
    /// The daemon has noted an end: the keeper may release it.
    case releaseInstance(InstanceID)
    case releaseTemplate(TemplateID)
    /// Hold the descriptor that comes with the packet, beyond the daemon's own end, in the place of an earlier one with
    /// this key. Answered by `held`, or by `notHeld`.
    case hold(DescriptorKey)
    /// The descriptor with this key is not needed any more.
    case release(DescriptorKey)
    /// End all templates and instances, then yourself.
    case retire

    private enum Kind: UInt8 {
        case hello = 96, startTemplate, fork, killInstance, stopTemplate, releaseInstance, releaseTemplate, retire
        case keepPrewarmed, hold, release
    }

    private static let lasting: Set = [Kind.hello.rawValue, Kind.retire.rawValue]

    /// Longest model key in bytes.
    package static let modelKeyLimit = 512
    /// Most instances of one `fork` order, and most pre-warmed templates.
    package static let forkLimit = 256
    package static let prewarmedLimit = 16

    /// The frame.
    package func encoded() -> [UInt8] {
        switch self {
        case .hello: return Self.lastingFrame(.hello)
        case .startTemplate(let template, let model):
            var writer = FrameWriter(kind: Kind.startTemplate.rawValue)
            writer.put(template.rawValue)
            writer.put(model)
            return writer.finish()
        case .fork(let instances, let template, let settings):
            var writer = FrameWriter(kind: Kind.fork.rawValue)
            writer.put(UInt32(instances.count))
            for instance in instances { writer.put(instance.rawValue) }
            writer.put(template.rawValue)
            settings.put(into: &writer)
            return writer.finish()
        case .killInstance(let instance): return Self.frame(.killInstance, instance.rawValue)
        case .stopTemplate(let template): return Self.frame(.stopTemplate, template.rawValue)
        case .releaseInstance(let instance): return Self.frame(.releaseInstance, instance.rawValue)
        case .releaseTemplate(let template): return Self.frame(.releaseTemplate, template.rawValue)
        case .hold(let key): return Self.frame(.hold, key)
        case .release(let key): return Self.frame(.release, key)
        case .retire: return Self.lastingFrame(.retire)
        case .keepPrewarmed(let count):
            var writer = FrameWriter(kind: Kind.keepPrewarmed.rawValue)
            writer.put(UInt32(count))
            return writer.finish()
        }
    }

    private static func lastingFrame(_ kind: Kind) -> [UInt8] {
        FrameWriter(kind: kind.rawValue, version: FrameHeader.lastingVersion).finish()
    }

    private static func frame(_ kind: Kind, _ key: DescriptorKey) -> [UInt8] {
        var writer = FrameWriter(kind: kind.rawValue)
        writer.put(key.text)
        return writer.finish()
    }

    private static func frame(_ kind: Kind, _ id: UInt64) -> [UInt8] {
        var writer = FrameWriter(kind: kind.rawValue)
        writer.put(id)
        return writer.finish()
    }

    /// Reads the frame that a packet holds.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = try FrameReader(bytes, lasting: Self.lasting)
        guard let kind = Kind(rawValue: reader.kind) else { throw .unknownKind(reader.kind) }
        switch kind {
        case .hello: self = .hello
        case .startTemplate:
            let template = TemplateID(rawValue: try reader.take("template"))
            self = .startTemplate(template, model: try reader.takeText("model", limit: Self.modelKeyLimit))
        case .fork:
            var instances: [InstanceID] = []
            for _ in 0..<(try reader.takeCount("instances", limit: Self.forkLimit)) {
                instances.append(InstanceID(rawValue: try reader.take("instance")))
            }
            let template = TemplateID(rawValue: try reader.take("template"))
            self = .fork(instances, template: template, try InstanceSettings.take(from: &reader))
        case .killInstance: self = .killInstance(InstanceID(rawValue: try reader.take("instance")))
        case .stopTemplate: self = .stopTemplate(TemplateID(rawValue: try reader.take("template")))
        case .releaseInstance: self = .releaseInstance(InstanceID(rawValue: try reader.take("instance")))
        case .releaseTemplate: self = .releaseTemplate(TemplateID(rawValue: try reader.take("template")))
        case .hold: self = .hold(try DescriptorKey.take(from: &reader))
        case .release: self = .release(try DescriptorKey.take(from: &reader))
        case .retire: self = .retire
        case .keepPrewarmed:
            self = .keepPrewarmed(try reader.takeCount("pre-warmed templates", limit: Self.prewarmedLimit))
        }
        try reader.finish()
    }
}
