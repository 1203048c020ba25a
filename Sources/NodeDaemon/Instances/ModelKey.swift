// SPDX-License-Identifier: Apache-2.0
package import Messages
package import ServingModel

/// A model as templates and instances know it: its name together with its content, so that nothing of a model that was
/// replaced under the same name serves the new one.
package struct ModelKey: Hashable, Sendable {
    package let name: ModelName
    /// SHA-256 of the artefact in 64 lower-case hexadecimal digits.
    package let digest: String

    package init(name: ModelName, digest: String) {
        self.name = name
        self.digest = digest
    }

    package init(_ model: ModelSummary) {
        self.init(name: model.name, digest: model.digest)
    }

    /// Reads the form that a keeper holds for its daemon; nil for anything else.
    package init?(keeperText text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = ModelName(String(parts[0])), ContentDigest.isValid(parts[1]) else {
            return nil
        }
        self.init(name: name, digest: String(parts[1]))
    }

    /// The form that a keeper holds; a name has no `@`.
    package var keeperText: String { "\(name)@\(digest)" }
}
