// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import ServingModel

/// A connection whose peer is known, on its way from the accept loop to its own task.
struct AcceptedConnection: Sendable {
    let principal: Principal
    let channel: any Channel
    let exchanges: AsyncStream<ServerExchange>

    /// Answers requests until the connection is closed; whatever still runs for it then is cancelled.
    func run(_ answer: @escaping @Sendable (ServerExchange) async -> Void) async {
        await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await exchange in exchanges { await answer(exchange) }
                }
                try? await channel.closeFuture.get()
                group.cancelAll()
            }
        } onCancel: {
            channel.close(promise: nil)
        }
    }
}
