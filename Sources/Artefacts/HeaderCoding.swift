// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

extension ArtefactFormat {
    /// The checksum over header, with its own field as zero, and directory.
    static func headerChecksum(header: UnsafeRawBufferPointer, directory: UnsafeRawBufferPointer) -> UInt64 {
        var copy = Array(header)
        for index in Header.checksum..<Header.checksum + 8 { copy[index] = 0 }
        var sum = Checksum()
        copy.withUnsafeBytes { sum.append($0) }
        sum.append(directory)
        return sum.value
    }
}

extension Artefact {
    /// Gives a header and a directory that were changed the checksum that they have now: for tests that damage artefacts
    /// beyond what the checksum finds. Bytes whose header leads nowhere stay as they are.
    package static func renewChecksum(of bytes: UnsafeMutableRawBufferPointer) {
        let view = UnsafeRawBufferPointer(bytes)
        guard (try? verifyIdentity(of: view)) != nil, let directory = try? verifiedDirectory(of: view) else { return }
        let sum = ArtefactFormat.headerChecksum(
            header: view.section(0, ArtefactFormat.headerSize), directory: directory)
        bytes.storeBytes(of: sum.littleEndian, toByteOffset: ArtefactFormat.Header.checksum, as: UInt64.self)
    }
}

extension ModelConfiguration {
    /// Reads the configuration's fields from a header of full size; ranges are `validate()`'s work.
    init(decoding header: UnsafeRawBufferPointer) throws(ArtefactError) {
        typealias Header = ArtefactFormat.Header
        func count(_ offset: Int) -> Int { Int(header.number(offset, as: UInt32.self)) }
        guard let architecture = Architecture(rawValue: header.number(Header.architecture)) else {
            throw .invalidField(
                "architecture", value: "\(count(Header.architecture))", expected: "a known architecture")
        }
        let nameSize = count(Header.nameSize)
        guard nameSize <= Self.longestName else {
            throw .invalidField("name size", value: "\(nameSize)", expected: "at most \(Self.longestName)")
        }
        guard let name = String(validating: header.section(Header.name, nameSize), as: UTF8.self) else {
            throw .invalidField("name", value: "not text", expected: "UTF-8")
        }
        self.init(
            architecture: architecture, name: name, parameterCount: header.number(Header.parameterCount),
            layerCount: count(Header.layerCount), hiddenSize: count(Header.hiddenSize),
            headCount: count(Header.headCount), keyValueHeadCount: count(Header.keyValueHeadCount),
            headSize: count(Header.headSize), feedForwardSize: count(Header.feedForwardSize),
            vocabularySize: count(Header.vocabularySize), contextLength: count(Header.contextLength),
            ropeBase: Float(bitPattern: header.number(Header.ropeBase)),
            ropeDimensions: count(Header.ropeDimensions),
            normEpsilon: Float(bitPattern: header.number(Header.normEpsilon)),
            ropeScale: Float(bitPattern: header.number(Header.ropeScale)))
        try decodeTraits(header)
    }

    /// What only some models have.
    private mutating func decodeTraits(_ header: UnsafeRawBufferPointer) throws(ArtefactError) {
        typealias Header = ArtefactFormat.Header
        for (offset, field) in Self.traitCounts { self[keyPath: field] = Int(header.number(offset, as: UInt32.self)) }
        for (offset, field) in Self.traitNumbers { self[keyPath: field] = Float(bitPattern: header.number(offset)) }
        experts.normalisesWeights = header.number(Header.normalisesExperts, as: UInt32.self) != 0
        guard let pooling = Pooling(rawValue: header.number(Header.pooling)) else {
            throw .invalidField(
                "pooling", value: "\(header.number(Header.pooling, as: UInt32.self))", expected: "a known kind")
        }
        self.pooling = pooling
        guard let type = KeyValueType(formatNumber: header.number(Header.keyValueType)) else {
            throw .invalidField(
                "key and value precision", value: "\(header.number(Header.keyValueType, as: UInt32.self))",
                expected: "a known kind")
        }
        keyValueType = type
        window.layers = LayerSet(decoding: header, at: Header.windowLayers)
        unrotatedLayers = LayerSet(decoding: header, at: Header.unrotatedLayers)
    }

