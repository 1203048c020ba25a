// SPDX-License-Identifier: Apache-2.0
package import Artefacts

/// The tensors of a tiny model of any family.
struct TinyTensors {
    /// A tensor with its shape; a vector has no rows.
    typealias Entry = (name: TinyModel.Name, rows: Int, columns: Int)

    private let shape: ModelConfiguration
    private let hidden: Int
    private let heads: Int
    private let narrow: Int

    init(_ shape: ModelConfiguration) {
        self.shape = shape
        hidden = shape.hiddenSize
        heads = shape.headCount * shape.headSize
        narrow = shape.keyValueHeadCount * shape.headSize
    }

    /// Everything in the order in which it is packed.
    func all(tied: Bool) -> [Entry] {
        var list: [Entry] = [(TinyModel.Name(.tokenEmbedding), shape.vocabularySize, hidden)]
        if isEncoder {
            list += [(TinyModel.Name(.embeddingNorm), 0, hidden), (TinyModel.Name(.embeddingNormBias), 0, hidden)]
            if shape.architecture == .bert {
                list.append((TinyModel.Name(.positionEmbedding), shape.contextLength, hidden))
                list.append((TinyModel.Name(.segmentEmbedding), shape.segmentKindCount, hidden))
            }
        } else {
            list.append((TinyModel.Name(.outputNorm), 0, hidden))
            if !tied { list.append((TinyModel.Name(.output), shape.vocabularySize, hidden)) }
        }
        if shape.shortContextLength > 0 {
            list += [
                (TinyModel.Name(.ropeFactors), 0, shape.ropeDimensions / 2),
                (TinyModel.Name(.longRopeFactors), 0, shape.ropeDimensions / 2),
            ]
        }
        for layer in 0..<shape.layerCount {
            list += (matrices + vectors).map { (TinyModel.Name($0, layer: layer), $1, $2) }
        }
        return list
    }

    private var isEncoder: Bool { [.bert, .nomicBERT].contains(shape.architecture) }

    private var matrices: [(TensorRole, Int, Int)] {
        [
            (.attentionQuery, heads, hidden), (.attentionKey, narrow, hidden), (.attentionValue, narrow, hidden),
            (.attentionOutput, hidden, heads),
        ] + (shape.experts.count > 0 ? expertMatrices : feedForward(shape.feedForwardSize))
    }

    private func feedForward(_ wide: Int) -> [(TensorRole, Int, Int)] {
        let gate: [(TensorRole, Int, Int)] = shape.architecture == .bert ? [] : [(.feedForwardGate, wide, hidden)]
        return gate + [(.feedForwardUp, wide, hidden), (.feedForwardDown, hidden, wide)]
    }

    private var expertMatrices: [(TensorRole, Int, Int)] {
        let experts = shape.experts
        func stacked(_ rows: Int) -> Int { experts.count * ((rows + 31) / 32 * 32) }
        let shared = experts.sharedFeedForwardSize
        return [
            (.expertRouter, experts.count, hidden), (.expertGate, stacked(experts.feedForwardSize), hidden),
            (.expertUp, stacked(experts.feedForwardSize), hidden),
            (.expertDown, stacked(hidden), experts.feedForwardSize),
        ] + (shared == 0 ? [] : feedForward(shared) + [(.sharedExpertRouter, 1, hidden)])
    }

    private var vectors: [(TensorRole, Int, Int)] {
        let biases = [
            (TensorRole.attentionQueryBias, heads), (.attentionKeyBias, narrow), (.attentionValueBias, narrow),
        ]
        let before = [(TensorRole.attentionNorm, hidden), (.feedForwardNorm, hidden)]
        let behind = [(TensorRole.attentionPostNorm, hidden), (.feedForwardPostNorm, hidden)]
        let list: [(TensorRole, Int)] =
            switch shape.architecture {
            case .llama, .phi3, .smollm3, .granite: before
            case .qwen2, .qwen2moe: before + biases
            case .qwen3, .qwen3moe: before + headNorms(shape.headSize, shape.headSize)
            case .gemma2: before + behind
            case .gemma3: before + behind + headNorms(shape.headSize, shape.headSize)
            case .olmo2: behind + headNorms(heads, narrow)
            case .bert: behind + postBiases + biases + [(.feedForwardUpBias, shape.feedForwardSize)]
            case .nomicBERT: behind + postBiases
            }
        return list.map { ($0, 0, $1) }
    }

    private func headNorms(_ queries: Int, _ keys: Int) -> [(TensorRole, Int)] {
        [(.attentionQueryNorm, queries), (.attentionKeyNorm, keys)]
    }

    private var postBiases: [(TensorRole, Int)] {
        [(.attentionPostNormBias, hidden), (.feedForwardPostNormBias, hidden)]
    }
}

extension TinyModel {
    /// A shape of a family with what is particular to it, nothing a multiple of 16 or 32.
    package static func odd(_ family: Architecture) -> ModelConfiguration {
        var shape = odd
        shape.architecture = family
        switch family {
        case .gemma2:
            shape.window.length = 20
            shape.window.layers = LayerSet(of: shape.layerCount) { $0 % 2 == 0 }
            shape.scaling.embedding = 6.3
            shape.scaling.attentionBound = 2
            shape.scaling.logitsBound = 3
        case .gemma3:
            shape.window.length = 33
            shape.window.layers = LayerSet(of: shape.layerCount) { $0 != 1 }
            shape.window.ropeBase = 100
        case .smollm3:
            shape.unrotatedLayers = LayerSet(of: shape.layerCount) { $0 == 1 }
        case .granite:
            shape.scaling.embedding = 3
            shape.scaling.attention = 0.2
            shape.scaling.residual = 0.4
            shape.scaling.logits = 0.5
        case .qwen3moe, .qwen2moe:
            shape.experts.count = 7
            shape.experts.usedCount = 3
            shape.experts.feedForwardSize = 20
            shape.experts.sharedFeedForwardSize = family == .qwen2moe ? 50 : 0
            shape.experts.normalisesWeights = family == .qwen3moe
        case .bert:
            shape.segmentKindCount = 2
            shape.ropeDimensions = 0
        default:
            break
        }
        return shape
    }
}
