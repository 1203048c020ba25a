// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Glibc
internal import ServingModel

/// What every benchmark is told: which model, on which server.
package struct BenchmarkOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The checkpoint to measure.", valueName: "file"), completion: .file())
    package var checkpoint: String?
    @Option(help: ArgumentHelp("Measure this model, where the server has it already.", valueName: "name"))
    package var model: String?
    @Option(help: ArgumentHelp("Keep the private server's models here for the next run.", valueName: "path"))
    package var stateDirectory: String?
    @OptionGroup package var scheduler: SchedulerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Refuses an unclear choice of what is measured.
    package func validate() throws {
        if checkpoint == nil, model == nil { throw ValidationError("name a --checkpoint, or a --model of the server") }
        if scheduler.socket != nil, stateDirectory != nil {
            throw ValidationError("--state-directory is the private server's: leave it out with --socket")
        }
    }

    /// Under which name the model is measured: the one that was given, else the checkpoint's.
    func modelName() throws(CommandError) -> ModelName {
        if let model { return try TypedNames.model(model) }
        return try TypedNames.model(try CheckpointContents(at: checkpoint ?? "").name)
    }

    /// What a report says of the machine; figures mean nothing without it.
    static var machine: BenchmarkMachine {
        var names = utsname()
        uname(&names)
        let release = withUnsafeBytes(of: &names.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return BenchmarkMachine(kernel: release, cores: max(1, Int(sysconf(CInt(_SC_NPROCESSORS_ONLN)))))
    }
}

/// The machine that figures come from.
struct BenchmarkMachine: Hashable, Sendable, Codable {
    let kernel: String
    let cores: Int
}
