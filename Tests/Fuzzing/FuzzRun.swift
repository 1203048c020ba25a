// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A run without libFuzzer: the same inputs each time.
struct FuzzRun {
    private let target: FuzzTarget
    /// Damaged inputs to try after the committed ones.
    var runs = 1000
    var seed: UInt64 = 2026
    /// Inputs to read instead of all these.
    var files: [String] = []
    /// The folder for an input that is not survived.
    var folder = "/tmp"

    /// A run of one target.
    init(_ target: FuzzTarget) {
        self.target = target
    }

    /// Reads all inputs and returns the exit status; an input that is not survived ends the program by a signal.
    func run() -> Int32 {
        Watch.begin(savingTo: "\(folder)/fuzz-\(target.name)-\(getpid()).input")
        guard files.isEmpty else { return readFiles() }
        let seeds = Inputs.seeds(of: target)
        guard !seeds.isEmpty else {
            complain("fuzz: no inputs in \(Inputs.folder)/\(target.name)\n")
            return 66
        }
        for input in seeds { read(input) }
        var mutation = Mutation(of: seeds, for: target, seed: seed)
        for _ in 0..<runs { read(mutation.next()) }
        print("\(target.name): \(seeds.count) inputs and \(runs) damaged ones read")
        return 0
    }

    private func readFiles() -> Int32 {
        for path in files {
            guard let bytes = Inputs.bytes(of: path) else {
                complain("fuzz: \(path) cannot be read\n")
                return 66
            }
            read(bytes)
            print("\(path): read")
        }
        return 0
    }

    private func read(_ input: [UInt8]) {
        input.withUnsafeBytes { Watch.read($0, target) }
    }
}
