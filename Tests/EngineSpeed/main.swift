// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Writes a whole line at once: the reader waits for it.
func say(_ line: String, to descriptor: CInt) {
    _ = Array(line.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
}

// `engine-speed ARTEFACT THREADS`: reads the names of works from standard input, does each at once, and answers with a
// line `COUNT SECONDS CPU-SECONDS`. For Packaging/benchmarks/compare-llamacpp, which asks both engines in turn.
guard CommandLine.arguments.count == 3, let threads = Int(CommandLine.arguments[2]), threads > 0 else {
    say("usage: engine-speed ARTEFACT THREADS\n", to: STDERR_FILENO)
    exit(64)
}
do {
    var engine = try MeasuredEngine(path: CommandLine.arguments[1], threads: threads)
    say("ready \(engine.path) \(engine.bytesPerToken)\n", to: STDOUT_FILENO)
    while let line = readLine() {
        guard let work = MeasuredWork(rawValue: line) else {
            say("engine-speed: no work '\(line)'; known: \(MeasuredWork.names)\n", to: STDERR_FILENO)
            exit(64)
        }
        let taken = try engine.measure(work)
        say("\(taken.count) \(taken.seconds) \(taken.cpuSeconds)\n", to: STDOUT_FILENO)
    }
} catch {
    say("engine-speed: \(error)\n", to: STDERR_FILENO)
    exit(70)
}
