// SPDX-License-Identifier: Apache-2.0
import Foundation
import Messages
import NIOCore
import ServingModel
import Testing
import UnixHTTP

/// OpenAI's API over a socket as a plain HTTP client sees it.
struct SocketAPI: Sendable {
    /// An answer that came whole.
    struct Answer {
        let status: Int
        let job: String?
        let body: Data

        /// The body as a JSON object.
        var object: [String: Any] {
            get throws { try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any]) }
        }

        /// One field of the error envelope; nil where it has none.
        func error(_ field: String) throws -> String? {
            (try object["error"] as? [String: Any])?[field] as? String
        }
    }

    private let client: UnixHTTPClient

    init(_ socket: String) {
        client = UnixHTTPClient(socketPath: socket)
    }

    /// Sends bytes as they are.
    func post(_ path: String, raw body: Data) async throws -> Answer {
        try await send(.post, path, body: .bytes(body))
    }

    /// Sends a JSON object.
    func post(_ path: String, _ object: [String: Any]) async throws -> Answer {
        try await post(path, raw: try JSONSerialization.data(withJSONObject: object))
    }

    func send(_ method: ClientMethod, _ path: String, body: ClientRequestBody = .none) async throws -> Answer {
        let response = try await client.request(
            method, path, headers: ["content-type": "application/json"], body: body)
        let job = response.header(SchedulerRoutes.jobHeader)
        let whole = try await response.collect(upTo: 64 << 20)
        return Answer(status: response.status, job: job, body: Data(whole.readableBytesView))
    }

    /// A GET decoded as one of the listings' types.
    func get<Value: Decodable>(_ path: String, as type: Value.Type = Value.self) async throws -> Value {
        let answer = try await send(.get, path)
        #expect(answer.status == 200, "\(path): \(String(decoding: answer.body, as: UTF8.self))")
        return try JSONDecoder().decode(Value.self, from: answer.body)
    }

    /// The job's record once it is final.
    func finalRecord(of job: String?) async throws -> JobRecord {
        let path = SchedulerRoutes.job(try #require(job))
        var record: JobRecord = try await get(path)
        try await eventually("job \(record.id) becomes final") {
            record = try await get(path)
            return record.status.isFinal
        }
        return record
    }

    /// A chat or completion as a stream; `onPart` is called after each part that has text, with their number so far.
    /// Throwing from it hangs up.
    func stream(
        _ object: [String: Any], path: String = SchedulerRoutes.chatCompletions,
        onPart: (Int) async throws -> Void = { _ in }
    ) async throws -> StreamedAnswer {
        var object = object
        object["stream"] = true
        object["stream_options"] = ["include_usage": true]
        let body = try JSONSerialization.data(withJSONObject: object)
        let response = try await client.request(
            .post, path, headers: ["content-type": "application/json"], body: .bytes(body))
        var answer = StreamedAnswer(status: response.status, job: response.header(SchedulerRoutes.jobHeader))
        for try await line in response.lines(upTo: 1 << 20) {
            if try answer.add(Data(line.readableBytesView)) { try await onPart(answer.parts) }
        }
        return answer
    }
}

/// What came of a stream.
struct StreamedAnswer {
    let status: Int
    let job: String?
    private(set) var text = ""
    private(set) var parts = 0
    private(set) var finishReason: String?
    private(set) var isDone = false
    private(set) var promptTokens: Int?
    private(set) var completionTokens: Int?
    private(set) var error: String?

    init(status: Int, job: String?) {
        self.status = status
        self.job = job
    }

    /// Takes one line in; whether it brought text.
    mutating func add(_ line: Data) throws -> Bool {
        let prefix = Data("data: ".utf8)
        guard line.starts(with: prefix) else { return false }
        let payload = line.dropFirst(prefix.count)
        if payload.elementsEqual("[DONE]".utf8) {
            isDone = true
            return false
        }
        let event = try #require(try JSONSerialization.jsonObject(with: Data(payload)) as? [String: Any])
        if let failure = event["error"] as? [String: Any] { error = failure["message"] as? String }
        if let usage = event["usage"] as? [String: Any] {
            promptTokens = usage["prompt_tokens"] as? Int
            completionTokens = usage["completion_tokens"] as? Int
        }
        guard let choice = (event["choices"] as? [[String: Any]])?.first else { return false }
        if let reason = choice["finish_reason"] as? String { finishReason = reason }
        let new = (choice["delta"] as? [String: Any])?["content"] as? String ?? choice["text"] as? String ?? ""
        text += new
        if !new.isEmpty { parts += 1 }
        return !new.isEmpty
    }
}

/// Asks again until `condition` holds. For states of other processes that send no event to a client; fails after a
/// time that no healthy machine needs.
func eventually(
    _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record("not within 30 s: \(what)", sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}
