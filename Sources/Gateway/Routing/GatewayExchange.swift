// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import HummingbirdCore
internal import OpenAIAPI
internal import ServingModel
internal import UnixHTTP

extension HTTPExchange {
    /// Whether the peer may see and change what belongs to others.
    var isAdministrator: Bool { socket == .admin && principal.roles.contains(.admin) }

    /// What `reading` makes of the request's body. Fails with `HTTPRefusal`, and as `reading` does.
    func read<Value: Sendable>(_ reading: @Sendable ([UInt8]) throws -> Value) async throws -> Value {
        try await BoundedBody.read(request, upTo: GenerationRequest.Limits.bodyBytes, reading)
    }
}

extension JSONResponse {
    /// An answer that names its job.
    static func make(json: [UInt8], job: JobID) -> Response {
        make(json: json, headers: [JobHeader.name: job.description])
    }
}
