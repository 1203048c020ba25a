// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// Body of `NodeRoutes.scale`.
package struct InstanceScale: Hashable, Sendable, Codable {
    package var model: ModelName
    /// Instances that the model is to have, now and as a minimum from now on.
    package var count: Int

    package init(model: ModelName, count: Int) {
        self.model = model
        self.count = count
    }
}

/// Body of `NodeRoutes.load`.
package struct ModelLoad: Hashable, Sendable, Codable {
    package var model: ModelName
    /// Read the whole artefact into memory first.
    package var populates: Bool
    /// Keep the template although nobody uses it (true), or no longer (false); nil leaves that as it is.
    package var pins: Bool?

    package init(model: ModelName, populates: Bool, pins: Bool?) {
        self.model = model
        self.populates = populates
        self.pins = pins
    }
}

/// Body of `NodeRoutes.unload`.
package struct ModelUnload: Hashable, Sendable, Codable {
    package var model: ModelName

    package init(model: ModelName) {
        self.model = model
    }
}

/// One line of the answer to `NodeRoutes.load`. Whoever closes the connection cancels what is left of it.
package enum LoadProgress: Hashable, Sendable, Codable {
    /// So much of the artefact is in memory.
    case populating(bytes: Int, total: Int)
    /// The template is being started.
    case starting
    case completed
    /// Nothing more happens; the sentence says why.
    case failed(message: String)
}
