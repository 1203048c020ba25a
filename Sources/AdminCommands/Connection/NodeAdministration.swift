// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Messages
internal import NIOCore
internal import ServingModel
internal import UnixHTTP

/// What the command orders of a node about instances and templates.
extension AdminServer {
    private static let longestLine = 1 << 20
    /// The node itself gives up before.
    private static let orderTimeout = Duration.seconds(180)

    /// Brings a model to `count` instances, and returns them when they are ready.
    func scale(_ model: ModelName, to count: Int) async throws(CommandError) -> [InstanceSummary] {
        let response = try await order(NodeRoutes.scale, InstanceScale(model: model, count: count))
        do {
            let body = try await response.collect(upTo: 64 << 20)
            return try JSONDecoder().decode([InstanceSummary].self, from: Data(body.readableBytesView))
        } catch {
            throw Self.explain(error)
        }
    }

    /// Ends a model's instances and template, and returns when they are gone.
    func unload(_ model: ModelName) async throws(CommandError) {
        _ = try await order(NodeRoutes.unload, ModelUnload(model: model))
    }

    /// Has a model's template ready; `progress` is told of what happens until then.
    func load(_ load: ModelLoad, _ progress: (LoadProgress) -> Void) async throws(CommandError) {
        let response = try await order(NodeRoutes.load, load)
        do {
            for try await line in response.lines(upTo: Self.longestLine) {
                let step = try JSONDecoder().decode(LoadProgress.self, from: Data(line.readableBytesView))
                if case .failed(let message) = step { throw CommandError.failed(message) }
                progress(step)
                if step == .completed { return }
            }
        } catch {
            throw Self.explain(error)
        }
        if Task.isCancelled { throw .interrupted }
        throw .failed("the node ended the load of \(load.model) without a result; see its log")
    }

    /// Has a node give content that it packed before one more name; nil where it has to be sent after all.
    func alias(_ alias: ModelAlias) async throws(CommandError) -> ModelSummary? {
        let response: ClientResponse
        do throws(CommandError) {
            response = try await order(NodeRoutes.alias, alias)
        } catch .failed {
            return nil
        } catch {
            throw error
        }
        do {
            let body = try await response.collect(upTo: Self.longestLine)
            return try JSONDecoder().decode(ModelSummary.self, from: Data(body.readableBytesView))
        } catch {
            throw Self.explain(error)
        }
    }

    /// Has a node read a model's whole artefact; `progress` is told of what happens until the last word, which is returned.
    func verify(
        _ model: ModelName, _ progress: (Int, Int) -> Void
    ) async throws(CommandError) -> VerificationProgress {
        let response = try await order(NodeRoutes.verify, ModelVerification(model: model))
        do {
            for try await line in response.lines(upTo: Self.longestLine) {
                let step = try JSONDecoder().decode(VerificationProgress.self, from: Data(line.readableBytesView))
                guard case .reading(let bytes, let total) = step else { return step }
                progress(bytes, total)
            }
        } catch {
            throw Self.explain(error)
        }
        if Task.isCancelled { throw .interrupted }
        throw .failed("the node ended the verification of \(model) without a result; see its log")
    }

    private func order(_ route: String, _ body: some Encodable) async throws(CommandError) -> ClientResponse {
        guard let data = try? JSONEncoder().encode(body) else { throw .failed("the order cannot be encoded") }
        return try await send(
            .post, route, headers: ["content-type": "application/json"], body: .bytes(data),
            timeout: Self.orderTimeout)
    }
}