    private static var traitCounts: [(Int, WritableKeyPath<ModelConfiguration, Int>)] {
        typealias Header = ArtefactFormat.Header
        return [
            (Header.shortContextLength, \.shortContextLength), (Header.windowLength, \.window.length),
            (Header.expertCount, \.experts.count), (Header.usedExpertCount, \.experts.usedCount),
            (Header.expertFeedForwardSize, \.experts.feedForwardSize),
            (Header.sharedFeedForwardSize, \.experts.sharedFeedForwardSize),
            (Header.segmentKindCount, \.segmentKindCount),
        ]
    }

    private static var traitNumbers: [(Int, WritableKeyPath<ModelConfiguration, Float>)] {
        typealias Header = ArtefactFormat.Header
        return [
            (Header.ropeMagnitude, \.ropeMagnitude), (Header.windowRopeBase, \.window.ropeBase),
            (Header.windowRopeScale, \.window.ropeScale), (Header.embeddingScale, \.scaling.embedding),
            (Header.attentionScale, \.scaling.attention), (Header.residualScale, \.scaling.residual),
            (Header.logitScale, \.scaling.logits), (Header.attentionBound, \.scaling.attentionBound),
            (Header.logitBound, \.scaling.logitsBound),
        ]
    }

    /// Writes a validated configuration into a header.
    func encode(into header: inout [UInt8]) {
        typealias Header = ArtefactFormat.Header
        let counts = [
            (Header.layerCount, layerCount), (Header.hiddenSize, hiddenSize), (Header.headCount, headCount),
            (Header.keyValueHeadCount, keyValueHeadCount), (Header.headSize, headSize),
            (Header.feedForwardSize, feedForwardSize), (Header.vocabularySize, vocabularySize),
            (Header.contextLength, contextLength), (Header.ropeDimensions, ropeDimensions),
            (Header.nameSize, name.utf8.count),
        ]
        for (offset, value) in counts { header.put(UInt32(value), at: offset) }
        header.put(architecture.rawValue, at: Header.architecture)
        header.put(ropeBase.bitPattern, at: Header.ropeBase)
        header.put(normEpsilon.bitPattern, at: Header.normEpsilon)
        header.put(ropeScale.bitPattern, at: Header.ropeScale)
        header.put(parameterCount, at: Header.parameterCount)
        header.replaceSubrange(Header.name..<Header.name + name.utf8.count, with: name.utf8)
        for (offset, field) in Self.traitCounts { header.put(UInt32(self[keyPath: field]), at: offset) }
        for (offset, field) in Self.traitNumbers { header.put(self[keyPath: field].bitPattern, at: offset) }
        header.put(UInt32(experts.normalisesWeights ? 1 : 0), at: Header.normalisesExperts)
        header.put(pooling.rawValue, at: Header.pooling)
        header.put(keyValueType.formatNumber, at: Header.keyValueType)
        window.layers.encode(into: &header, at: Header.windowLayers)
        unrotatedLayers.encode(into: &header, at: Header.unrotatedLayers)
    }
}

extension LayerSet {
    fileprivate init(decoding header: UnsafeRawBufferPointer, at offset: Int) {
        for index in words.indices { words[index] = header.number(offset + 8 * index) }
    }

    fileprivate func encode(into header: inout [UInt8], at offset: Int) {
        for (index, word) in words.enumerated() { header.put(word, at: offset + 8 * index) }
    }
}

extension [UInt8] {
    /// Stores a little-endian number over the bytes at an offset inside the array.
    mutating func put<Number: FixedWidthInteger>(_ value: Number, at offset: Int) {
        withUnsafeMutableBytes { $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Number.self) }
    }

    /// The array's bytes, for work that throws this target's error; the library's own form loses its type.
    package func withBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws(ArtefactError) -> Result
    ) throws(ArtefactError) -> Result {
        let outcome = withUnsafeBytes { bytes -> Swift.Result<Result, ArtefactError> in
            do throws(ArtefactError) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        return try outcome.get()
    }
}
