// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Packing
internal import Tokenization

// `tokenizer-speed TOKENIZER.JSON TEXT [ROUNDS]`: packs the tokenizer as `flowserve pack` does, encodes the text and
// turns the tokens back into text so many times on one core, and prints one JSON object: sizes, the median of the
// rounds and what the packing took. For Packaging/benchmarks/tokenizer-speed.
guard (3...4).contains(CommandLine.arguments.count) else {
    FileHandle.standardError.write(Data("usage: tokenizer-speed TOKENIZER.JSON TEXT [ROUNDS]\n".utf8))
    exit(64)
}
do {
    let rounds = CommandLine.arguments.count > 3 ? Int(CommandLine.arguments[3]) ?? 5 : 5
    let result = try MeasuredTokenizer(path: CommandLine.arguments[1]).measure(
        textPath: CommandLine.arguments[2], rounds: max(1, rounds))
    print(String(decoding: try JSONEncoder().encode(result), as: UTF8.self))
} catch {
    FileHandle.standardError.write(Data("tokenizer-speed: \(error)\n".utf8))
    exit(70)
}
