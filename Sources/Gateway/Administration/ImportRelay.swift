// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HummingbirdCore
internal import Messages
internal import NIOCore
internal import ServingModel
internal import UnixHTTP

/// Passes a checkpoint on to a node and the node's progress back, holding no more than a part of it.
///
/// The request's body is read by a task of this relay, never by the client towards the node: the server reads the rest
/// of the body when the answer is over, and two must not read at once.
struct ImportRelay: Sendable {
    let cluster: ClusterManager
    let client: any NodeAPI
    let node: NodeName
    let name: ModelName
    let body: RequestBody
    let byteCount: Int?

    func run(to writer: inout any ResponseBodyWriter) async throws {
        let handover = BodyHandover()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await handover.feed(from: body) }
            defer { group.cancelAll() }
            do {
                let progress = try await client.importModel(name, checkpoint: handover, byteCount: byteCount)
                for try await step in progress {
                    if case .completed(let model) = step { await waitUntilSeen(model) }
                    try await writer.write(JSONResponse.line(step))
                }
            } catch {
                guard !Task.isCancelled else { throw error }
                try await writer.write(JSONResponse.line(ImportProgress.failed(message: "node \(node): \(error)")))
            }
        }
    }

    /// Whoever hears that the model is there may ask for it at once.
    private func waitUntilSeen(_ model: ModelSummary) async {
        await cluster.waitUntilSeen { models in
            !cluster.connectedNodeNames.contains(node) || models.contains { $0.node == node && $0.model == model }
        }
    }
}

/// A body in the hands of two tasks: one puts a part in and waits until the other has taken it.
final class BodyHandover: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    private let parts = BoundedChannel<Result<ByteBuffer?, any Error>>(limit: 1)
    private let taken = BoundedChannel<Void>(limit: 1)

    /// Hands all of `body` over, then its end or its error.
    func feed(from body: RequestBody) async {
        do {
            for try await part in body {
                parts.send(.success(part))
                _ = try await taken.receive()
            }
            parts.send(.success(nil), isUrgent: true)
        } catch {
            parts.send(.failure(error), isUrgent: true)
        }
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        let handover: BodyHandover

        mutating func next() async throws -> ByteBuffer? {
            guard let part = try await handover.parts.receive().first else { return nil }
            handover.taken.send(())
            return try part.get()
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(handover: self) }
}
