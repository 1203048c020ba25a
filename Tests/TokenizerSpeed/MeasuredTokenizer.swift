// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Packing
internal import Tokenization

/// A packed tokenizer whose speed is taken.
struct MeasuredTokenizer {
    /// What was found; speeds are those of the median round.
    struct Result: Encodable {
        let vocabulary: Int
        let textBytes: Int
        let tokens: Int
        let packSeconds: Double
        let sectionBytes: Int
        let startMicroseconds: Double
        let encodeMegabytesPerSecond: Double
        let decodeMegabytesPerSecond: Double
    }

    private let section: [UInt8]
    private let packSeconds: Double

    /// Packs the tokenizer of a file.
    init(path: String) throws {
        let file = try Data(contentsOf: URL(fileURLWithPath: path))
        var section: [UInt8] = []
        packSeconds = try Self.seconds {
            section = try file.withUnsafeBytes { try TokenizerPacking.section(tokenizerFile: $0) }
        }
        self.section = section
    }

    /// Encodes and decodes a text.
    func measure(textPath: String, rounds: Int) throws -> Result {
        let text = Array(try Data(contentsOf: URL(fileURLWithPath: textPath)))
        return try section.withUnsafeBytes { section in
            let start = try Self.seconds { _ = try Tokenizer(verifying: section) }
            let tokenizer = try Tokenizer(verifying: section)
            var tokens: [Int32] = []
            var size = 0
            var encoding: [Double] = []
            var decoding: [Double] = []
            for _ in 0..<rounds {
                encoding.append(Self.seconds { tokens = tokenizer.encode(text, control: .recognised) })
                decoding.append(
                    Self.seconds {
                        var detokenizer = IncrementalDetokenizer(tokenizer, startsText: true)
                        size = tokens.reduce(0) { $0 + detokenizer.append($1).count } + detokenizer.flush().count
                    })
            }
            return Result(
                vocabulary: tokenizer.vocabularySize, textBytes: text.count, tokens: tokens.count,
                packSeconds: packSeconds, sectionBytes: section.count, startMicroseconds: start * 1e6,
                encodeMegabytesPerSecond: Double(text.count) / 1e6 / encoding.sorted()[rounds / 2],
                decodeMegabytesPerSecond: Double(size) / 1e6 / decoding.sorted()[rounds / 2])
        }
    }

    private static func seconds(_ work: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        let taken = try clock.measure(work).components
        return Double(taken.seconds) + Double(taken.attoseconds) / 1e18
    }
}
