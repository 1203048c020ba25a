// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import ServingModel

/// One text on its way to a vector. Tokens come in the order of their positions, one added to the other, so the vector
/// has the same bits however the text was cut.
struct TextInPooling {
    let index: Int
    let tokens: [Int32]
    let pooling: EmbeddingParameters.Pooling
    private var sum: [Double]  // [hidden]

    init(index: Int, tokens: [Int32], pooling: EmbeddingParameters.Pooling, width: Int) {
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
