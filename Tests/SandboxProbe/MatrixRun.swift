// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Sandbox
internal import TestSupport

/// `sandbox-probe matrix`: tries every call in one profile, prints a line for each, and fails where one went differently
/// than it must.
struct MatrixRun {
    /// Socket of a keeper whose engine is this program under the profile's name; unused for the packer.
    private var keeper = ""
    private var profile = ProbeProfile.instance
    /// The keeper lives in a service whose own filter answers some calls first, with EPERM: those count as refused.
    private var isBehindFilter = false

    static func run(_ arguments: some Collection<String>) -> Int32 {
        var run = MatrixRun()
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--behind-filter": run.isBehindFilter = true
            case "--keeper": run.keeper = rest.popFirst() ?? ""
            case "--profile":
                guard let profile = rest.popFirst().flatMap(ProbeProfile.init) else { return 64 }
                run.profile = profile
            default: return 64
            }
        }
        do {
            return try run.tryAll() ? 0 : 1
        } catch {
            print("failed: \(error)")
            return 1
        }
    }

    private func tryAll() throws -> Bool {
        let daemon = profile == .pack ? nil : try ProbeDaemon(keeper: keeper)
        var instance: ProbeInstance?
        var wrong = 0
        for call in CallTable.all where call.name == TriedCall.foreign || SystemCallName.number(of: call.name) != nil {
            let outcome =
                switch profile {
                case .pack: try Self.attemptAsPacker(call.label)
                case .template: try daemon?.attemptInTemplate(call.label) ?? ""
                case .instance, .prewarmed, .trainer: try attempt(call.label, in: &instance, of: daemon)
                }
            let expectation = profile.expectation(of: call)
            let isRight = agrees(outcome, expectation, call)
            if !isRight { wrong += 1 }
            let note = isRight ? "" : "  WRONG, expected \(expectation)"
            print("\(profile.rawValue)\t\(call.label)\t\(outcome)\(note)")
        }
        print("\(profile.rawValue): \(CallTable.all.count) calls, \(wrong) wrong")
        return wrong == 0
    }

    /// In an instance that is used as long as it lives.
    private func attempt(
        _ name: String, in instance: inout ProbeInstance?, of daemon: ProbeDaemon?
    ) throws -> String {
        guard let daemon else { return "" }
        let used = if let instance, !instance.hasEnded { instance } else { try daemon.fork() }
        instance = used
        return try daemon.attempt(name, in: used)
    }

    private func agrees(_ outcome: String, _ expectation: Expectation, _ call: TriedCall) -> Bool {
        switch expectation {
        case .carriedOut(let code): outcome == (code == 0 ? "0 0" : "-1 \(code)")
        case .refused(let code): outcome == "-1 \(code)" || isRefusedOutside(outcome)
        case .named:
            isRefusedOutside(outcome)
                || (profile == .pack ? Self.isKilled(outcome) : outcome.contains("system call \(call.name)("))
        case .ended: Self.isKilled(outcome) || isRefusedOutside(outcome)
        }
    }

    /// EPERM is the unit's own answer; RestrictSUIDSGID= says ENOSYS to openat2, RestrictAddressFamilies= EAFNOSUPPORT.
    private func isRefusedOutside(_ outcome: String) -> Bool {
        isBehindFilter && [EPERM, ENOSYS, EAFNOSUPPORT].contains { outcome == "-1 \($0)" }
    }

    /// By a filter, as an instance's end or a packer's is told.
    private static func isKilled(_ outcome: String) -> Bool {
        outcome.contains("ended by its filter") || outcome.contains("signal \(SIGSYS) ")
    }

    private static func attemptAsPacker(_ name: String) throws -> String {
        let output = try MemoryFile.unsealed(name: "outcome")
        let process = try ProcessLaunch(
            executable: "/proc/self/exe", arguments: ["pack", name],
            descriptors: [nil, output.rawValue, STDERR_FILENO]
        ).start()
        guard let status = try process.reap(waits: true) else { return "alive" }
        guard status.isSuccess else { return status.description }
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = pread(output.rawValue, &buffer, 100, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
