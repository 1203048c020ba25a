// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// What the engine keeps of an embedding task: its texts, and the vectors that wait for those before them.
struct EmbeddingInProgress {
    let texts: [[Int32]]
    let pooling: EmbeddingParameters.Pooling
    let dimensions: Int

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

    /// The next text that the planner does not have yet.
    mutating func takeText() -> Int? {
        guard nextText < texts.count else { return nil }
        defer { nextText += 1 }
        return nextText
    }

    /// Takes a vector and returns those that can be sent now.
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
