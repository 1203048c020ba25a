// SPDX-License-Identifier: Apache-2.0
package import LinuxKernel
package import ServingModel

/// What a keeper tells the node daemon that is attached to it. After `welcome` it tells the state of each template and
/// instance in the same words as when it happened, then `stateComplete`.
package enum FromKeeper: Hashable, Sendable {
    /// `controllers` of the control groups of templates and their instances; nil where there are no groups.
    case welcome(processID: Int32, controllers: [String]?)
    /// How templates are confined here, and how many system calls were denied since the keeper began. Told at each
    /// attachment and when it changes; not before the keeper has seen a process confined.
    case sandbox(SandboxState, deniedCalls: UInt32)
    case stateComplete
    /// So many pre-warmed templates wait for a model.
    case prewarmed(Int)
    case templateStarting(TemplateID, model: String, processID: Int32)
    case templateReady(TemplateID, TemplateReadiness)
    case templateEnded(TemplateID, ProcessEnd)
    /// Comes with the descriptor of the instance's channel.
    case instanceRunning(InstanceID, RunningInstance)
    case instanceEnded(InstanceID, ProcessEnd)
    /// The keeper holds a descriptor under this key. After `welcome` it comes with the descriptor, as the answer of `hold`
    /// without one.
    case held(DescriptorKey)
    /// The answer of a `hold` that could not be carried out, with the reason.
    case notHeld(DescriptorKey, message: String)

    /// What a template's start took.
    package struct TemplateReadiness: Hashable, Sendable {
        /// From the daemon's order at the keeper to ready.
        package var loadMicroseconds: Int
        /// Of it, until a confined process waited for the model; about 0 where a pre-warmed one was there.
        package var prewarmedMicroseconds: Int
        /// What it did with the model.
        package var model: TemplateStart

        package init(loadMicroseconds: Int, prewarmedMicroseconds: Int, model: TemplateStart) {
            self.loadMicroseconds = loadMicroseconds
            self.prewarmedMicroseconds = prewarmedMicroseconds
            self.model = model
        }
    }

    /// What the keeper knows of a forked instance.
    package struct RunningInstance: Hashable, Sendable {
        package var template: TemplateID
        package var processID: Int32
        package var settings: InstanceSettings
        /// When the keeper had made all that the child needs and passed the order on.
        package var preparedAt: MonotonicTime

        package init(
            template: TemplateID, processID: Int32, settings: InstanceSettings, preparedAt: MonotonicTime
        ) {
            self.template = template
            self.processID = processID
            self.settings = settings
            self.preparedAt = preparedAt
        }
    }

    private enum Kind: UInt8 {
        case welcome = 128, stateComplete, templateStarting, templateReady, templateEnded, instanceRunning
        case instanceEnded, prewarmed, sandbox, held, notHeld
    }

    private static let messageLimit = 4096

    /// The frame.
    package func encoded() -> [UInt8] {
        switch self {
        case .welcome(let process, let controllers):
            return Self.frame(.welcome) {
                $0.put(process)
                $0.put(UInt8(controllers == nil ? 0 : 1))
                $0.put((controllers ?? []).joined(separator: " "))
            }
        case .sandbox(let state, let denied):
            return Self.frame(.sandbox) {
                state.put(into: &$0)
                $0.put(denied)
            }
        case .stateComplete: return Self.frame(.stateComplete) { _ in }
        case .prewarmed(let count): return Self.frame(.prewarmed) { $0.put(UInt32(count)) }
        case .templateStarting(let template, let model, let process):
            return Self.frame(.templateStarting) {
                $0.put(template.rawValue)
                $0.put(model)
                $0.put(process)
            }
        case .templateReady(let template, let readiness):
            return Self.frame(.templateReady) {
                $0.put(template.rawValue)
                $0.put(UInt32(clamping: readiness.loadMicroseconds))
                $0.put(UInt32(clamping: readiness.prewarmedMicroseconds))
                readiness.model.put(into: &$0)
            }
        case .templateEnded(let template, let end):
            return Self.frame(.templateEnded) {
                $0.put(template.rawValue)
                end.put(into: &$0)
            }
        case .instanceRunning(let instance, let running):
            return Self.frame(.instanceRunning) {
                $0.put(instance.rawValue)
                $0.put(running.template.rawValue)
                $0.put(running.processID)
                running.settings.put(into: &$0)
                $0.put(running.preparedAt.nanoseconds)
            }
        case .instanceEnded(let instance, let end):
            return Self.frame(.instanceEnded) {
                $0.put(instance.rawValue)
                end.put(into: &$0)
            }
        case .held(let key): return Self.frame(.held) { $0.put(key.text) }
        case .notHeld(let key, let message):
            return Self.frame(.notHeld) {
                $0.put(key.text)
                $0.put(Self.cut(message))
            }
        }
    }

    private static func frame(_ kind: Kind, _ fill: (inout FrameWriter) -> Void) -> [UInt8] {
        var writer = FrameWriter(kind: kind.rawValue)
        fill(&writer)
        return writer.finish()
    }

    private static func cut(_ message: String) -> String {
        String(decoding: message.utf8.prefix(messageLimit - 4), as: UTF8.self)
    }

    /// Reads the frame that a packet holds.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = try FrameReader(bytes)
        guard let kind = Kind(rawValue: reader.kind) else { throw .unknownKind(reader.kind) }
        switch kind {
        case .welcome: self = try Self.takeWelcome(&reader)
        case .sandbox:
            let state = try SandboxState.take(from: &reader)
            self = .sandbox(state, deniedCalls: try reader.take("denied calls"))
        case .stateComplete: self = .stateComplete
        case .prewarmed: self = .prewarmed(try reader.takeCount("pre-warmed templates", limit: ToKeeper.prewarmedLimit))
        case .templateStarting:
            let template = TemplateID(rawValue: try reader.take("template"))
            let model = try reader.takeText("model", limit: ToKeeper.modelKeyLimit)
            self = .templateStarting(template, model: model, processID: try reader.take("process"))
        case .templateReady:
            let template = TemplateID(rawValue: try reader.take("template"))
            let load = try reader.takeCount("load time", limit: .max)
            let prewarming = try reader.takeCount("pre-warming time", limit: .max)
            let model = try TemplateStart.take(from: &reader)
            self = .templateReady(
                template, TemplateReadiness(loadMicroseconds: load, prewarmedMicroseconds: prewarming, model: model))
        case .templateEnded:
            let template = TemplateID(rawValue: try reader.take("template"))
            self = .templateEnded(template, try ProcessEnd.take(from: &reader))
        case .instanceRunning: self = try Self.takeRunning(&reader)
        case .instanceEnded:
            let instance = InstanceID(rawValue: try reader.take("instance"))
            self = .instanceEnded(instance, try ProcessEnd.take(from: &reader))
        case .held: self = .held(try DescriptorKey.take(from: &reader))
        case .notHeld:
            let key = try DescriptorKey.take(from: &reader)
            self = .notHeld(key, message: try reader.takeSentence("message", limit: Self.messageLimit))
        }
        try reader.finish()
    }

    private static func takeRunning(_ reader: inout FrameReader) throws(FrameError) -> FromKeeper {
        let instance = InstanceID(rawValue: try reader.take("instance"))
        let template = TemplateID(rawValue: try reader.take("template"))
        let process = try reader.take(Int32.self, "process")
        let settings = try InstanceSettings.take(from: &reader)
        let prepared = MonotonicTime(nanoseconds: try reader.take("time"))
        return .instanceRunning(
            instance,
            RunningInstance(template: template, processID: process, settings: settings, preparedAt: prepared))
    }

    private static func takeWelcome(_ reader: inout FrameReader) throws(FrameError) -> FromKeeper {
        let process = try reader.take(Int32.self, "process")
        let hasGroups = try reader.take(UInt8.self, "groups")
        guard hasGroups <= 1 else { throw .outOfRange(field: "groups") }
        let names = try reader.takeText("controllers", limit: messageLimit).split(separator: " ").map(String.init)
        return .welcome(processID: process, controllers: hasGroups == 1 ? names : nil)
    }
}
