// SPDX-License-Identifier: Apache-2.0

/// What is measured. The counts are those of the comparison's other side.
enum MeasuredWork: String, CaseIterable {
    /// 32 tokens of one sequence, one after another, behind 16 that are computed before.
    case decode
    /// 8 tokens of each of 8 sequences, behind 16 of each.
    case batch8
    /// One prompt of 512 tokens.
    case prefill512
    /// A pass over all bytes of the artefact by as many threads; counts bytes.
    case read

    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// How long some work took.
struct MeasuredTime {
    /// Tokens, or bytes.
    let count: Int
    let seconds: Double
    /// Of all threads of this process.
    let cpuSeconds: Double
}
