// SPDX-License-Identifier: Apache-2.0
import Foundation
import Messages
import NIOCore
import ServingModel
import Testing
import UnixHTTP

/// Tokens that llama.cpp chose for the default model: `Packaging/default-model/reference_tokens.py` made them.
private struct GreedyReference: Decodable {
    struct Prompt: Decodable {
        let text: String
        let prompt: [Int32]
        let tokens: [Int32]
        /// Distance of the two best logits at each step: small where the choice hung by a hair.
        let gaps: [Float]
    }

    static let path = DeepFlowFixture.root + "/Tests/Fixtures/greedy-reference.json"

    let bytes: Int
    let prompts: [Prompt]
}

extension Integration {
    @Suite("The default model's tokens are llama.cpp's")
    struct GreedyReferenceTests {
        private static let required = 48
        private static let hasReference = FileManager.default.fileExists(atPath: GreedyReference.path)

        @Test(
            "Greedy tokens of at least 48 of 50 prompts are equal, and every difference is a near-tie",
            .enabled(if: hasReference, "Tests/Fixtures/greedy-reference.json is not in this checkout"))
        func tokens() async throws {
            let data = try Data(contentsOf: URL(fileURLWithPath: GreedyReference.path))
            let reference = try JSONDecoder().decode(GreedyReference.self, from: data)
            let size = try FileManager.default.attributesOfItem(atPath: DeepFlowFixture.checkpoint)[.size] as? Int
            #expect(size == reference.bytes, "the reference was made from another checkpoint")
            #expect(reference.prompts.count == 50)
            try await DeepFlowFixture.with(startsAll: false) { fixture in
                try fixture.startNode()
                let ready = try fixture.deepflow(["node", "status", "--wait", "60", "--node", "local"])
                try #require(ready.isSuccess, "\(ready.errors)")
                let answers = try await NodeConversation(fixture.nodeSocket).answer(reference.prompts.map(\.text))
                #expect(Self.equal(answers, reference.prompts) >= Self.required)
            }
        }

        /// Counts the equal ones; shows where the others part and how near the choice was.
        private static func equal(
            _ answers: [NodeConversation.Answer], _ prompts: [GreedyReference.Prompt]
        ) -> Int {
            var equal = 0
            for (answer, expected) in zip(answers, prompts) {
                #expect(answer.promptTokens == expected.prompt.count, "\(expected.text)")
                let length = expected.tokens.count
                guard
                    let step = (0..<length).first(where: {
                        $0 >= answer.tokens.count || answer.tokens[$0] != expected.tokens[$0]
                    })
                else {
                    equal += 1
                    continue
                }
                print("differs at token \(step), gap \(expected.gaps[step]): \(expected.text)")
                #expect(expected.gaps[step] < 0.05, "\(expected.text): not a near-tie at token \(step)")
            }
            return equal
        }
    }
}

/// A scheduler's side of the node API, as far as asking for greedy tokens needs it.
private struct NodeConversation {
    struct Answer {
        var promptTokens = 0
        var tokens: [Int32] = []
        var isOver = false

        /// Notes what happened to the task.
        mutating func note(_ event: TaskEvent, of text: String) {
            switch event {
            case .accepted(let acceptance): promptTokens = acceptance.promptTokens
            case .token(let token): tokens.append(token.id)
            case .vector: Issue.record("a completion has no vectors")
            case .finished: isOver = true
            case .failed(_, let message):
                Issue.record("\(text): \(message)")
                isOver = true
            }
        }
    }

    private let client: UnixHTTPClient

    init(_ socket: String) {
        client = UnixHTTPClient(socketPath: socket)
    }

    /// Sends all prompts at once and collects 64 tokens of each.
    func answer(_ texts: [String]) async throws -> [Answer] {
        let events = try await client.request(.get, NodeRoutes.events)
        var answers = [Answer](repeating: Answer(), count: texts.count)
        var tasks: [TaskID: Int] = [:]
        var waiting = Array(texts.enumerated())[...]
        // No more at once than an instance takes; the next goes when one is over.
        for _ in 0..<16 { try await submitNext(&waiting, &tasks) }
        for try await line in events.lines(upTo: 16 << 20) {
            let event = try JSONDecoder().decode(NodeEvent.self, from: Data(line.readableBytesView))
            switch event {
            case .tokens(let tokens):
                for item in tokens { if let index = tasks[item.task] { answers[index].tokens.append(item.token.id) } }
            case .task(let id, let happened):
                guard let index = tasks[id] else { continue }
                answers[index].note(happened, of: texts[index])
                guard answers[index].isOver else { continue }
                if !waiting.isEmpty { try await submitNext(&waiting, &tasks) }
                if answers.allSatisfy(\.isOver) { return answers }
            case .hello, .models, .instances, .keyValues: break
            }
        }
        return answers
    }

    private func submitNext(
        _ waiting: inout ArraySlice<(offset: Int, element: String)>, _ tasks: inout [TaskID: Int]
    ) async throws {
        guard let (index, text) = waiting.popFirst() else { return }
        let task = ServingTask(
            id: .random(), job: .random(), model: try #require(ModelName(DeepFlowFixture.model)),
            work: .answer(
                .text(text, parsesControlTokens: true),
                SamplingParameters(temperature: 0, seed: 1, maximumTokens: 64, ignoresEndOfSequence: true)),
            tenant: TenantName(userID: 1))
        tasks[task.id] = index
        let response = try await client.request(
            .post, NodeRoutes.tasks, headers: ["content-type": "application/json"],
            body: .bytes(try JSONEncoder().encode(task)))
        #expect(response.status == 202)
        _ = try await response.collect(upTo: 1 << 20)
    }
}
