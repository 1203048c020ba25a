// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import CFlowKernels
internal import Glibc
internal import ServingModel

/// Writes a whole line at once: the reader waits for it.
func say(_ line: String, to descriptor: CInt) {
    _ = Array(line.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
}

/// What a line asks for: the name of a work that is measured, or a question of quality with its arguments.
func answer(_ words: [String], _ engine: MeasuredEngine) throws -> String? {
    switch (words.first, words.count) {
    case ("prefill", 2...3):
        return try engine.prefill(Int(words[1]) ?? 1, behind: words.count > 2 ? Int(words[2]) ?? 0 : 0).line
    case ("tokenize", 3): return "count=\(try engine.quality().tokenize(words[1], into: words[2]))"
    case ("generate", 3): return "count=\(try engine.quality().generate(Int(words[1]) ?? 0, into: words[2]))"
    case ("surprise", 3):
        return "nll=\(try engine.quality().negativeLogLikelihood(of: words[2], path: words[1]))"
    default:
        return try words.first.flatMap(MeasuredWork.init(rawValue:)).map { try engine.measure($0).line }
    }
}

// `engine-speed ARTEFACT THREADS [q8_0] [PATH]`: reads the names of works from standard input, does each at once, and answers with a
// line of figures. For the programs of Packaging/benchmarks, which ask both engines in turn. Beside the works there are
// `prefill ROWS [CONTEXT]` (512 tokens in steps of so many rows, behind a context of so many), `tokenize TEXT TOKENS`,
// `generate COUNT TOKENS` and `surprise PATH TOKENS`, with the names of files. With `q8_0` keys and values are bytes.
var arguments = CommandLine.arguments.dropFirst()
let paths = [FLOW_PATH_PORTABLE, FLOW_PATH_AVX2, FLOW_PATH_AVX512]
let path = paths.first { String(cString: flow_path_name($0)) == arguments.last }
if path != nil { arguments.removeLast() }
let hasByteKeys = arguments.count == 3 && arguments.last == "q8_0"
if hasByteKeys { arguments.removeLast() }
guard arguments.count == 2, let file = arguments.first, let threads = arguments.last.flatMap({ Int($0) }), threads > 0
else {
    say("usage: engine-speed ARTEFACT THREADS [q8_0] [portable|avx2|avx512]\n", to: STDERR_FILENO)
    exit(64)
}
if let path, !flow_path_choose(path) {
    say("engine-speed: this machine cannot run \(String(cString: flow_path_name(path)))\n", to: STDERR_FILENO)
    exit(69)
}
do {
    let engine = try MeasuredEngine(
        path: file, threads: threads, keyValueType: hasByteKeys ? .bytes : nil)
    say("ready \(engine.path) \(engine.model.bytesPerToken)\n", to: STDOUT_FILENO)
    while let line = readLine() {
        guard let answer = try answer(line.split(separator: " ").map(String.init), engine) else {
            say("engine-speed: nothing is known of '\(line)'; works: \(MeasuredWork.names)\n", to: STDERR_FILENO)
            exit(64)
        }
        say(answer + "\n", to: STDOUT_FILENO)
    }
} catch {
    say("engine-speed: \(error)\n", to: STDERR_FILENO)
    exit(70)
}
