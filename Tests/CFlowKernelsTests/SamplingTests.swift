// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Glibc
import Testing

@Suite("Choosing tokens")
struct SamplingTests {
    private func largest(_ x: [Float]) -> Int { Int(flow_largest(x, x.count)) }

    private func sample(
        _ x: [Float], temperature: Float = 1, top: Int = 0, topP: Float = 1, minP: Float = 0, typicalP: Float = 1,
        uniform: Double
    ) -> Int {
        var copy = x
        var choice = flow_choice(
            temperature: temperature, top: top, top_p: topP, min_p: minP, typical_p: typicalP, uniform: uniform)
        var scratch = [Float](repeating: 0, count: x.count)
        return Int(flow_sample(&copy, &scratch, x.count, &choice))
    }

    @Test("The largest is the lowest index of equals and never what is not a number")
    func largestOfEqual() {
        for path in [FLOW_PATH_PORTABLE] + widePaths {
            on(path) {
                #expect(largest([3, 5, 5, 1]) == 1)
                #expect(largest([.nan, -4, .nan, -3]) == 3)
                #expect(largest([-.infinity, -.infinity]) == 0)
                #expect(largest([.nan]) == 0)
                for place in [0, 15, 16, 31, 32, 49] {
                    var x = [Float](repeating: -1, count: 50)
                    x[place] = 2
                    #expect(largest(x) == place)
                    x[49] = 2
                    #expect(largest(x) == place)
                }
            }
        }
    }

    @Test("Every path draws the same index", arguments: [1, 7, 100, 1000, 4099])
    func paths(_ count: Int) {
        var random = TestNumbers(count)
        let logits = (0..<count).map { _ in Float.random(in: -5..<5, using: &random) }
        for draw in 0..<60 {
            let uniform = flow_uniform(5, UInt64(draw))
            let top = [0, 1, 3, 40, count][draw % 5]
            let expected = on(FLOW_PATH_PORTABLE) { sample(logits, temperature: 0.7, top: top, uniform: uniform) }
            for path in widePaths {
                #expect(on(path) { sample(logits, temperature: 0.7, top: top, uniform: uniform) } == expected)
            }
        }
    }

