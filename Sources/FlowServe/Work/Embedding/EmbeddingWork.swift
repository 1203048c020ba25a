// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// Embeddings: texts to vectors. Each text is a sequence of its own; vectors are sent in the order of the texts.
final class EmbeddingWork: ComputedWork {
    /// Texts of one task that the planner has at the same time, so that a long list leaves steps to others.
    private static let textsInPlanner = 16

    let task: TaskID
    let queue: TenantQueue
    private let delivered: Int
    private var embedding: EmbeddingInProgress
    /// Texts that the planner has.
    private var texts: [SequenceNumber: TextInPooling] = [:]

    /// Checks a submission and reads its texts.
    init(
        _ submission: TaskSubmission, _ inputs: [Prompt], _ parameters: EmbeddingParameters, in context: WorkContext
    ) throws(TaskRefusal) {
        try Self.check(inputs)
        let dimensions = try Self.dimensions(parameters, context.configuration)
        let pooling = parameters.pooling ?? EmbeddingParameters.Pooling(of: context.configuration.pooling)
        if pooling == .first, !context.needsWholeTexts {
            throw TaskRefusal(
                .invalidRequest,
                "'pooling' is 'cls', but this model's first token has read nothing; ask for 'mean' or 'last'")
        }
        var texts: [[Int32]] = []
        for (index, input) in inputs.enumerated() { texts.append(try Self.tokens(of: input, at: index, in: context)) }
        task = submission.task
        queue = TenantQueue(submission)
        delivered = submission.delivered
        embedding = EmbeddingInProgress(
            texts: texts, pooling: pooling, dimensions: dimensions, delivered: submission.delivered, at: context.now())
    }

    private static func check(_ inputs: [Prompt]) throws(TaskRefusal) {
        guard (1...EmbeddingParameters.Limits.inputs).contains(inputs.count) else {
            throw TaskRefusal(
                .invalidRequest,
                "'input' holds \(inputs.count) texts; it must hold 1 to \(EmbeddingParameters.Limits.inputs)")
        }
        for input in inputs { try SubmissionRules.check(input) }
    }

    private static func dimensions(
        _ parameters: EmbeddingParameters, _ configuration: ModelConfiguration
    ) throws(TaskRefusal) -> Int {
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
        return dimensions
    }

    private static func tokens(
        of input: Prompt, at index: Int, in context: WorkContext
    ) throws(TaskRefusal) -> [Int32] {
        let tokens = try context.prompts.tokens(ofWhole: input)
        let most = min(context.contextTokens, context.needsWholeTexts ? context.limits.batch.tokensPerStep : .max)
        guard tokens.count <= most else {
            let bound = most < context.contextTokens ? "this instance reads \(most) at once" : context.contextBound
            throw TaskRefusal(
                .contextLengthExceeded, "'input[\(index)]' has \(tokens.count) tokens and \(bound); shorten it")
        }
        return tokens
    }

    func begin(in context: WorkContext) {
        context.send(.accepted(task, promptTokens: embedding.promptTokens, firstIndex: delivered))
        proceed(in: context)
    }

    /// Vectors are not held back for acknowledgements: there are no more of them than texts.
    func acknowledge(_ index: Int, in context: WorkContext) {}

    func outcome(_ reason: FinishReason, at time: MonotonicTime) -> TaskOutcome {
        embedding.outcome(reason, at: time)
    }

    /// Gives the planner more texts, and ends the task when all are done.
    private func proceed(in context: WorkContext) {
        while texts.count < Self.textsInPlanner, let index = embedding.takeText() {
            let tokens = embedding.texts[index]
            let number = context.addSequence(of: self, tokenCount: tokens.count, isWhole: context.needsWholeTexts)
            texts[number] = TextInPooling(
                index: index, tokens: tokens, pooling: embedding.pooling, width: context.configuration.hiddenSize)
        }
        if embedding.isComplete { context.finish(self, .stop) }
    }

    func layOut(_ chunk: PlannedChunk, into batch: inout StepBatch) {
        guard let text = texts[chunk.sequence] else { preconditionFailure("a text of the planner is not known") }
        for position in chunk.firstPosition..<chunk.firstPosition + chunk.count {
            batch.tokens.append(
                StepToken(
                    id: text.tokens[position], position: position, sequence: batch.sequences.count,
                    isPooled: text.pools(position)))
        }
        batch.sequences.append(StepSequence(blockTable: chunk.blocks, tokenCount: text.tokens.count))
    }

    func take(_ chunk: PlannedChunk, from outputs: inout StepOutputs, in context: WorkContext) -> SequenceProgress {
        guard let text = texts[chunk.sequence] else { preconditionFailure("a text of the planner is not known") }
        for position in chunk.firstPosition..<chunk.firstPosition + chunk.count where text.pools(position) {
            texts[chunk.sequence]?.add(outputs.nextHiddenState())
        }
        guard chunk.samples else { return .continues }
        complete(chunk.sequence, at: outputs.time, in: context)
        return .ends
    }

    /// A text is computed: its vector is sent when those before it are.
    private func complete(_ number: SequenceNumber, at time: MonotonicTime, in context: WorkContext) {
        guard let text = texts.removeValue(forKey: number), context[task] === self else { return }
        context.dropSequence(number)
        guard let vector = text.vector(dimensions: embedding.dimensions) else {
            return context.fail(
                self, .internalError,
                "the model makes no numbers of 'input[\(text.index)]'; its weights may be damaged")
        }
        let input = EmbeddedInput(index: text.index, tokenCount: text.tokens.count, vector: vector)
        for input in embedding.deliver(input, at: time) { context.send(.vector(task, input)) }
        proceed(in: context)
    }
}
