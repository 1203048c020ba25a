// SPDX-License-Identifier: Apache-2.0
import Messages
import ServingModel
import Testing

@testable import AdminCommands

@Suite("Adding models")
struct ModelAddTests {
    private func model(_ digest: String) throws -> ModelSummary {
        ModelSummary(
            name: try #require(ModelName("m")), digest: digest, architecture: "llama", parameterCount: 1,
            contextLength: 2, vocabularySize: 3, layout: "row", byteCount: 4, keyValueBytesPerToken: 5, createdAt: 6)
    }

    private func node(_ name: String, _ state: NodeConnectionState) throws -> NodeListing {
        NodeListing(
            node: try #require(NodeName(name)), state: state, status: nil, problem: nil, placedTasks: 0)
    }

    @Test("What is said afterwards tells new, equal and other content apart")
    func outcome() throws {
        let now = try model("a")
        #expect(ModelAddCommand.outcome(nil, now) == "added m")
        #expect(ModelAddCommand.outcome(try model("a"), now) == "m is there already")
        #expect(ModelAddCommand.outcome(try model("b"), now) == "replaced m")
    }

    @Test("Of several connected nodes one must be named; the sentence names them and the option")
    func target() throws {
        let one = [try node("one", .connected)]
        try ModelAddCommand.checkTarget(one)
        try ModelAddCommand.checkTarget([])
        let several = one + [try node("two", .connected)]
        let error = #expect(throws: CommandError.self) { try ModelAddCommand.checkTarget(several) }
        #expect(error?.exitCode == 64)
        #expect(error?.description.contains("(one, two): say with --node NAME") == true)
    }

    @Test("An import that waits for another one can be tried again, any other failure cannot")
    func failures() {
        let busy = "node local: another import is in progress on this node: wait until it is over"
        #expect(ModelAddCommand.failure(busy) == .tryAgain(busy))
        #expect(ModelAddCommand.failure("the checkpoint is empty") == .failed("the checkpoint is empty"))
    }

    @Test("What fits is told from weights, context and memory")
    func fit() throws {
        var model = try model("a")
        (model.byteCount, model.keyValueBytesPerToken, model.contextLength) = (3 << 30, 1 << 17, 8192)
        #expect(
            ModelShowCommand.fit(model, in: 4 << 30)
                == "weights, and beside them 8192 tokens (1 whole contexts) in the machine's 4 GiB")
        #expect(ModelShowCommand.fit(model, in: 2 << 30).hasPrefix("not whole: 3 GiB of weights"))
    }
}
