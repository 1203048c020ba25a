// SPDX-License-Identifier: Apache-2.0

extension ModelConfiguration {
    /// Checks every range, so that sizes computed from this value cannot overflow anywhere.
    package func validate() throws(ArtefactError) {
        try Self.require("layer count", layerCount, in: 1...LayerSet.maxLayers)
        try Self.require("hidden size", hiddenSize, in: 1...65_536)
        try Self.require("head count", headCount, in: 1...1024)
        try Self.require("key and value head count", keyValueHeadCount, in: 1...headCount)
        try Self.require("head size", headSize, in: 1...1024)
        try Self.require("width of all heads", headCount * headSize, in: 1...65_536)
        try Self.require("feed-forward size", feedForwardSize, in: 1...262_144)
        try Self.require("vocabulary size", vocabularySize, in: 1...(1 << 20))
        try Self.require("context length", contextLength, in: 1...(1 << 22))
        try Self.require("rotary dimensions", ropeDimensions, in: 0...headSize)
        guard headCount % keyValueHeadCount == 0 else {
            throw .invalidField(
                "key and value head count", value: "\(keyValueHeadCount)", expected: "a divisor of \(headCount)")
        }
        guard ropeDimensions % 2 == 0 else {
            throw .invalidField("rotary dimensions", value: "\(ropeDimensions)", expected: "an even number")
        }
        try Self.requireRotation(base: ropeBase, scale: ropeScale)
        try validateTraits()
        guard normEpsilon.isFinite, normEpsilon > 0, normEpsilon < 1 else {
            throw .invalidField("norm epsilon", value: "\(normEpsilon)", expected: "a number between 0 and 1")
        }
        guard name.utf8.count <= Self.longestName else {
            throw .invalidField(
                "name", value: "\(name.utf8.count) bytes long", expected: "at most \(Self.longestName) bytes")
        }
    }

    /// Checks what only some models have.
    private func validateTraits() throws(ArtefactError) {
        try Self.require("window", window.length, in: 0...(1 << 22))
        try Self.requireRotation(base: window.ropeBase, scale: window.ropeScale)
        try Self.require("short context length", shortContextLength, in: 0...(1 << 22))
        try Self.require("kinds of segments", segmentKindCount, in: 0...64)
        guard ropeMagnitude.isFinite, ropeMagnitude > 0 else {
            throw .invalidField("rotary magnitude", value: "\(ropeMagnitude)", expected: "a finite number above 0")
        }
        for (name, value) in scaling.all where !value.isFinite || value < 0 {
            throw .invalidField(name, value: "\(value)", expected: "a finite number of at least 0")
        }
        guard experts.count > 0 else { return }
        try Self.require("expert count", experts.count, in: 1...1024)
        try Self.require("used expert count", experts.usedCount, in: 1...min(experts.count, 64))
        try Self.require("expert feed-forward size", experts.feedForwardSize, in: 1...65_536)
        try Self.require("shared feed-forward size", experts.sharedFeedForwardSize, in: 0...262_144)
    }

    private static func requireRotation(base: Float, scale: Float) throws(ArtefactError) {
        guard base.isFinite, base >= 1 else {
            throw .invalidField("rotary base", value: "\(base)", expected: "a finite number of at least 1")
        }
        guard scale > 0, scale <= 1 else {
            throw .invalidField("rotary scale", value: "\(scale)", expected: "a number above 0, at most 1")
        }
    }

    private static func require(
        _ field: String, _ value: Int, in range: ClosedRange<Int>
    ) throws(ArtefactError) {
        guard range.contains(value) else {
            throw .invalidField(
                field, value: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
        }
    }
}
