// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Testing

@Suite("Attention")
struct AttentionTests {
    /// One head's memory of some tokens; unused memory holds halves that are not numbers.
    private final class Head {
        let size: Int
        var keys: [[Float]] = []
        var values: [[Float]] = []
        private let memory: UnsafeMutableRawBufferPointer
        private let table: UnsafeMutablePointer<Int32>
        private var view: flow_attention

        init(size: Int, tokens: Int, table order: [Int32], seed: Int) {
            self.size = size
            let offset = 128
            let bytes = offset + (size + (size + 15) / 16 * 16) * 64
            memory = .allocate(byteCount: bytes * (Int(order.max() ?? 0) + 1), alignment: 64)
            memory.initializeMemory(as: UInt8.self, repeating: 0x7f)
            table = .allocate(capacity: order.count)
            for (index, block) in order.enumerated() { table[index] = block }
            view = flow_attention(
                memory: memory.baseAddress?.assumingMemoryBound(to: UInt8.self), block_bytes: bytes,
                head_offset: offset, blocks: table, head_size: size, scale: 1 / Float(size).squareRoot())
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

    @Test("is softmax of scores times values", arguments: [2, 10, 16, 33, 64, 80, 128])
    func definition(_ size: Int) {
        let head = Head(size: size, tokens: 100, table: [2, 0, 3, 1], seed: size)
        let queries = queries(5, size: size, seed: 4)
        let lengths = [1, 32, 33, 99, 100]
        for (query, result) in head.attend(queries, lengths).enumerated() {
            let scores = (0..<lengths[query]).map { token in
                zip(queries[query], head.keys[token]).reduce(0.0) { $0 + Double($1.0) * Double(Float16($1.1)) }
                    / Double(size).squareRoot()
            }
            let weights = scores.map { power($0 - (scores.max() ?? 0)) }
            let total = weights.reduce(0, +)
            for component in 0..<size {
                let expected = zip(weights, head.values).reduce(0.0) {
                    $0 + $1.0 / total * Double(Float16($1.1[component]))
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

    @Test("gives the portable path's bits on every path", arguments: [2, 10, 16, 33, 64, 80, 128, 1024])
    func paths(_ size: Int) {
        let plain = on(FLOW_PATH_PORTABLE) { Head(size: size, tokens: 75, table: [1, 2, 0], seed: 6) }
        for count in 1...8 {
            let queries = queries(count, size: size, seed: count)
            let lengths = (0..<count).map { [75, 64, 70, 1, 75, 75, 75, 75][$0] }
            let expected = on(FLOW_PATH_PORTABLE) { plain.attend(queries, lengths) }
            for path in widePaths {
                let head = on(path) { Head(size: size, tokens: 75, table: [1, 2, 0], seed: 6) }
                #expect(head.bytes == plain.bytes)
                #expect(on(path) { head.attend(queries, lengths) }.map(\.bits) == expected.map(\.bits))
            }
        }
    }

    @Test("gives a query the same bits alone and among others, before and after later tokens are stored")
    func batches() {
        let size = 64
        let long = Head(size: size, tokens: 128, table: [0, 1, 2, 3], seed: 1)
        let short = Head(size: size, tokens: 41, table: [3, 1], seed: 1)
        let queries = queries(8, size: size, seed: 2)
        let lengths = [41, 41, 41, 41, 3, 41, 32, 128]
        let together = long.attend(queries, lengths)
        for query in queries.indices {
            #expect(long.attend([queries[query]], [lengths[query]])[0].bits == together[query].bits)
            guard lengths[query] <= 41 else { continue }
            #expect(short.attend([queries[query]], [lengths[query]])[0].bits == together[query].bits)
        }
    }

    @Test("stays finite with scores far beyond what e^x can hold")
    func largeScores() {
        let head = Head(size: 16, tokens: 64, table: [0, 1], seed: 3)
        let queries = queries(2, size: 16, seed: 5).map { $0.map { $0 * 1e4 } }
        for result in head.attend(queries, [64, 40]) {
            #expect(result.allSatisfy { $0.isFinite && abs($0) <= 2 })
        }
    }
}
