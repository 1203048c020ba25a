// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// Body of `NodeRoutes.verify`.
package struct ModelVerification: Hashable, Sendable, Codable {
    package var model: ModelName

    package init(model: ModelName) {
        self.model = model
    }
}

/// One line of the answer to `NodeRoutes.verify`. Whoever closes the connection ends the reading.
package enum VerificationProgress: Hashable, Sendable, Codable {
    /// So much of the artefact was read and is as it was written.
    case reading(bytes: Int, total: Int)
    /// All of it is as it was written.
    case intact
    /// It is not; the sentence names the part.
    case damaged(String)
    /// It could not be told; the sentence says why.
    case failed(message: String)
}

/// Body of `NodeRoutes.alias`.
package struct ModelAlias: Hashable, Sendable, Codable {
    package var name: ModelName
    /// The digest of a checkpoint that was packed here.
    package var checkpoint: String

    package init(name: ModelName, checkpoint: String) {
        self.name = name
        self.checkpoint = checkpoint
    }
}
