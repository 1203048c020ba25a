// SPDX-License-Identifier: Apache-2.0

/// A regular expression as a tree. Used when a model is packed.
indirect enum PatternNode {
    /// One character of a set.
    case set(ScalarSet)
    /// One after the other; empty for nothing.
    case sequence([PatternNode])
    /// The first that leads to a match.
    case choice([PatternNode])
    /// Repetitions; `most` is nil for any number.
    case repetition(PatternNode, least: Int, most: Int?, isGreedy: Bool)
    /// What must, or must not, follow; takes nothing.
    case look(PatternNode, isNegative: Bool)

    /// Whether it can match nothing.
    var isNullable: Bool {
        switch self {
        case .set: false
        case .sequence(let parts): parts.allSatisfy(\.isNullable)
        case .choice(let parts): parts.contains(where: \.isNullable)
        case .repetition(let body, let least, _, _): least == 0 || body.isNullable
        case .look: true
        }
    }
}

/// Why a regular expression cannot be used.
struct PatternProblem: Error, Equatable {
    /// What is wrong or not built in, in words.
    let text: String
    /// Character of the expression, from 0.
    let offset: Int
}
