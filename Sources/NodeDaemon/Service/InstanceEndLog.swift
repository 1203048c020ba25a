// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Logging
internal import Messages
internal import ServingModel
internal import SystemdIntegration

extension Logger {
    /// An instance has ended: logged as what it stands for, so that attacks and defects can be waited for.
    func noteEnd(of instance: InstanceID, model: ModelName?, _ status: ExitStatus?, _ text: String) {
        let kind = LogEventKind(endOfInstance: status, text)
        let level: Logger.Level = kind == .instanceDenied ? .error : kind == .instanceCrashed ? .warning : .info
        log(
            level: level, "an instance ended",
            metadata: .about([.instance: instance, .model: model], kind: kind, ["reason": "\(text)"]))
    }
}

extension LogEventKind {
    /// Signals that stand for a defect of the process itself.
    private static let crashSignals: Set<Int32> = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP]

    /// What the end of an instance stands for, by its status and the keeper's sentence; nil where nothing is wrong.
    init?(endOfInstance status: ExitStatus?, _ text: String) {
        switch status {
        case .signalled(SIGSYS): self = .instanceDenied
        case .signalled(let signal) where Self.crashSignals.contains(signal): self = .instanceCrashed
        default:
            guard text.contains(FromKeeper.deniedCallWords) else { return nil }
            self = .instanceDenied
        }
    }
}

extension ExitStatus? {
    /// How a process ended, which the keeper may have explained; nil where there was none.
    func sentence(with message: String) -> String {
        switch (self, message.isEmpty) {
        case (nil, true): "no reason was given"
        case (nil, false): message
        case (let status?, true): "\(status)"
        case (let status?, false): "\(message) (\(status))"
        }
    }
}
