// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Testing

@Suite("Attention")
struct AttentionTests {
    /// One head's memory of some tokens; unused memory holds halves that are not numbers.
    private final class Head {
        let size: Int
        let window: Int
        let bound: Float
        let number: flow_number
        var keys: [[Float]] = []
        var values: [[Float]] = []
        private let memory: UnsafeMutableRawBufferPointer
        private let table: UnsafeMutablePointer<Int32>
        private var view: flow_attention

        init(
            size: Int, tokens: Int, table order: [Int32], seed: Int, number: flow_number = FLOW_NUMBER_F16,
            window: Int = 0, bound: Float = 0
        ) {
            self.size = size
            self.window = window
            self.bound = bound
            self.number = number
            let offset = 128
            let padded = (size + 15) / 16 * 16
            let perHead =
                switch number {
                case FLOW_NUMBER_F16: (size + padded) * 64
                case FLOW_NUMBER_INT8: 2 * (padded * 32 + (size + 31) / 32 * 64)
                default: (size + padded) * 128
                }
            let bytes = offset + perHead
            memory = .allocate(byteCount: bytes * (Int(order.max() ?? 0) + 1), alignment: 64)
            memory.initializeMemory(as: UInt8.self, repeating: 0x7f)
            table = .allocate(capacity: order.count)
            for (index, block) in order.enumerated() { table[index] = block }
            view = flow_attention(
                memory: memory.baseAddress?.assumingMemoryBound(to: UInt8.self), block_bytes: bytes,
                head_offset: offset, blocks: table, head_size: size, scale: 1 / Float(size).squareRoot(), bound: bound,
                window: window, number: number)
            var random = TestNumbers(seed)
            for token in 0..<tokens {
                keys.append((0..<size).map { _ in Float.random(in: -2..<2, using: &random) })
                values.append((0..<size).map { _ in Float.random(in: -2..<2, using: &random) })
                flow_store(&view, token, keys[token], values[token])
            }
        }

        deinit {
            memory.deallocate()
            table.deallocate()
        }

        var bytes: [UInt8] { Array(memory) }

        /// A component of a key or value as the memory keeps it.
        func stored(_ vector: [Float], _ index: Int) -> Double {
            switch number {
            case FLOW_NUMBER_F16: return Double(Float16(vector[index]))
            case FLOW_NUMBER_INT8:
                let group = vector[(index / 32 * 32)..<min(index / 32 * 32 + 32, size)]
                let largest = group.map(abs).max() ?? 0
                let scale = Double(Float16(largest / 127))
                return Double((vector[index] * (127 / largest)).rounded(.toNearestOrEven)) * scale
            default: return Double(vector[index])
            }
        }

        func score(_ query: [Float], token: Int, _ power: (Double) -> Double) -> Double {
            let product = query.indices.reduce(0.0) { $0 + Double(query[$1]) * stored(keys[token], $1) }
            let score = product / Double(size).squareRoot()
            if bound == 0 { return score }
            let size = power(-2 * abs(score) / Double(bound))
            return (score < 0 ? -1 : 1) * Double(bound) * (1 - size) / (1 + size)
        }

        /// [queries][size]
        func attend(_ queries: [[Float]], _ lengths: [Int]) -> [[Float]] {
            let flat = queries.flatMap { $0 }
            var result = [Float](repeating: 7, count: flat.count)
            flat.withUnsafeBufferPointer { flat in
                result.withUnsafeMutableBufferPointer { result in
                    guard let input = flat.baseAddress, let output = result.baseAddress else { return }
                    let inputs: [UnsafePointer<Float>?] = queries.indices.map { input + $0 * size }
                    let outputs: [UnsafeMutablePointer<Float>?] = queries.indices.map { output + $0 * size }
                    flow_attend(&view, queries.count, inputs, lengths, outputs)
                }
            }
            return queries.indices.map { Array(result[$0 * size..<($0 + 1) * size]) }
        }
    }

    private func queries(_ count: Int, size: Int, seed: Int) -> [[Float]] {
        var random = TestNumbers(seed)
        return (0..<count).map { _ in (0..<size).map { _ in Float.random(in: -3..<3, using: &random) } }
    }

    private static let sizes = [2, 10, 16, 33, 64, 80, 128]

    @Test("is softmax of scores times values", arguments: sizes, [FLOW_NUMBER_F16, FLOW_NUMBER_F32, FLOW_NUMBER_INT8])
    func definition(_ size: Int, _ number: flow_number) {
        compare(Head(size: size, tokens: 100, table: [2, 0, 3, 1], seed: size, number: number))
    }

