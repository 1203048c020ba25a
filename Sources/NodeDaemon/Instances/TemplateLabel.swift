// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// What a keeper holds of a template for its daemon: the content that it maps, and the name for which it was started.
///
/// Templates are chosen by content alone, so that every name of the content shares them; the name is there for people.
struct TemplateLabel: Hashable, Sendable {
    let name: ModelName
    /// SHA-256 of the artefact in 64 lower-case hexadecimal digits.
    let content: String

    init(name: ModelName, content: String) {
        self.name = name
        self.content = content
    }

    /// Reads the form that a keeper holds; nil for anything else.
    init?(keeperText text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = ModelName(String(parts[0])), ContentDigest.isValid(parts[1]) else {
            return nil
        }
        self.init(name: name, content: String(parts[1]))
    }

    /// The form that a keeper holds; a name has no `@`.
    var keeperText: String { "\(name)@\(content)" }
}
