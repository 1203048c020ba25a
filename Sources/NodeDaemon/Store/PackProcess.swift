// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Synchronization

/// One run of `flowserve pack` or `flowserve verify`: reads what nobody vouches for, in a process that can do nothing
/// else.
///
/// To pack it gets the checkpoint as descriptor 3, the artefact's file as 4, a pipe for its progress as 5; to verify, the
/// artefact as 3 and the pipe. Exit status 65 means that what it read is at fault, and its standard error says how.
final class PackProcess: Sendable {
    private static let badContentStatus: Int32 = 65

    private struct State {
        var process: ChildProcess?
        var isCancelled = false
    }

    private let executable: String
    private let state = Mutex(State())

    /// `executable` is the path of `flowserve`.
    init(executable: String) {
        self.executable = executable
    }

    /// Packs, and returns what the packer says of the model. Blocks: to be called once, on a thread of its own.
    /// `progress` gets bytes done and in all.
    func run(
        checkpoint: CInt, artefact: CInt, progress: (Int, Int) -> Void
    ) throws(NodeDaemonError) -> ReportedModel {
        let (status, output) = try start("pack", checkpoint, artefact, progress)
        switch status {
        case .exited(code: 0):
            guard let model = output.model else { throw .packingFailed("the packer did not describe the model") }
            return model
        case .exited(code: Self.badContentStatus):
            throw .badCheckpoint(output.message ?? "the file is no checkpoint that can be used here")
        default: throw .packingFailed(output.message ?? "the packer ended with \(status)")
        }
    }

    /// Reads a whole artefact and returns what of it is not as it was written; nil where all is. Blocks likewise.
    func damage(of artefact: CInt, progress: (Int, Int) -> Void) throws(NodeDaemonError) -> String? {
        let (status, output) = try start("verify", artefact, nil, progress)
        switch status {
        case .exited(code: 0): return nil
        case .exited(code: Self.badContentStatus): return output.message ?? "the packed model is damaged"
        default: throw .packingFailed(output.message ?? "the process that reads the packed model ended with \(status)")
        }
    }

    private func start(
        _ verb: String, _ input: CInt, _ artefact: CInt?, _ progress: (Int, Int) -> Void
    ) throws(NodeDaemonError) -> (ExitStatus, PackOutput) {
        do throws(SystemCallError) {
            var messages = try Pipe()
            var reports = try Pipe()
            var output = PackOutput(messages: messages.reader, reports: reports.reader)
            let launch = ProcessLaunch(
                executable: executable, arguments: [verb],
                descriptors: [nil, nil, messages.writer?.rawValue, input, artefact, reports.writer?.rawValue])
            let process = ChildProcess(try launch.start())
            messages.closeWriter()
            reports.closeWriter()
            keep(process)
            try output.readToEnd(progress)
            return (try process.waitForEnd(), output)
        } catch {
            throw .packingFailed("\(error)")
        }
    }

    /// Ends the process; what waits for it then throws.
    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            return state.process
        }?.kill()
    }

    private func keep(_ process: ChildProcess) {
        let isLate = state.withLock { state in
            state.process = process
            return state.isCancelled
        }
        if isLate { process.kill() }
    }
}

/// What comes out of a packer while it runs.
private struct PackOutput {
    /// What is kept of its standard error.
    private static let messageLimit = 4096

    private let messages: SharedDescriptor
    private let reports: SharedDescriptor
    private var messageBytes: [UInt8] = []
    private var report = PackReport()
    private(set) var model: ReportedModel?

    init(messages: SharedDescriptor, reports: SharedDescriptor) {
        self.messages = messages
        self.reports = reports
    }

    /// The last words on standard error, printable characters only.
    var message: String? {
        let text = String(decoding: messageBytes, as: UTF8.self)
        let clean = String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) })
        let words = clean.split(separator: " ").joined(separator: " ")
        return words.isEmpty ? nil : words
    }

    /// Reads both pipes until the packer has closed them.
    mutating func readToEnd(_ progress: (Int, Int) -> Void) throws(SystemCallError) {
        let readiness = try ReadinessList()
        let sources = [messages, reports]
        for (key, source) in sources.enumerated() { try readiness.add(source.rawValue, key: UInt64(key), .readable) }
        var open = sources.count
        var buffer = [UInt8](repeating: 0, count: 4096)
        while open > 0 {
            for event in try readiness.wait(milliseconds: nil) {
                let source = sources[Int(event.key)]
                let count = try systemCall("read", "a packer's pipe") { read(source.rawValue, &buffer, buffer.count) }
                if count == 0 {
                    try readiness.remove(source.rawValue)
                    open -= 1
                } else {
                    take(buffer.prefix(count), isReport: event.key == 1, progress)
                }
            }
        }
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>, isReport: Bool, _ progress: (Int, Int) -> Void) {
        guard isReport else {
            messageBytes += bytes.prefix(Self.messageLimit - messageBytes.count)
            return
        }
        for line in report.take(bytes) {
            switch line {
            case .progress(let done, let total): progress(done, total)
            case .model(let packed): model = packed
            }
        }
    }
}
