// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What a node daemon orders of its keeper. Each order is answered by events that name the same template or instance.
package enum ToKeeper: Hashable, Sendable {
    /// First packet of a connection; answered by `welcome` and the state of everything the keeper holds.
    case hello
    /// Start a template of the artefact whose read-only descriptor comes with the packet. `model` is the daemon's own
    /// key, kept and told again after re-attachment.
    case startTemplate(TemplateID, model: String)
    /// Fork instances, at most `forkLimit`; each is answered by `instanceRunning` with its channel, or by
    /// `instanceEnded`.
    case fork([InstanceID], template: TemplateID, InstanceSettings)
    /// SIGKILL; answered by `instanceEnded`.
    case killInstance(InstanceID)
    /// End a template by closing its channel, then SIGKILL; its instances go on.
    case stopTemplate(TemplateID)
    /// Keep so many blank templates, which have no model yet: the next `startTemplate` takes one.
    case keepBlanks(Int)
    /// The daemon has noted an end: the keeper may forget it.
    case forgetInstance(InstanceID)
    case forgetTemplate(TemplateID)
    /// End all templates and instances, then yourself.
    case retire

    private enum Kind: UInt8 {
        case hello = 96, startTemplate, fork, killInstance, stopTemplate, forgetInstance, forgetTemplate, retire
        case keepBlanks
    }

    /// Longest model key in bytes.
    package static let modelKeyLimit = 512
    /// Most instances of one `fork` order, and most blank templates.
    package static let forkLimit = 256
    package static let blankLimit = 16

    package func encoded() -> [UInt8] {
        switch self {
        case .hello: return FrameWriter(kind: Kind.hello.rawValue).finish()
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
        case .forgetInstance(let instance): return Self.frame(.forgetInstance, instance.rawValue)
        case .forgetTemplate(let template): return Self.frame(.forgetTemplate, template.rawValue)
        case .retire: return FrameWriter(kind: Kind.retire.rawValue).finish()
        case .keepBlanks(let count):
            var writer = FrameWriter(kind: Kind.keepBlanks.rawValue)
            writer.put(UInt32(count))
            return writer.finish()
        }
    }

    private static func frame(_ kind: Kind, _ id: UInt64) -> [UInt8] {
        var writer = FrameWriter(kind: kind.rawValue)
        writer.put(id)
        return writer.finish()
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = try FrameReader(bytes)
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
        case .forgetInstance: self = .forgetInstance(InstanceID(rawValue: try reader.take("instance")))
        case .forgetTemplate: self = .forgetTemplate(TemplateID(rawValue: try reader.take("template")))
        case .retire: self = .retire
        case .keepBlanks: self = .keepBlanks(try reader.takeCount("blanks", limit: Self.blankLimit))
        }
        try reader.finish()
    }
}
