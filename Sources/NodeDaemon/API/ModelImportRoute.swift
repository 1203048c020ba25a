// SPDX-License-Identifier: Apache-2.0
internal import HummingbirdCore
internal import Messages
internal import NIOCore
internal import ServingModel
internal import UnixHTTP

/// One import over HTTP: the checkpoint in the request's body, progress lines in the answer's, both at once.
struct ModelImportRoute: Sendable {
    let catalog: ModelCatalog
    let name: ModelName
    /// What the client announced.
    let total: Int?

    /// Bytes between two `receiving` lines.
    private static let reportBytes = 16 << 20

    /// Refuses what cannot be begun with a status of its own; what fails later is the last line.
    func answer(_ request: Request) throws -> Response {
        let slot = try catalog.beginImport(expectedBytes: total)
        return JSONResponse.lines { writer in
            do {
                let spool = try await receive(request, slot.spool, &writer)
                let summary = try await pack(spool, &writer)
                try await writer.write(try JSONResponse.line(ImportProgress.completed(summary)))
            } catch let error as NodeDaemonError {
                try await writer.write(try JSONResponse.line(ImportProgress.failed(message: error.description)))
            }
        }
    }

    private func receive(
        _ request: Request, _ empty: CheckpointSpool, _ writer: inout any ResponseBodyWriter
    ) async throws -> CheckpointSpool {
        var spool = empty
        var reported = 0
        try await writer.write(try JSONResponse.line(ImportProgress.receiving(bytes: 0, total: total)))
        for try await part in request.body {
            try spool.append(part)
            guard spool.byteCount - reported >= Self.reportBytes else { continue }
            reported = spool.byteCount
            try await writer.write(try JSONResponse.line(ImportProgress.receiving(bytes: reported, total: total)))
        }
        guard spool.byteCount > 0 else { throw NodeDaemonError.badCheckpoint("the checkpoint is empty") }
        return spool
    }

    private func pack(_ spool: CheckpointSpool, _ writer: inout any ResponseBodyWriter) async throws -> ModelSummary {
        let (progress, continuation) = AsyncStream<ImportProgress>.makeStream(bufferingPolicy: .bufferingNewest(1))
        async let packed = packAndFinish(spool, continuation)
        for await line in progress { try await writer.write(try JSONResponse.line(line)) }
        return try await packed
    }

    private func packAndFinish(
        _ spool: CheckpointSpool, _ lines: AsyncStream<ImportProgress>.Continuation
    ) async throws -> ModelSummary {
        defer { lines.finish() }
        do {
            return try await catalog.pack(spool, as: name) { done, total in
                lines.yield(.packing(bytes: done, total: total))
            }
        } catch let error as NodeDaemonError {
            throw error
        } catch {
            throw NodeDaemonError.packingFailed("\(error)")
        }
    }
}
