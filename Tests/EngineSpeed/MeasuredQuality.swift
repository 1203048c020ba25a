// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import CFlowKernels
internal import FlowServe
internal import Foundation
internal import Tokenization

/// How likely a model finds texts, for comparisons of its kernels with plain arithmetic. Everything runs on the calling
/// thread, since an instruction set is forced for one thread only.
final class MeasuredQuality {
    /// Tokens that are looked at together; each window begins without context.
    private static let window = 512

    private let model: MeasuredArtefact
    private let runner: ModelRunner
    private var sampled: [Int32] = []

    init(_ model: MeasuredArtefact) throws {
        self.model = model
        runner = try model.runner(threads: 1, positions: Self.window, maxStepTokens: 64)
    }

    /// Writes the tokens of a text as numbers of 32 bits; returns how many there are.
    func tokenize(_ text: String, into file: String) throws -> Int {
        let tokenizer = try Tokenizer(verifying: model.artefact.tokenizerTables)
        let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: text)))
        return try write(tokenizer.encode(bytes, control: .asText), to: file)
    }

    /// Writes tokens that the model draws at temperature 1, windows of its own text one after another.
    func generate(_ count: Int, into file: String) throws -> Int {
        var tokens: [Int32] = []
        while tokens.count < count {
            var window: [Int32] = [Int32(tokens.count % model.artefact.configuration.vocabularySize)]
            while window.count < Self.window, tokens.count + window.count < count {
                let plan = SamplingPlan(temperature: 1, seed: 1, index: UInt64(tokens.count + window.count))
                run([window[window.count - 1]], first: window.count - 1, plans: [plan])
                window.append(sampled[0])
            }
            tokens += window
        }
        return try write(tokens, to: file)
    }

    /// The mean of minus the logarithm of each token's probability after those before it in its window.
    func negativeLogLikelihood(of file: String, path: String) throws -> Double {
        let names = [FLOW_PATH_PORTABLE, FLOW_PATH_AVX2, FLOW_PATH_AVX512]
        guard let forced = names.first(where: { String(cString: flow_path_name($0)) == path }),
            flow_path_force(Int32(forced.rawValue))
        else { throw QualityError(description: "this machine has no instruction set path '\(path)'") }
        defer { flow_path_force(-1) }
        let tokens = try Data(contentsOf: URL(fileURLWithPath: file)).withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self) }
        }
        var sum = 0.0
        var count = 0
        for start in stride(from: 0, to: tokens.count - 1, by: Self.window) {
            let window = Array(tokens[start..<min(start + Self.window, tokens.count)])
            sum += surprise(window)
            count += window.count - 1
        }
        return sum / Double(max(count, 1))
    }

    private func surprise(_ window: [Int32]) -> Double {
        var sum = 0.0
        for start in stride(from: 0, to: window.count - 1, by: 32) {
            let end = min(start + 32, window.count - 1)
            run(Array(window[start..<end]), first: start, plans: Array(repeating: SamplingPlan(), count: end - start))
            for index in start..<end {
                let logits = runner.logits(ofSampling: index - start)
                let largest = Double(logits.max() ?? 0)
                let total = logits.reduce(0.0) { $0 + exp(Double($1) - largest) }
                sum += largest + log(total) - Double(logits[Int(window[index + 1])])
            }
        }
        return sum
    }

    private func run(_ tokens: [Int32], first: Int, plans: [SamplingPlan]) {
        let batch = tokens.indices.map {
            StepToken(id: tokens[$0], position: first + $0, sequence: 0, sampling: $0)
        }
        let blocks = (0..<Int32(Self.window / 32)).map { $0 }
        runner.run(
            StepBatch(tokens: batch, sequences: [StepSequence(blockTable: blocks)], samplings: plans), into: &sampled)
    }

    private func write(_ tokens: [Int32], to file: String) throws -> Int {
        try tokens.withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: file)) }
        return tokens.count
    }
}

/// Why quality cannot be measured.
struct QualityError: Error, CustomStringConvertible {
    let description: String
}