    @Test("Draws follow the softmax of the logits divided by the temperature")
    func distribution() {
        // Weights 1, 2, 4, 1 at temperature 1; 1, 4, 16, 1 at temperature one half.
        let logits: [Float] = [0, 0.693147, 1.386294, 0]
        for (temperature, weights) in [(Float(1), [1.0, 2, 4, 1]), (0.5, [1, 4, 16, 1])] {
            var counts = [0.0, 0, 0, 0]
            for draw in 0..<8000 {
                counts[sample(logits, temperature: temperature, uniform: flow_uniform(1, UInt64(draw)))] += 1
            }
            let total = weights.reduce(0, +)
            for (count, weight) in zip(counts, weights) { #expect(abs(count / 8000 - weight / total) < 0.02) }
        }
    }

    @Test("Only the top logits are drawn, ties to the lowest index")
    func top() {
        let logits: [Float] = [1, 9, 2, 8, 8, 8, -3, 7]
        var found: Set<Int> = []
        for draw in 0..<2000 {
            found.insert(sample(logits, temperature: 5, top: 3, uniform: flow_uniform(2, UInt64(draw))))
        }
        #expect(found == [1, 3, 4])
        for draw in 0..<50 {
            #expect(sample(logits, temperature: 5, top: 1, uniform: flow_uniform(2, UInt64(draw))) == 1)
        }
        found = []
        for draw in 0..<2000 {
            found.insert(sample(logits, temperature: 50, top: 8, uniform: flow_uniform(2, UInt64(draw))))
        }
        #expect(found == Set(0..<8))
    }

    @Test("The top is that of a full sort", arguments: [1, 2, 5, 50, 299])
    func topAgainstSort(_ top: Int) {
        var random = TestNumbers(top)
        let logits = (0..<300).map { _ in (Float.random(in: -3..<3, using: &random) * 20).rounded() / 20 }
        let kept = Set(
            logits.indices.sorted { logits[$0] == logits[$1] ? $0 < $1 : logits[$0] > logits[$1] }.prefix(top))
        var found: Set<Int> = []
        for draw in 0..<20_000 {
            found.insert(sample(logits, temperature: 100, top: top, uniform: (Double(draw) + 0.5) / 20_000))
        }
        #expect(found == kept)
    }

    @Test("Every path leaves the same indices of each rule", arguments: [3, 100, 4099])
    func rules(_ count: Int) {
        var random = TestNumbers(count)
        let logits = (0..<count).map { _ in Float.random(in: -5..<5, using: &random) }
        let rules: [(Float, Float, Float)] = [(0.5, 0, 1), (1, 0.1, 1), (1, 0, 0.5), (0.9, 0.02, 0.9), (0, 0, 1)]
        for draw in 0..<60 {
            let (topP, minP, typicalP) = rules[draw % rules.count]
            let uniform = flow_uniform(5, UInt64(draw))
            let chosen = ([FLOW_PATH_PORTABLE] + widePaths).map { path in
                on(path) { sample(logits, topP: topP, minP: minP, typicalP: typicalP, uniform: uniform) }
            }
            #expect(Set(chosen).count == 1)
        }
        #expect(sample(logits, topP: 0, uniform: 0.999) == largest(logits))
        #expect(sample(logits, minP: 1, uniform: 0.999) == largest(logits))
    }

    @Test("The logarithm of the sum is that of doubles, on every path", arguments: [1, 15, 256, 4099])
    func logSum(_ count: Int) {
        var random = TestNumbers(count)
        let x = (0..<count).map { _ in Float.random(in: -9..<9, using: &random) }
        let expected = log(x.reduce(0) { $0 + exp(Double($1)) })
        for path in [FLOW_PATH_PORTABLE] + widePaths {
            on(path) { #expect(abs(flow_log_sum(x, count) - expected) < 1e-6) }
        }
        #expect(flow_log_sum([.nan, 2], 2) == 2)
        #expect(flow_log_sum([-.infinity], 1) == -.infinity)
    }

    @Test("Extreme logits, temperatures and numbers still give an index that may be chosen")
    func extremes() {
        #expect(sample([1, 2, 3], temperature: 0, uniform: 0.5) == 2)
        #expect(sample([1, 2, 3], temperature: 1e-30, uniform: 0.1) == 2)
        #expect(sample([1, 2, 3], temperature: .nan, uniform: 0.1) == 2)
        #expect(sample([-.infinity, 4, -.infinity], uniform: 0) == 1)
        #expect(sample([-.infinity, 4, -.infinity], uniform: 1 - 1e-16) == 1)
        #expect(sample([-.infinity, -.infinity], uniform: 0.9) == 0)
        #expect(sample([.nan, 1, .nan], uniform: 0.9) == 1)
        #expect(sample([1, .infinity, 3], uniform: 0.1) == 1)
        #expect(sample([1e38, -1e38, 1e38], uniform: 0.9) == 2)
    }
}

@Suite("Random numbers")
struct RandomTests {
    @Test("are the published Philox 4x32-10 for a zero key and counter")
    func known() {
        // The reference gives 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
        #expect(flow_uniform(0, 0) == Double(UInt64(0x6627_e8d5_e169_c58d) >> 11) / 9_007_199_254_740_992)
    }

    @Test("differ over seeds and indices, lie in [0, 1) and fill it evenly")
    func spread() {
        let numbers = (0..<4000).map { flow_uniform(UInt64($0 % 4) << 40, UInt64($0 / 4)) }
        #expect(Set(numbers).count == 4000)
        #expect(numbers.allSatisfy { (0..<1).contains($0) })
        for tenth in 0..<10 {
            let count = numbers.filter { Int($0 * 10) == tenth }.count
            #expect(abs(count - 400) < 80)
        }
    }
}
