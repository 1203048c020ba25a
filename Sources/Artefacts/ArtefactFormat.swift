// SPDX-License-Identifier: Apache-2.0

/// Where each field of the file lies. All numbers are little-endian.
///
///     0      header, 1,024 bytes: the fields below, then the configuration; unused bytes are zero
///     1024   sections, each at a multiple of 64: tokenizer tables, chat template, tensors
///     end    directory: one record of 64 bytes per tensor, ascending by role, then layer
///
/// The header's checksum covers header (with that field as zero) and directory. Tokenizer tables, chat template
/// and tensors have checksums of their own, which only `Artefact.verifyContents()` reads.
enum ArtefactFormat {
    /// "DFLOWART" as a little-endian number.
    static let signature: UInt64 = 0x5452_4157_4F4C_4644
    /// Raised when the header or the directory change.
    static let formatVersion: UInt32 = 3
    /// Raised when the bytes inside a kernel layout change.
    static let layoutVersion: UInt32 = 1
    /// Reads as another number where bytes have the other order.
    static let byteOrderMark: UInt32 = 0x0102_0304
    /// The float layouts suit every processor; later classes are for layouts that do not.
    static let anyProcessor: UInt32 = 0
    /// Every section and tensor starts at a multiple of this.
    static let alignment = 64
    /// Bytes of the header.
    static let headerSize = 1024
    /// Bytes of a directory record.
    static let recordSize = 64
    /// More tensors than any model has.
    static let maxTensors = 1 << 16

    /// Offsets in the header.
    enum Header {
        static let signature = 0
        static let formatVersion = 8
        static let layoutVersion = 12
        static let byteOrderMark = 16
        static let processorClass = 20
        static let totalSize = 24
        static let directoryOffset = 32
        static let tensorCount = 40
        static let tokenizerOffset = 48
        static let tokenizerSize = 56
        static let tokenizerChecksum = 64
        static let templateOffset = 72
        static let templateSize = 80
        static let templateChecksum = 88
        static let checksum = 96
        static let architecture = 128
        static let layerCount = 132
        static let hiddenSize = 136
        static let headCount = 140
        static let keyValueHeadCount = 144
        static let headSize = 148
        static let feedForwardSize = 152
        static let vocabularySize = 156
        static let contextLength = 160
        static let ropeDimensions = 164
        static let ropeBase = 168
        static let normEpsilon = 172
        static let parameterCount = 176
        static let nameSize = 184
        static let ropeScale = 188
        static let name = 192
        static let ropeMagnitude = 320
        static let shortContextLength = 324
        static let windowLength = 328
        static let windowRopeBase = 332
        static let windowRopeScale = 336
        static let embeddingScale = 340
        static let attentionScale = 344
        static let residualScale = 348
        static let logitScale = 352
        static let attentionBound = 356
        static let logitBound = 360
        static let expertCount = 364
        static let usedExpertCount = 368
        static let expertFeedForwardSize = 372
        static let sharedFeedForwardSize = 376
        static let normalisesExperts = 380
        static let pooling = 384
        static let segmentKindCount = 388
        static let keyValueType = 392
        static let windowLayers = 512
        static let unrotatedLayers = 640
    }

    /// Offsets in a directory record.
    enum Record {
        static let role = 0
        static let layer = 4
        static let layout = 8
        static let rows = 16
        static let columns = 24
        static let offset = 32
        static let size = 40
        static let checksum = 48
    }

    /// Orders the directory and finds a tensor in it.
    static func key(role: UInt32, layer: UInt32) -> UInt64 {
        UInt64(role) << 32 | UInt64(layer)
    }
}

extension UnsafeRawBufferPointer {
    /// A little-endian number at an offset that the caller has checked.
    func number<Number: FixedWidthInteger>(_ offset: Int, as type: Number.Type = Number.self) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// Exactly these bytes as a buffer that begins at zero; the caller has checked the range.
    func section(_ offset: Int, _ size: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[offset..<offset + size])
    }
}
