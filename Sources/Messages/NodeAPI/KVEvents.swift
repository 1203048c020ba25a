// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What a node's KV memory holds of prompts, as far as a scheduler can use it to place the next one.
///
/// Events may be lost with their stream: the next one begins with what there is.
package enum KVEvent: Hashable, Sendable, Codable {
    /// These blocks can be read by every instance of the pool; each hash names the block and all before it.
    case stored(PoolKey, blocks: [UInt64])
    /// These cannot any more.
    case removed(PoolKey, blocks: [UInt64])
    /// Nothing of the pool can be read any more: its last instance ended, and its memory with it.
    case cleared(PoolKey)
}
