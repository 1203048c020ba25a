// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
package import Messages
package import ServingModel

/// `deepflow ps`: the models that are in use, whatever uses them.
package struct PsCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "ps",
        abstract: "Show the models in use.",
        discussion: """
            MEMORY is the private memory of a model's instances and template.
            The weights are shared; RESIDENT is what of them is in memory now.

            Example:
              deepflow ps
            """)

    @OptionGroup package var options: ServerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Prints the models in use.
    package func run() async throws {
        let server = try options.server()
        let models = ModelInUse.group(try await server.instances(), try await server.templates())
        if output.json { return try JSONOutput.write(models) }
        var table = ListingTable([
            .text("MODEL"), .text("NODE"), .text("STATE"), .number("INSTANCES"), .number("TASKS"),
            .number("MEMORY"), .number("KV"), .number("RESIDENT"),
        ])
        for model in models {
            table.add([
                model.model.text, model.node.text, model.state, "\(model.instances)", "\(model.activeTasks)",
                Figures.bytes(model.privateBytes), Figures.bytes(Int(clamping: model.keyValueBytes)),
                model.residence,
            ])
        }
        StandardStreams.write(table.text)
    }
}

/// One model on one node with all that runs for it.
package struct ModelInUse: Hashable, Sendable, Codable {
    package var node: NodeName
    package var model: ModelName
    /// The most active state of its instances, or `template` where only the warm parent is there.
    package var state: String
    package var instances: Int
    package var activeTasks: Int
    /// Private memory of instances and template together; nil where none could be read.
    package var privateBytes: Int?
    package var keyValueBytes: UInt64
    /// What of its weights is in memory, and all of them; nil where it cannot be told.
    package var residentBytes: Int?
    package var artefactBytes: Int?

    /// `612 MiB of 700 MiB`.
    var residence: String {
        guard let residentBytes, let artefactBytes else { return "-" }
        return "\(Figures.bytes(residentBytes)) of \(Figures.bytes(artefactBytes))"
    }

    private struct Key: Hashable {
        let node: NodeName
        let model: ModelName
    }

    /// Sums up instances and templates by model and node, in the order of their names.
    package static func group(_ instances: [NodeInstance], _ templates: [NodeTemplate]) -> [ModelInUse] {
        var models: [Key: ModelInUse] = [:]
        for entry in templates where entry.template.state != .ended {
            let key = Key(node: entry.node, model: entry.template.model)
            models[key, default: ModelInUse(of: key)].add(entry.template)
        }
        for entry in instances where entry.instance.state != .exited {
            let key = Key(node: entry.node, model: entry.instance.model)
            models[key, default: ModelInUse(of: key)].add(entry.instance)
        }
        return models.values.sorted { ($0.model.text, $0.node.text) < ($1.model.text, $1.node.text) }
    }

    private init(of key: Key) {
        node = key.node
        model = key.model
        state = "template"
        instances = 0
        activeTasks = 0
        privateBytes = nil
        keyValueBytes = 0
    }

    private mutating func add(_ template: TemplateSummary) {
        addPrivate(template.privateBytes)
        residentBytes = template.residentBytes ?? residentBytes
        artefactBytes = template.artefactBytes ?? artefactBytes
    }

    private mutating func add(_ instance: InstanceSummary) {
        instances += 1
        activeTasks += instance.activeTasks
        keyValueBytes &+= instance.keyValueBytes
        addPrivate(instance.privateBytes)
        if Self.weight(of: instance.state.rawValue) > Self.weight(of: state) { state = instance.state.rawValue }
    }

    private mutating func addPrivate(_ bytes: Int?) {
        guard let bytes else { return }
        privateBytes = (privateBytes ?? 0) &+ bytes
    }

    /// The most active state of a model's instances stands for all.
    private static func weight(of state: String) -> Int {
        ["template", "draining", "forked", "specialising", "ready", "busy"].firstIndex(of: state) ?? 0
    }
}
