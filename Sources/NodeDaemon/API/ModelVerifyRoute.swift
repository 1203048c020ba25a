// SPDX-License-Identifier: Apache-2.0
internal import HummingbirdCore
internal import Messages
internal import NIOCore
internal import ServingModel
internal import UnixHTTP

/// One verification over HTTP: progress lines while the artefact is read, at last what was found.
struct ModelVerifyRoute: Sendable {
    let models: ModelCatalog
    let name: ModelName

    /// Refuses a model that is not there with a status of its own; what fails later is the last line.
    func answer() throws -> Response {
        let model = try models.summary(of: name)
        return JSONResponse.lines { writer in
            let (progress, continuation) = AsyncStream<VerificationProgress>.makeStream(
                bufferingPolicy: .bufferingNewest(1))
            async let result = verify(model, continuation)
            for await line in progress { try await writer.write(try JSONResponse.line(line)) }
            try await writer.write(try JSONResponse.line(await result))
        }
    }

    private func verify(
        _ model: ModelSummary, _ lines: AsyncStream<VerificationProgress>.Continuation
    ) async -> VerificationProgress {
        defer { lines.finish() }
        do {
            let damage = try await models.damage(of: model) { lines.yield(.reading(bytes: $0, total: $1)) }
            return damage.map { .damaged($0) } ?? .intact
        } catch {
            return .failed(message: "the packed model of '\(name)' cannot be read: \(error)")
        }
    }
}
