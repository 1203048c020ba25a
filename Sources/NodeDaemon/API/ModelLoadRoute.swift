// SPDX-License-Identifier: Apache-2.0
internal import HummingbirdCore
internal import Messages
internal import NIOCore
internal import ServingModel
internal import UnixHTTP

/// One load over HTTP: progress lines until the model's template can fork.
struct ModelLoadRoute: Sendable {
    let service: NodeActor
    let order: ModelLoad

    func answer() -> Response {
        JSONResponse.lines { writer in
            do {
                if order.populates { try await populate(&writer) }
                try await writer.write(try JSONResponse.line(LoadProgress.starting))
                try await service.load(order)
                try await writer.write(try JSONResponse.line(LoadProgress.completed))
            } catch let error as NodeAPIError {
                try await writer.write(try JSONResponse.line(LoadProgress.failed(message: error.message)))
            }
        }
    }

    /// A client that goes away makes a write fail, which cancels the reading.
    private func populate(_ writer: inout any ResponseBodyWriter) async throws {
        let (progress, continuation) = AsyncStream<LoadProgress>.makeStream(bufferingPolicy: .bufferingNewest(1))
        async let populated: Void = populate(continuation)
        for await line in progress { try await writer.write(try JSONResponse.line(line)) }
        try await populated
    }

    private func populate(_ lines: AsyncStream<LoadProgress>.Continuation) async throws {
        defer { lines.finish() }
        let budget = await service.configuration.preloadBytes
        try await service.catalog.populate(order.model, within: budget) { lines.yield($0) }
    }
}
