// SPDX-License-Identifier: Apache-2.0
package import LinuxKernel

/// How a template or an instance ended, as its keeper knows it. Whoever decides by it reads the case; the sentence for
/// people is `description` and is made nowhere else.
package enum ProcessEnd: Hashable, Sendable {
    /// No process came to be, for the reason that the kernel, the template or the keeper gives.
    case notStarted(reason: String)
    /// By itself with a status; `reason` is what a template said before of why it cannot serve.
    case exited(code: Int32, reason: String? = nil)
    /// By a signal that the keeper did not send, with what the process noted of its crash. From outside where it is none
    /// that a process raises by what it does.
    case signalled(signal: Int32, crash: CrashPage? = nil)
    /// Killed by the keeper as it was ordered, or at the keeper's own end.
    case killedByOrder
    /// Killed by the keeper for a system call that its sandbox denies.
    case deniedCall(DeniedCall)
    /// Killed by its own filter for a call that no listener hears of.
    case filtered
    /// Killed by the kernel for want of memory.
    case outOfMemory
    /// A template that the keeper killed since it broke the protocol between them.
    case protocolBroken(reason: String)

    /// What the kernel says of it; nil where no process came to be.
    package var status: ExitStatus? {
        switch self {
        case .notStarted: nil
        case .exited(let code, _): .exited(code: code)
        case .signalled(let signal, _): .signalled(signal: signal)
        case .filtered: .signalled(signal: Self.badSystemCall)
        case .killedByOrder, .deniedCall, .outOfMemory, .protocolBroken: .signalled(signal: Self.kill)
        }
    }

    /// Whether its sandbox ended it for a call that it denies.
    package var isDenial: Bool {
        switch self {
        case .deniedCall, .filtered: true
        default: false
        }
    }

    /// Linux's numbers of SIGKILL and SIGSYS.
    private static let kill: Int32 = 9
    private static let badSystemCall: Int32 = 31
}

extension ProcessEnd: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notStarted(let reason): reason
        case .exited(let code, nil): "\(ExitStatus.exited(code: code))"
        case .exited(let code, let reason?): "\(reason) (\(ExitStatus.exited(code: code)))"
        case .signalled(let signal, nil): "\(ExitStatus.signalled(signal: signal))"
        case .signalled(let signal, let crash?): "\(ExitStatus.signalled(signal: signal)) \(crash)"
        case .killedByOrder: "killed by order"
        case .deniedCall(let call): "killed for the system call \(call), which its sandbox denies"
        case .filtered: "ended by its filter: it repeated a call of its own start, or used another call table"
        case .outOfMemory:
            "killed by the kernel for want of memory: give the node more, or fewer instances at once"
        case .protocolBroken(let reason): "the template broke the keeper's protocol: \(reason)"
        }
    }
}

/// A system call that a sandbox denies.
package struct DeniedCall: Hashable, Sendable, CustomStringConvertible {
    /// The kernel's number of the call, in the table of the processor's own architecture.
    package var number: Int32
    package var name: String
    /// All six registers, whatever the call makes of them.
    package var arguments: [UInt64]

    package init(number: Int32, name: String, arguments: [UInt64]) {
        self.number = number
        self.name = name
        self.arguments = arguments
    }

    /// Name and arguments as a log shows them: `mount(0x0, 0x7ffe…)`.
    package var description: String {
        "\(name)(\(arguments.map { "0x" + String($0, radix: 16) }.joined(separator: ", ")))"
    }
}

extension ProcessEnd {
    private enum Kind: UInt8 {
        case notStarted, exited, signalled, killedByOrder, deniedCall, filtered, outOfMemory, protocolBroken
    }

    /// Upper bounds on what one frame may hold.
    private enum Limits {
        static let reasonBytes = 4096
        static let nameBytes = 64
        static let arguments = 6
        static let frames = 64
    }

