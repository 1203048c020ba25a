// SPDX-License-Identifier: Apache-2.0
import Artefacts
import Glibc

/// The Llama forward pass as a textbook has it: double precision, one token after another, whole softmax. Keys and values
/// are rounded to halves, as the engine stores them.
package struct TinyModelReference {
    private let model: TinyModel
    private var keys: [[[Double]]]  // [layers][tokens][keyValueHeads * headSize]
    private var values: [[[Double]]]

    /// An empty sequence.
    package init(_ model: TinyModel) {
        self.model = model
        keys = Array(repeating: [], count: model.configuration.layerCount)
        values = keys
    }

    /// The logits after the sequence's next token, [vocabulary].
    package mutating func logits(after token: Int) -> [Double] {
        let shape = model.configuration
        var residual = row(token, of: .init(.tokenEmbedding), columns: shape.hiddenSize)
        for layer in 0..<shape.layerCount {
            let attended = attention(norm(residual, .init(.attentionNorm, layer: layer)), layer: layer)
            residual = sum(residual, product(.init(.attentionOutput, layer: layer), attended))
            let normed = norm(residual, .init(.feedForwardNorm, layer: layer))
            let gate = product(.init(.feedForwardGate, layer: layer), normed)
            let up = product(.init(.feedForwardUp, layer: layer), normed)
            let active = zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 }
            residual = sum(residual, product(.init(.feedForwardDown, layer: layer), active))
        }
        let normed = norm(residual, .init(.outputNorm))
        return product(model.weights[.init(.output)] == nil ? .init(.tokenEmbedding) : .init(.output), normed)
    }

    private mutating func attention(_ normed: [Double], layer: Int) -> [Double] {
        let shape = model.configuration
        let size = shape.headSize
        let position = keys[layer].count
        let queries = rotated(product(.init(.attentionQuery, layer: layer), normed), position)
        keys[layer].append(rotated(product(.init(.attentionKey, layer: layer), normed), position).map(Self.half))
        values[layer].append(product(.init(.attentionValue, layer: layer), normed).map(Self.half))
        var result: [Double] = []
        for head in 0..<shape.headCount {
            let query = queries[head * size..<(head + 1) * size]
            let start = head / (shape.headCount / shape.keyValueHeadCount) * size
            let scores = keys[layer].map { key in
                zip(query, key[start..<start + size]).reduce(0) { $0 + $1.0 * $1.1 } / Double(size).squareRoot()
            }
            let largest = scores.max() ?? 0
            let weights = scores.map { exp($0 - largest) }
            let total = weights.reduce(0, +)
            for component in start..<start + size {
                result.append(zip(weights, values[layer]).reduce(0) { $0 + $1.0 * $1.1[component] } / total)
            }
        }
        return result
    }

    private func rotated(_ vector: [Double], _ position: Int) -> [Double] {
        let shape = model.configuration
        var result = vector
        for head in stride(from: 0, to: vector.count, by: shape.headSize) {
            for pair in 0..<shape.ropeDimensions / 2 {
                let exponent = -2 * Double(pair) / Double(shape.ropeDimensions)
                let angle = Double(position) * pow(Double(shape.ropeBase), exponent)
                let (a, b) = (vector[head + 2 * pair], vector[head + 2 * pair + 1])
                result[head + 2 * pair] = a * cos(angle) - b * sin(angle)
                result[head + 2 * pair + 1] = a * sin(angle) + b * cos(angle)
            }
        }
        return result
    }

    private func norm(_ vector: [Double], _ name: TinyModel.Name) -> [Double] {
        let square = vector.reduce(0) { $0 + $1 * $1 } / Double(vector.count)
        let factor = 1 / (square + Double(model.configuration.normEpsilon)).squareRoot()
        return zip(vector, numbers(name)).map { $0 * factor * Double($1) }
    }

    private func product(_ name: TinyModel.Name, _ vector: [Double]) -> [Double] {
        let matrix = numbers(name)
        return stride(from: 0, to: matrix.count, by: vector.count).map { start in
            vector.indices.reduce(0) { $0 + Double(matrix[start + $1]) * vector[$1] }
        }
    }

    private func row(_ index: Int, of name: TinyModel.Name, columns: Int) -> [Double] {
        numbers(name)[index * columns..<(index + 1) * columns].map(Double.init)
    }

    private func numbers(_ name: TinyModel.Name) -> [Float] {
        guard let numbers = model.weights[name] else { preconditionFailure("the model lacks \(name)") }
        return numbers
    }

    private func sum(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }

    private static func half(_ number: Double) -> Double { Double(Float16(Float(number))) }
}
