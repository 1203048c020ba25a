// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxKernel
import TestSupport
import Testing

/// Runs every target of the fuzzing program over its committed inputs and damaged ones. `DEEPFLOW_FUZZ_RUNS` makes it
/// longer; `Packaging/fuzz` searches with libFuzzer's guidance.
@Suite("Fuzzing")
struct FuzzTargetTests {
    private static let runs = ProcessInfo.processInfo.environment["DEEPFLOW_FUZZ_RUNS"] ?? "1000"

    /// What the program writes, and how it ended.
    private static func run(_ arguments: [String], _ output: String) throws -> LinuxKernel.ExitStatus? {
        let file = try OwnedDescriptor.open(output, O_RDWR | O_CREAT)
        let launch = ProcessLaunch(
            executable: BuiltExecutable.path("fuzz"), arguments: arguments,
            descriptors: [nil, file.rawValue, file.rawValue])
        return try launch.start().reap(waits: true)
    }

    private static func targets() throws -> [String] {
        let folder = try ScratchDirectory()
        let status = try run(["list"], folder.path + "/out")
        try #require(status == .exited(code: 0))
        return try String(contentsOfFile: folder.path + "/out", encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test("no input ends a reader, hangs it, or takes memory without bound")
    func survival() throws {
        let targets = try Self.targets()
        #expect(targets.contains("gguf") && targets.contains("artefact"))
        for target in targets {
            let folder = try ScratchDirectory()
            let status = try Self.run([target, "--runs", Self.runs], folder.path + "/out")
            let text = try String(contentsOfFile: folder.path + "/out", encoding: .utf8)
            #expect(status == .exited(code: 0), "\(target): \(text)")
        }
    }

    @Test("a reader that traps, hangs or takes memory without bound is found, and the input kept")
    func faults() throws {
        for word in ["trap", "hang", "grow"] {
            let folder = try ScratchDirectory()
            try word.write(toFile: folder.path + "/input", atomically: true, encoding: .utf8)
            let status = try Self.run(["broken", folder.path + "/input", "--save", folder.path], folder.path + "/out")
            guard case .signalled = status else {
                Issue.record("\(word): \(String(describing: status))")
                continue
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            let kept = try #require(files.first { $0.hasSuffix(".input") })
            #expect(try String(contentsOfFile: "\(folder.path)/\(kept)", encoding: .utf8) == word)
        }
    }
}
