// SPDX-License-Identifier: Apache-2.0
package import Artefacts
import Glibc

/// A small Llama-like model with random weights, as a real artefact in memory and as plain numbers for a reference.
package final class TinyModel: @unchecked Sendable {
    /// A tensor's place in a model.
    package struct Name: Hashable, Sendable {
        package var role: TensorRole
        package var layer: Int
        package init(_ role: TensorRole, layer: Int = 0) {
            self.role = role
            self.layer = layer
        }
    }

    /// The packed model. Its mapping stays for the life of the process, so that no test can use it too late.
    package let artefact: Artefact
    /// Every tensor row by row, with the values that were packed.
    package private(set) var weights: [Name: [Float]] = [:]

    /// Builds and packs a model. Matrices get the layout, or that of their place in `mixture`, in turn; `weights` then
    /// holds what the layout kept of them. Without `tied` it has an output matrix of its own. `leavingOut` omits a tensor, `altering` gives its shape one row more, for tests of what is refused.
    package init(
        _ configuration: ModelConfiguration = TinyModel.odd, layout: KernelLayout = .panelF16,
        mixture: [KernelLayout] = [], tied: Bool = true, seed: UInt64 = 1, leavingOut: Name? = nil,
        altering: Name? = nil
    ) throws {
        var path = Array("/tmp/tiny-model-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        precondition(descriptor >= 0, "a temporary file cannot be made")
        unlink(path)
        defer { close(descriptor) }

        var random = SplitMix(state: seed)
        var writer = try ArtefactWriter(descriptor: descriptor, configuration: configuration)
        let tensors = TinyTensors(configuration).all(tied: tied)
        for (place, (name, rows, columns)) in tensors.enumerated() where name != leavingOut {
            let isVector = rows == 0
            let count = isVector ? columns : rows * columns
            let scale = isVector ? 0.2 : 1 / Float(columns).squareRoot()
            var numbers = (0..<count).map { _ in Float(Float16((random.next() * scale) + (isVector ? 1 : 0))) }
            weights[name] = numbers
            if isVector {
                if name == altering { numbers.append(1) }
                try Self.write(name, numbers, to: &writer)
            } else {
                if name == altering { numbers += [Float](repeating: 0, count: columns) }
                let layout = mixture.isEmpty ? layout : mixture[place % mixture.count]
                try TinyPanels.write(name, numbers, columns: columns, layout: layout, to: &writer)
            }
        }
        let size = Int(try writer.finish())
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            preconditionFailure("the temporary file cannot be mapped")
        }
        artefact = try Artefact(verifying: UnsafeRawBufferPointer(start: start, count: size))
        for name in weights.keys {
            guard let tensor = artefact.tensor(name.role, layer: name.layer) else { continue }
            weights[name] = (0..<tensor.rows).flatMap { tensor.numbers(ofRow: $0) }
        }
    }

    /// The shape of the model.
    package var configuration: ModelConfiguration { artefact.configuration }

    private static func write(_ name: Name, _ numbers: [Float], to writer: inout ArtefactWriter) throws {
        try writer.beginTensor(
            name.role, layer: name.layer, layout: .vectorF32, rows: 1, columns: numbers.count)
        try numbers.withUnsafeBytes { try writer.append($0) }
        try writer.endTensor()
    }

    /// Evenly distributed numbers in -1 ..< 1 times sqrt(3), so that their variance is 1.
    private struct SplitMix {
        var state: UInt64

        mutating func next() -> Float {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            mixed ^= mixed >> 31
            return (Float(mixed >> 40) / Float(1 << 23) - 1) * 1.732
        }
    }
}

extension TinyModel {
    /// A shape in which nothing is a multiple of 16 or 32: grouped heads, partial rotation.
    package static let odd = shape(
        layers: 3, hidden: 40, heads: 6, keyValueHeads: 2, headSize: 10, feedForward: 70, vocabulary: 101,
        ropeDimensions: 8)

    /// A shape as real models have: whole panels, full rotation.
    package static let even = shape(
        layers: 2, hidden: 64, heads: 4, keyValueHeads: 2, headSize: 16, feedForward: 128, vocabulary: 256,
        ropeDimensions: 16)

    /// A shape whose widths are multiples of 256, as groups of blocks need them.
    package static let grouped = shape(
        layers: 2, hidden: 256, heads: 4, keyValueHeads: 2, headSize: 64, feedForward: 256, vocabulary: 96,
        ropeDimensions: 64)

    /// A shape of whole blocks in which the outputs of one head of keys and values are not whole blocks.
    package static let narrow = shape(
        layers: 2, hidden: 96, heads: 4, keyValueHeads: 2, headSize: 24, feedForward: 96, vocabulary: 70,
        ropeDimensions: 24)

    /// A configuration with a context of 512 tokens.
    package static func shape(
        layers: Int, hidden: Int, heads: Int, keyValueHeads: Int, headSize: Int, feedForward: Int, vocabulary: Int,
        ropeDimensions: Int
    ) -> ModelConfiguration {
        ModelConfiguration(
            architecture: .llama, name: "tiny", parameterCount: 1, layerCount: layers, hiddenSize: hidden,
            headCount: heads, keyValueHeadCount: keyValueHeads, headSize: headSize, feedForwardSize: feedForward,
            vocabularySize: vocabulary, contextLength: 512, ropeBase: 10_000, ropeDimensions: ropeDimensions,
            normEpsilon: 1e-5)
    }
}
