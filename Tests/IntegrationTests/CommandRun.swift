// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import TestSupport
import Testing

/// A program that was run to its end.
struct CommandRun: Sendable {
    /// As a shell tells it: 128 and the number of the signal that ended it.
    let exitCode: Int32
    let output: String
    let errors: String

    /// Seconds that no command of a test needs on any machine; beyond them it hangs.
    private static let limit: Int32 = 180

    /// Runs `executable` and waits for it; its streams go through files, so that it can never wait for the test.
    /// A command that hangs is killed, and fails the test.
    init(
        _ executable: String, _ arguments: [String], input: String? = nil, environment: [String] = []
    ) throws {
        let scratch = try ScratchDirectory()
        let inputFile = scratch.path + "/input"
        try Data((input ?? "").utf8).write(to: URL(fileURLWithPath: inputFile))
        let inputEnd = try OwnedDescriptor.open(inputFile, O_RDONLY)
        let outputEnd = try OwnedDescriptor.open(scratch.path + "/output", O_WRONLY | O_CREAT)
        let errorEnd = try OwnedDescriptor.open(scratch.path + "/errors", O_WRONLY | O_CREAT)
        let process = try ProcessLaunch(
            executable: executable, arguments: arguments, environment: environment,
            descriptors: [inputEnd.rawValue, outputEnd.rawValue, errorEnd.rawValue]
        ).start()
        let ended = try process.end(withinSeconds: Self.limit)
        if ended == nil { Issue.record("\(executable) \(arguments) did not end within \(Self.limit) s") }
        exitCode = Self.code(of: ended)
        output = try String(contentsOfFile: scratch.path + "/output", encoding: .utf8)
        errors = try String(contentsOfFile: scratch.path + "/errors", encoding: .utf8)
    }

    var isSuccess: Bool { exitCode == 0 }

    private static func code(of status: LinuxKernel.ExitStatus?) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signalled(let signal): 128 + signal
        case nil: -1
        }
    }

    /// Runs the command `deepflow` of this build.
    static func deepflow(_ arguments: [String], input: String? = nil) throws -> CommandRun {
        try CommandRun(BuiltExecutable.path("deepflow"), arguments, input: input)
    }

    /// The output of a listing, decoded as the types that document its keys.
    func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(output.utf8))
    }
}
