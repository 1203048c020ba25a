// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Messages
internal import ServingModel

/// Embeddings: texts to vectors. Each text is a sequence of its own in the planner; vectors are sent in the order of
/// the texts.
extension Engine {
    /// Texts of one task that the planner has at the same time, so that a long list leaves steps to others.
    private static let textsInFlight = 16

    func beginEmbedding(
        _ submission: TaskSubmission, _ inputs: [Prompt], _ parameters: EmbeddingParameters
    ) throws(TaskRefusal) {
        let configuration = image.artefact.configuration
        let dimensions = parameters.dimensions ?? configuration.hiddenSize
        guard (1...configuration.hiddenSize).contains(dimensions) else {
            throw TaskRefusal(
                .invalidRequest,
                "'dimensions' is \(dimensions); this model's vectors have 1 to \(configuration.hiddenSize) numbers")
        }
        guard dimensions <= EmbeddingParameters.Limits.dimensions else {
            throw TaskRefusal(
                .invalidRequest,
                "this model's vectors have \(dimensions) numbers; ask for at most "
                    + "\(EmbeddingParameters.Limits.dimensions) with 'dimensions'")
        }
        let pooling = parameters.pooling ?? EmbeddingParameters.Pooling(of: configuration.pooling)
        if pooling == .first, !runner.needsWholeTexts {
            throw TaskRefusal(
                .invalidRequest,
                "'pooling' is 'cls', but this model's first token has read nothing; ask for 'mean' or 'last'")
        }
        var texts: [[Int32]] = []
        for (index, input) in inputs.enumerated() { texts.append(try tokens(of: input, at: index)) }
        let embedding = EmbeddingInProgress(
            texts: texts, pooling: pooling, dimensions: dimensions, delivered: submission.delivered, at: now())
        events.append(
            .accepted(submission.task, promptTokens: embedding.promptTokens, firstIndex: submission.delivered))
        embeddings[submission.task] = embedding
        goOn(submission.task)
    }

    private func tokens(of input: Prompt, at index: Int) throws(TaskRefusal) -> [Int32] {
        let tokens = try prompts.tokens(ofWhole: input)
        let most = min(contextTokens, runner.needsWholeTexts ? limits.batch.tokensPerStep : .max)
        guard tokens.count <= most else {
            let bound = most < contextTokens ? "this instance reads \(most) at once" : contextBound
            throw TaskRefusal(
                .contextLengthExceeded, "'input[\(index)]' has \(tokens.count) tokens and \(bound); shorten it")
        }
        return tokens
    }

    /// Gives the planner more of a task's texts, and ends it when all are done.
    private func goOn(_ task: TaskID) {
        while let embedding = embeddings[task], embedding.inFlight.count < Self.textsInFlight,
            let index = embeddings[task]?.takeText()
        {
            let number = takeNumber()
            let tokens = embedding.texts[index]
            texts[number] = TextInPooling(
                task: task, index: index, tokens: tokens, pooling: embedding.pooling,
                width: image.artefact.configuration.hiddenSize)
            embeddings[task]?.inFlight.insert(number)
            planner.add(number, tokenCount: tokens.count, nextIndex: 0, isWhole: runner.needsWholeTexts)
        }
        if embeddings[task]?.isComplete == true { endEmbedding(task, .stop) }
    }

    /// Takes the pooled tokens of a chunk, the first of which is the step's pooled token `first`; how many there were.
    func addPooled(_ chunk: PlannedChunk, from first: Int) -> Int {
        var count = 0
        for position in chunk.firstPosition..<chunk.firstPosition + chunk.count
        where texts[chunk.sequence]?.pools(position) == true {
            texts[chunk.sequence]?.add(runner.hiddenState(ofPooled: first + count))
            count += 1
        }
        return count
    }

    /// A text is computed: its vector is sent when those before it are.
    func finishText(_ number: SequenceNumber) {
        guard let text = texts.removeValue(forKey: number),
            let dimensions = embeddings[text.task]?.dimensions
        else { return }
        guard let vector = text.vector(dimensions: dimensions) else {
            return failEmbedding(
                text.task, "the model makes no numbers of 'input[\(text.index)]'; its weights may be damaged")
        }
        embeddings[text.task]?.inFlight.remove(number)
        let ready =
            embeddings[text.task]?.deliver(
                EmbeddedInput(index: text.index, tokenCount: text.tokens.count, vector: vector), at: now()) ?? []
        for input in ready { events.append(.vector(text.task, input)) }
        goOn(text.task)
    }

    func endEmbedding(_ task: TaskID, _ reason: FinishReason) {
        guard let embedding = dropEmbedding(task) else { return }
        events.append(.finished(task, embedding.outcome(reason, at: now())))
    }

    private func failEmbedding(_ task: TaskID, _ message: String) {
        guard dropEmbedding(task) != nil else { return }
        events.append(.failed(task, .internalError, message: message))
    }

    private func dropEmbedding(_ task: TaskID) -> EmbeddingInProgress? {
        guard let embedding = embeddings.removeValue(forKey: task) else { return nil }
        for number in embedding.inFlight {
            texts[number] = nil
            planner.remove(number)
        }
        return embedding
    }
}
