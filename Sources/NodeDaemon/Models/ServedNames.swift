// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// The node's models at one time: what each name stands for, and which names each content has. A value that the
/// `ModelCatalog` makes anew with every change.
struct ServedNames: Sendable {
    private let byName: [ModelName: ModelSummary]
    private let byContent: [String: [ModelName]]

    init(_ models: [ModelSummary] = []) {
        byName = Dictionary(models.map { ($0.name, $0) }) { $1 }
        byContent = Dictionary(grouping: byName.keys) { [byName] in byName[$0]?.digest ?? "" }
            .mapValues { $0.sorted { $0.text < $1.text } }
    }

    /// All models, by name.
    var all: [ModelSummary] { byName.values.sorted { $0.name.text < $1.name.text } }
    var count: Int { byName.count }
    var contents: Set<String> { Set(byContent.keys) }

    /// The model of a name as a listing shows it; nil where there is none.
    subscript(name: ModelName) -> ModelSummary? { byName[name] }

    /// What a name stands for.
    func served(_ name: ModelName) -> ServedModel? {
        byName[name].map { ServedModel(name: name, content: $0.digest, defaults: $0.sampling) }
    }

    /// The names of a content, in order.
    func names(of content: String) -> [ModelName] { byContent[content] ?? [] }

    /// A model with this content, under whichever name.
    func model(of content: String) -> ModelSummary? { names(of: content).first.flatMap { byName[$0] } }

    /// The name under which a listing shows what was started as `name`: that, as long as it stands for the content, else
    /// another one of the content.
    func shown(_ name: ModelName, for content: String) -> ModelName {
        byName[name]?.digest == content ? name : names(of: content).first ?? name
    }
}
