// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// The answer to `GET /v1/models`.
package struct ModelList: Hashable, Sendable, Codable {
    /// One model that can be asked.
    package struct Model: Hashable, Sendable, Codable {
        /// By which requests name it.
        package var id: ModelName
        /// OpenAI's word for the kind of object.
        package var object: String
        /// Seconds since 1970.
        package var created: Int
        /// Always this server.
        package var ownedBy: String

        /// A model; `created` is when it was added, in seconds since 1970.
        package init(id: ModelName, created: Int) {
            self.id = id
            self.object = "model"
            self.created = created
            self.ownedBy = "deepflow"
        }

        private enum CodingKeys: String, CodingKey {
            case id, object, created
            case ownedBy = "owned_by"
        }
    }

    /// OpenAI's word for the kind of object.
    package var object: String
    /// The models that can be asked.
    package var data: [Model]

    /// A list as given.
    package init(_ models: [Model]) {
        self.object = "list"
        self.data = models
    }
}
