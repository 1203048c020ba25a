// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import CFlowKernels
internal import FlowServe
internal import Glibc
internal import LanguageModels
internal import LinuxKernel

/// The engine over a mapped artefact, without daemons: what its steps alone take.
struct MeasuredEngine {
    private static let blocksOfSequence = 16
    private static let prompt = 16

    /// Name of the instruction set path.
    let path: String
    /// Bytes of weights that a step reads: all but an embedding of which it takes single rows.
    let bytesPerToken: Int
    private let bytes: UnsafeRawBufferPointer
    private let threads: Int
    private let runner: ModelRunner
    private let vocabulary: Int
    private var sampled: [Int32] = []

    init(path file: String, threads: Int) throws {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else { throw SystemCallError("open", file) }
        bytes = UnsafeRawBufferPointer(
            try MappedMemory(descriptor, byteCount: Int(status.st_size), access: .readOnly).leak())
        close(descriptor)
        let artefact = try Artefact(verifying: bytes)
        let embedding = artefact.tensor(.output) == nil ? 0 : artefact.tensor(.tokenEmbedding)?.byteCount ?? 0
        bytesPerToken = bytes.count - embedding
        let blocks = 8 * Self.blocksOfSequence
        let memory = try MemoryFile.unsealed(name: "engine-speed")
        let size = KVGeometry(configuration: artefact.configuration).bytesPerBlock * blocks
        guard ftruncate(memory.rawValue, size) == 0 else { throw SystemCallError("ftruncate", "\(size) bytes") }
        runner = try ModelRunner(
            artefact: artefact,
            keyValueMemory: try MappedMemory(memory.rawValue, byteCount: size, access: .readWrite).leak(),
            rankCount: threads, maximumRows: 512)
        try runner.startRanks()
        self.threads = threads
        vocabulary = artefact.configuration.vocabularySize
        path = String(cString: flow_path_name(flow_path_active()))
    }

    /// Does some work; what it needs before is not counted.
    mutating func measure(_ work: MeasuredWork) throws -> MeasuredTime {
        let sequences = work == .decode ? 1 : 8
        if work == .decode || work == .batch8 {
            for sequence in 0..<sequences { fill(sequence, count: Self.prompt) }
        }
        let start = (Self.seconds(CLOCK_MONOTONIC), Self.seconds(CLOCK_PROCESS_CPUTIME_ID))
        let count: Int
        switch work {
        case .decode, .batch8:
            let steps = work == .decode ? 32 : 8
            for step in 0..<steps { decode(sequences, position: Self.prompt + step) }
            count = steps * sequences
        case .prefill512:
            count = 512
            fill(0, count: count)
        case .read:
            count = bytes.count
            try ReadLoop(bytes, threads: threads).run()
        }
        return MeasuredTime(
            count: count, seconds: Self.seconds(CLOCK_MONOTONIC) - start.0,
            cpuSeconds: Self.seconds(CLOCK_PROCESS_CPUTIME_ID) - start.1)
    }

    private mutating func fill(_ sequence: Int, count: Int) {
        let rows = (0..<count).map {
            StepRow(
                token: Int32($0 % 1000 % vocabulary), position: $0, sequence: 0, sampling: $0 == count - 1 ? 0 : nil)
        }
        runner.run(
            StepBatch(rows: rows, sequences: [table(sequence)], samplings: [SamplingPlan()]), into: &sampled)
    }

    private mutating func decode(_ sequences: Int, position: Int) {
        let rows = (0..<sequences).map {
            StepRow(token: Int32((position + $0) % 1000 % vocabulary), position: position, sequence: $0, sampling: $0)
        }
        let batch = StepBatch(
            rows: rows, sequences: (0..<sequences).map(table),
            samplings: Array(repeating: SamplingPlan(), count: sequences))
        runner.run(batch, into: &sampled)
    }

    private func table(_ sequence: Int) -> StepSequence {
        StepSequence(
            blockTable: (0..<Self.blocksOfSequence).map { Int32(sequence * Self.blocksOfSequence + $0) })
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
