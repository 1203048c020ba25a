// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import LinuxKernel
internal import ServingModel

/// What the engine keeps of an embedding task: its texts, and the vectors that wait for those before them.
struct EmbeddingInProgress {
    let texts: [[Int32]]
    let pooling: EmbeddingParameters.Pooling
    let dimensions: Int
    /// The planner has these.
    var inFlight: Set<SequenceNumber> = []

    private var nextText: Int
    private var nextDelivered: Int
    private var waiting: [Int: EmbeddedInput] = [:]
    private let acceptedAt: MonotonicTime
    private var firstVectorAt: MonotonicTime?

    /// A task that begins, or goes on after `delivered` vectors.
    init(
        texts: [[Int32]], pooling: EmbeddingParameters.Pooling, dimensions: Int, delivered: Int, at now: MonotonicTime
    ) {
        self.texts = texts
        self.pooling = pooling
        self.dimensions = dimensions
        nextText = min(delivered, texts.count)
        nextDelivered = nextText
        acceptedAt = now
    }

    var promptTokens: Int { texts.reduce(0) { $0 + $1.count } }

    var isComplete: Bool { nextDelivered == texts.count }

    /// The next text that nobody computes yet.
    mutating func takeText() -> Int? {
        guard nextText < texts.count else { return nil }
        defer { nextText += 1 }
        return nextText
    }

    /// Takes a vector and returns those whose turn it is now.
    mutating func deliver(_ input: EmbeddedInput, at now: MonotonicTime) -> [EmbeddedInput] {
        if firstVectorAt == nil { firstVectorAt = now }
        waiting[input.index] = input
        var ready: [EmbeddedInput] = []
        while let next = waiting.removeValue(forKey: nextDelivered) {
            ready.append(next)
            nextDelivered += 1
        }
        return ready
    }

    func outcome(_ reason: FinishReason, at now: MonotonicTime) -> TaskOutcome {
        TaskOutcome(
            reason: reason, text: "", completionTokens: nextDelivered,
            prefillMicroseconds: (firstVectorAt ?? now).microseconds(since: acceptedAt),
            decodeMicroseconds: firstVectorAt.map { now.microseconds(since: $0) } ?? 0)
    }
}

/// One text on its way to a vector. Tokens come in the order of their positions, one added to the other, so the vector
/// has the same bits however the text was cut.
struct TextInPooling {
    let task: TaskID
    let index: Int
    let tokens: [Int32]
    let pooling: EmbeddingParameters.Pooling
    private var sum: [Double]  // [hidden]

    init(task: TaskID, index: Int, tokens: [Int32], pooling: EmbeddingParameters.Pooling, width: Int) {
        self.task = task
        self.index = index
        self.tokens = tokens
        self.pooling = pooling
        sum = Array(repeating: 0, count: width)
    }

    /// Whether the token's hidden state takes part.
    func pools(_ position: Int) -> Bool {
        switch pooling {
        case .mean: true
        case .last: position == tokens.count - 1
        case .first: position == 0
        }
    }

    mutating func add(_ hiddenState: UnsafeBufferPointer<Float>) {
        for column in sum.indices { sum[column] += Double(hiddenState[column]) }
    }

    /// The leading numbers of the sum at length 1 (the division by the count falls out); zero where all are zero, nil
    /// where they are no numbers.
    func vector(dimensions: Int) -> [Float]? {
        let kept = sum.prefix(dimensions)
        let length = kept.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length.isFinite else { return nil }
        return kept.map { length > 0 ? Float($0 / length) : 0 }
    }
}

extension EmbeddingParameters.Pooling {
    /// What a model asks for; the mean for one that says nothing about it.
    init(of model: Artefacts.Pooling) {
        self =
            switch model {
            case .unspecified, .mean: .mean
            case .first: .first
            case .last: .last
            }
    }
}
