// SPDX-License-Identifier: Apache-2.0

/// How an instance keeps keys and values. Answers of the two types differ by rounding, so nodes that stand in for each
/// other should have the same one.
package enum KeyValueType: String, Codable, Hashable, Sendable, CaseIterable {
    /// As the model was packed: 16 bits, or 32 where its weights have 32.
    case model
    /// 8 bits and a scale for 32 components: the memory of 16 bits holds 1.9 times the context.
    case bytes = "q8_0"

    /// About how many bytes are taken where 16 bits would take `bytes`.
    package func byteCount(ofHalves bytes: UInt64) -> UInt64 {
        switch self {
        case .model: bytes
        // 32 components take 64 bytes as halves, and 32 with a scale of two as bytes.
        case .bytes: bytes / 64 * 34 + 34
        }
    }
}
