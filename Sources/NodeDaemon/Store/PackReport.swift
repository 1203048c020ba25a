// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import ServingModel

/// What a packer says of the model that it packed.
struct ReportedModel: Hashable, Sendable, Codable {
    var architecture: String
    var parameterCount: UInt64
    var contextLength: Int
    var vocabularySize: Int
    var layout: String
    var keyValueBytesPerToken: Int
    /// nil where the checkpoint says nothing of it.
    var sampling: SamplingDefaults?

    /// Whether the numbers can be true. The packer read a hostile file: its word is checked too.
    var isPlausible: Bool {
        let texts = [architecture, layout]
        return texts.allSatisfy { (1...64).contains($0.utf8.count) && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
            && (1...(1 << 24)).contains(contextLength) && (1...(1 << 24)).contains(vocabularySize)
            && (1...(1 << 30)).contains(keyValueBytesPerToken)
    }
}

/// The lines that a packer writes on its progress pipe: `progress DONE TOTAL` in bytes, at last `model JSON`.
struct PackReport {
    enum Line: Hashable {
        case progress(done: Int, total: Int)
        case model(ReportedModel)
    }

    /// Far above any line; more is a broken packer.
    private static let lineLimit = 4096
    private var pending: [UInt8] = []
    /// Something came that is no line of this protocol.
    private(set) var isBroken = false

    /// Takes what was read; the lines that became whole.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> [Line] {
        var lines: [Line] = []
        for byte in bytes where !isBroken {
            if byte == UInt8(ascii: "\n") {
                if let line = Self.parse(pending) { lines.append(line) } else { isBroken = true }
                pending.removeAll(keepingCapacity: true)
            } else {
                pending.append(byte)
                isBroken = pending.count > Self.lineLimit
            }
        }
        return lines
    }

    private static func parse(_ line: [UInt8]) -> Line? {
        let words = line.split(separator: UInt8(ascii: " "), maxSplits: 1)
        guard words.count == 2 else { return nil }
        switch String(decoding: words[0], as: UTF8.self) {
        case "progress":
            let numbers = words[1].split(separator: UInt8(ascii: " ")).map { Int(String(decoding: $0, as: UTF8.self)) }
            guard numbers.count == 2, let done = numbers[0], let total = numbers[1], done >= 0, total >= 0 else {
                return nil
            }
            return .progress(done: done, total: total)
        case "model":
            guard let model = try? JSONDecoder().decode(ReportedModel.self, from: Data(words[1])), model.isPlausible
            else { return nil }
            return .model(model)
        default: return nil
        }
    }
}