    func put(into writer: inout FrameWriter) {
        switch self {
        case .notStarted(let reason): Self.put(.notStarted, reason, into: &writer)
        case .exited(let code, let reason):
            Self.put(.exited, reason ?? "", into: &writer)
            writer.put(code)
        case .signalled(let signal, let crash):
            writer.put(Kind.signalled.rawValue)
            writer.put(signal)
            writer.put(UInt8(crash == nil ? 0 : 1))
            if let crash { Self.put(crash, into: &writer) }
        case .killedByOrder: writer.put(Kind.killedByOrder.rawValue)
        case .deniedCall(let call):
            Self.put(.deniedCall, call.name, limit: Limits.nameBytes, into: &writer)
            writer.put(call.number)
            writer.put(UInt32(min(call.arguments.count, Limits.arguments)))
            for argument in call.arguments.prefix(Limits.arguments) { writer.put(argument) }
        case .filtered: writer.put(Kind.filtered.rawValue)
        case .outOfMemory: writer.put(Kind.outOfMemory.rawValue)
        case .protocolBroken(let reason): Self.put(.protocolBroken, reason, into: &writer)
        }
    }

    /// A character of the text that is cut becomes a replacement, up to 3 bytes longer.
    private static func put(
        _ kind: Kind, _ text: String, limit: Int = Limits.reasonBytes, into writer: inout FrameWriter
    ) {
        writer.put(kind.rawValue)
        writer.put(String(decoding: text.utf8.prefix(limit - 4), as: UTF8.self))
    }

    private static func put(_ crash: CrashPage, into writer: inout FrameWriter) {
        writer.put(crash.signal)
        writer.put(crash.address)
        writer.put(crash.instruction)
        writer.put(UInt32(min(crash.frames.count, Limits.frames)))
        for frame in crash.frames.prefix(Limits.frames) { writer.put(frame) }
    }

    static func take(from reader: inout FrameReader) throws(FrameError) -> ProcessEnd {
        guard let kind = Kind(rawValue: try reader.take("end")) else { throw .outOfRange(field: "end") }
        switch kind {
        case .notStarted: return .notStarted(reason: try takeReason(&reader))
        case .exited:
            let reason = try takeReason(&reader)
            return .exited(code: try reader.take("exit code"), reason: reason.isEmpty ? nil : reason)
        case .signalled:
            let signal = try reader.take(Int32.self, "signal")
            let hasCrash = try reader.take(UInt8.self, "crash")
            guard hasCrash <= 1 else { throw .outOfRange(field: "crash") }
            return .signalled(signal: signal, crash: hasCrash == 1 ? try takeCrash(&reader) : nil)
        case .killedByOrder: return .killedByOrder
        case .deniedCall:
            let name = try reader.takeSentence("call", limit: Limits.nameBytes)
            let number = try reader.take(Int32.self, "call number")
            return .deniedCall(
                DeniedCall(number: number, name: name, arguments: try takeNumbers(&reader, limit: Limits.arguments)))
        case .filtered: return .filtered
        case .outOfMemory: return .outOfMemory
        case .protocolBroken: return .protocolBroken(reason: try takeReason(&reader))
        }
    }

    private static func takeReason(_ reader: inout FrameReader) throws(FrameError) -> String {
        try reader.takeSentence("reason", limit: Limits.reasonBytes)
    }

    private static func takeCrash(_ reader: inout FrameReader) throws(FrameError) -> CrashPage {
        let signal = try reader.take(Int32.self, "crash signal")
        let address = try reader.take(UInt64.self, "crash address")
        let instruction = try reader.take(UInt64.self, "crash instruction")
        return CrashPage(
            signal: signal, address: address, instruction: instruction,
            frames: try takeNumbers(&reader, limit: Limits.frames))
    }

    private static func takeNumbers(_ reader: inout FrameReader, limit: Int) throws(FrameError) -> [UInt64] {
        var numbers: [UInt64] = []
        for _ in 0..<(try reader.takeCount("numbers", limit: limit)) { numbers.append(try reader.take("number")) }
        return numbers
    }
}