    @Test("sees no token before the window", arguments: [1, 5, 32, 33, 64, 99, 100, 101], [16, 20])
    func windows(_ window: Int, _ size: Int) {
        compare(Head(size: size, tokens: 100, table: [2, 0, 3, 1], seed: size, window: window))
    }

    @Test("keeps scores within their bound", arguments: sizes, [0.5, 50])
    func bounds(_ size: Int, _ bound: Float) {
        compare(Head(size: size, tokens: 100, table: [2, 0, 3, 1], seed: size, window: 40, bound: bound))
    }

    /// Compares a head of 100 tokens with the definition in double precision.
    private func compare(_ head: Head) {
        let queries = queries(5, size: head.size, seed: 4)
        let lengths = [1, 32, 33, 99, 100]
        for (query, result) in head.attend(queries, lengths).enumerated() {
            let first = head.window == 0 ? 0 : max(0, lengths[query] - head.window)
            let scores = (first..<lengths[query]).map { head.score(queries[query], token: $0, power) }
            let weights = scores.map { power($0 - (scores.max() ?? 0)) }
            let total = weights.reduce(0, +)
            for component in 0..<head.size {
                let expected = zip(weights, head.values[first...]).reduce(0.0) {
                    $0 + $1.0 / total * head.stored($1.1, component)
                }
                #expect(abs(Double(result[component]) - expected) < 1e-5)
            }
        }
    }

    /// e^x by its series after dividing the argument; independent of the kernel's way.
    private func power(_ x: Double) -> Double {
        var sum = 1.0
        var term = 1.0
        for index in 1..<30 {
            term *= x / 256 / Double(index)
            sum += term
        }
        for _ in 0..<8 { sum *= sum }
        return sum
    }

    @Test(
        "gives the portable path's bits on every path", arguments: [2, 10, 16, 33, 64, 80, 128, 1024],
        [FLOW_NUMBER_F16, FLOW_NUMBER_F32, FLOW_NUMBER_INT8])
    func paths(_ size: Int, _ number: flow_number) {
        func head(_ path: flow_path) -> Head {
            on(path) {
                Head(
                    size: size, tokens: 75, table: [1, 2, 0], seed: 6, number: number, window: size % 5 * 20,
                    bound: Float(size % 3))
            }
        }
        let plain = head(FLOW_PATH_PORTABLE)
        for count in 1...8 {
            let queries = queries(count, size: size, seed: count)
            let lengths = (0..<count).map { [75, 64, 70, 1, 75, 75, 75, 75][$0] }
            let expected = on(FLOW_PATH_PORTABLE) { plain.attend(queries, lengths) }
            for path in widePaths {
                let head = head(path)
                #expect(head.bytes == plain.bytes)
                #expect(on(path) { head.attend(queries, lengths) }.map(\.bits) == expected.map(\.bits))
            }
        }
    }

    @Test(
        "gives a query the same bits alone and among others, before and after later tokens are stored",
        arguments: [0, 1, 9, 33], [FLOW_NUMBER_F16, FLOW_NUMBER_INT8])
    func batches(_ window: Int, _ number: flow_number) {
        let size = 64
        let long = Head(size: size, tokens: 128, table: [0, 1, 2, 3], seed: 1, number: number, window: window)
        let short = Head(size: size, tokens: 41, table: [3, 1], seed: 1, number: number, window: window)
        let queries = queries(8, size: size, seed: 2)
        let lengths = [41, 41, 41, 41, 3, 41, 32, 128]
        let together = long.attend(queries, lengths)
        for query in queries.indices {
            #expect(long.attend([queries[query]], [lengths[query]])[0].bits == together[query].bits)
            guard lengths[query] <= 41 else { continue }
            #expect(short.attend([queries[query]], [lengths[query]])[0].bits == together[query].bits)
        }
    }

    @Test("stays finite with scores far beyond what e^x can hold", arguments: [FLOW_NUMBER_F16, FLOW_NUMBER_INT8])
    func largeScores(_ number: flow_number) {
        let head = Head(size: 16, tokens: 64, table: [0, 1], seed: 3, number: number)
        let queries = queries(2, size: 16, seed: 5).map { $0.map { $0 * 1e4 } }
        for result in head.attend(queries, [64, 40]) {
            #expect(result.allSatisfy { $0.isFinite && abs($0) <= 2 })
        }
    }
}
