// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import CFlowKernels
internal import FlowServe
internal import LanguageModels
import ServingModel

/// Everything that can be measured over one artefact on some threads; each part is made when it is first asked for.
final class MeasuredEngine {
    let model: MeasuredArtefact
    private let threads: Int
    private let team: RankTeam
    private lazy var steps = Result { try MeasuredSteps(model, threads: threads) }
    private lazy var tasks = Result { try MeasuredTasks(model, threads: threads) }
    private lazy var matrices8 = Result { try MatrixProducts(model.artefact, vectors: 8, ranks: threads) }
    private lazy var matrices512 = Result { try MatrixProducts(model.artefact, vectors: 512, ranks: threads) }

    private lazy var ownQuality = Result { try MeasuredQuality(model) }

    init(path file: String, threads: Int, keyValueType: KeyValueType?) throws {
        model = try MeasuredArtefact(path: file, keyValueType: keyValueType)
        self.threads = threads
        team = try RankTeam(rankCount: threads)
    }

    /// Name of the instruction set path.
    var path: String { String(cString: flow_path_name(flow_path_active())) }

    /// What is asked about the model's answers, not about its speed.
    func quality() throws -> MeasuredQuality { try ownQuality.get() }

    /// Prefills 512 tokens in steps of so many tokens, behind so many others.
    func prefill(_ tokens: Int, behind context: Int) throws -> Measured {
        var steps = try steps.get()
        return steps.prefill(512, tokensPerStep: tokens, behind: context)
    }

    /// Does some work; what it needs before is not counted.
    func measure(_ work: MeasuredWork) throws -> Measured {
        switch work {
        case .decode, .batch8, .prefill512:
            var steps = try steps.get()
            switch work {
            case .decode: return steps.decode(sequences: 1, steps: 32)
            case .batch8: return steps.decode(sequences: 8, steps: 8)
            default: return steps.prefill(512, tokensPerStep: 512, behind: 0)
            }
        case .streams8: return try tasks.get().streams(8, prompt: 128, answer: 64)
        case .longPrompt: return try tasks.get().longPromptBesideAnswers()
        case .allocations: return try allocations()
        case .matrix8: return run(try matrices8.get())
        case .matrix512: return run(try matrices512.get())
        case .read: return run(.read(model.bytes))
        case .bytes: return run(.multiplyBytes(tiles: 64 * threads, rounds: 200_000))
        case .nibbles: return run(.multiplyNibbles(tiles: 64 * threads, rounds: 200_000))
        case .floats: return run(.multiplyFloats(tiles: 64 * threads, rounds: 200_000))
        }
    }

    private func allocations() throws -> Measured {
        let count = 64
        var steps = try steps.get()
        let ofRunner = steps.allocations(steps: count)
        var measured = try Measured.of { try tasks.get().allocations(steps: count) }
        measured.further = [("of_runner", Double(ofRunner)), ("steps", Double(count))]
        return measured
    }

    private func run(_ products: MatrixProducts) -> Measured {
        var measured = Measured.of {
            team.run(products)
            return products.operations
        }
        measured.further = [
            ("bytes", Double(products.byteCount)), ("of_floats", products.isOfFloats ? 1 : 0),
            ("of_nibbles", products.isOfNibbles ? 1 : 0),
        ]
        return measured
    }

    private func run(_ kind: MachineLoop.Kind) -> Measured {
        let loop = MachineLoop(kind)
        return Measured.of {
            team.run(loop)
            return loop.count
        }
    }
}
