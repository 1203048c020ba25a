// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// The answer to `GET /v1/models`.
package struct ModelList: Hashable, Sendable, Codable {
    /// One model that can be asked.
    package struct Model: Hashable, Sendable, Codable {
        package var id: ModelName
        package var object: String
        /// Seconds since 1970.
        package var created: Int
        package var ownedBy: String

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

    package var object: String
    package var data: [Model]

    package init(_ models: [Model]) {
        self.object = "list"
        self.data = models
    }
}
