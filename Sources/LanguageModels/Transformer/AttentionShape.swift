// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// How the attention of a model is cut: heads, and queries of one call of the kernel.
struct AttentionShape {
    /// Most tiles of attention: beyond that a tile takes several groups of tokens.
    private static let maxTiles = 16_384

    let headSize: Int
    /// Query heads that share one head of keys and values.
    let queriesPerKeyValueHead: Int
    let keyValueHeadCount: Int
    /// What scores are multiplied with.
    let scale: Float
    /// Queries of one call, of all heads that share keys and values and all tokens of a group.
    let queriesPerCall = Int(FLOW_ATTEND_QUERIES)
    /// Tokens of one group.
    let tokensPerGroup: Int
    /// Heads of keys and values of one tile: one where its outputs are whole blocks, else all.
    let keyValueHeadsPerTile: Int

    init(of model: TransformerModel) {
        let shape = model.configuration
        headSize = shape.headSize
        keyValueHeadCount = shape.keyValueHeadCount
        queriesPerKeyValueHead = shape.headCount / shape.keyValueHeadCount
        scale = shape.scaling.attention > 0 ? shape.scaling.attention : 1 / Float(shape.headSize).squareRoot()
        tokensPerGroup = max(1, queriesPerCall / queriesPerKeyValueHead)
        let isWhole = queriesPerKeyValueHead * headSize % Int(FLOW_BLOCK_NUMBERS) == 0
        keyValueHeadsPerTile = isWhole || !model.attendedForms.contains(.blocks) ? 1 : keyValueHeadCount
    }

    /// Groups of tokens of one tile, where the step has so many.
    func groupsPerTile(of groupCount: Int) -> Int { groupCount * keyValueHeadCount / Self.maxTiles + 1 }
}
