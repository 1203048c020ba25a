// SPDX-License-Identifier: Apache-2.0

/// How keys and values are stored. Answers of two types differ by rounding, so nodes that stand in for each other should
/// have the same one. The words are those of settings.
package enum KeyValueType: String, Codable, Hashable, Sendable, CaseIterable {
    /// 16 bits (fp16), of which 11 count: as much as nearly all weights have.
    case half = "f16"
    /// 32 bits, as computed.
    case single = "f32"
    /// 8 bits, and an fp16 scale for 32 components of a token: the memory of 16 bits holds 1.9 times the context.
    case bytes = "q8_0"

    /// About how many bytes so many components take as take `fp16Bytes` in fp16.
    package func byteCount(fp16Bytes: UInt64) -> UInt64 {
        switch self {
        case .half: fp16Bytes
        case .single: fp16Bytes.multipliedReportingOverflow(by: 2).overflow ? .max : fp16Bytes * 2
        // 32 components take 64 bytes in fp16, and 32 with a scale of two as bytes.
        case .bytes: fp16Bytes / 64 * 34 + 34
        }
    }
}
