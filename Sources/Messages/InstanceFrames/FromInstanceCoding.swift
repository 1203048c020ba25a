// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

extension FromInstance {
    /// The frame's bytes. Text over the limits is the caller's defect: it is cut by whoever makes it.
    package func encoded() -> [UInt8] {
        switch self {
        case .ready(let start): return Self.encode(start)
        case .pong(let number, let activeTasks, let progress):
            var writer = FrameWriter(kind: Kind.pong.rawValue)
            writer.put(number)
            writer.put(UInt32(activeTasks))
            writer.put(UInt8(progress == nil ? 0 : 1))
            writer.put(progress ?? 0)
            return writer.finish()
        case .accepted(let task, let promptTokens):
            var writer = FrameWriter(kind: Kind.accepted.rawValue)
            writer.put(task.rawValue)
            writer.put(UInt32(promptTokens))
            return writer.finish()
        case .tokens(let tokens): return Self.encode(tokens)
        case .vector(let task, let input): return Self.encode(task, input)
        case .finished(let task, let outcome): return Self.encode(task, outcome)
        case .failed(let task, let failure, let message):
            var writer = FrameWriter(kind: Kind.failed.rawValue)
            writer.put(task.rawValue)
            writer.put(UInt8(TaskFailure.allCases.firstIndex(of: failure) ?? 0))
            writer.put(message)
            return writer.finish()
        case .attached(let tasks):
            var writer = FrameWriter(kind: Kind.attached.rawValue)
            writer.put(UInt32(tasks.count))
            for task in tasks {
                writer.put(task.task.rawValue)
                writer.put(UInt32(task.nextIndex))
            }
            return writer.finish()
        }
    }

    /// Reads a frame of an instance; throws `FrameError` for anything else.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = try FrameReader(bytes)
        guard let kind = Kind(rawValue: reader.kind) else { throw .unknownKind(reader.kind) }
        switch kind {
        case .ready: self = try Self.takeStart(&reader)
        case .pong:
            let number = try reader.take(UInt64.self, "number")
            let tasks = try reader.takeCount("tasks", limit: Limits.attachedTasks)
            let computes = try reader.take(UInt8.self, "computes")
            guard computes <= 1 else { throw .outOfRange(field: "computes") }
            let progress = try reader.take(UInt64.self, "progress")
            self = .pong(number, activeTasks: tasks, progress: computes == 1 ? progress : nil)
        case .accepted:
            let task = TaskID(rawValue: try reader.take("task"))
            self = .accepted(task, promptTokens: try reader.takeCount("prompt tokens", limit: 1 << 24))
        case .tokens: self = try Self.takeTokens(&reader)
        case .vector:
            let task = TaskID(rawValue: try reader.take("task"))
            self = .vector(task, try reader.takeVector())
        case .finished: self = try Self.takeOutcome(&reader)
        case .failed: self = try Self.takeFailure(&reader)
        case .attached: self = try Self.takeAttached(&reader)
        }
        try reader.finish()
    }

    private static func encode(_ start: InstanceStart) -> [UInt8] {
        var writer = FrameWriter(kind: Kind.ready.rawValue)
        writer.put(start.bornAt.nanoseconds)
        writer.put(UInt32(clamping: start.sandboxMicroseconds))
        writer.put(UInt32(clamping: start.mappingMicroseconds))
        writer.put(UInt32(clamping: start.ranksMicroseconds))
        writer.put(UInt32(start.missingSandboxSteps.count))
        for step in start.missingSandboxSteps { writer.put(step) }
        return writer.finish()
    }

    private static func encode(_ tokens: [TaskToken]) -> [UInt8] {
        var writer = FrameWriter(kind: Kind.tokens.rawValue)
        writer.put(UInt32(tokens.count))
        for token in tokens {
            writer.put(token.task.rawValue)
            writer.put(token.token)
        }
        return writer.finish()
    }

    private static func encode(_ task: TaskID, _ input: EmbeddedInput) -> [UInt8] {
        var writer = FrameWriter(kind: Kind.vector.rawValue)
        writer.put(task.rawValue)
        writer.put(UInt32(input.index))
        writer.put(UInt32(input.tokenCount))
        writer.put(UInt32(input.vector.count))
        for number in input.vector { writer.put(number) }
        return writer.finish()
    }

    private static func encode(_ task: TaskID, _ outcome: TaskOutcome) -> [UInt8] {
        var writer = FrameWriter(kind: Kind.finished.rawValue)
        writer.put(task.rawValue)
        writer.put(UInt8(FinishReason.allCases.firstIndex(of: outcome.reason) ?? 0))
        writer.put(outcome.text)
        writer.put(extra: outcome.extra)
        writer.put(UInt32(outcome.completionTokens))
        writer.put(UInt32(clamping: outcome.prefillMicroseconds))
        writer.put(UInt32(clamping: outcome.decodeMicroseconds))
        writer.put(UInt8(outcome.messageTokens == nil ? 0 : 1))
        writer.put(tokens: (outcome.messageTokens ?? []).map { Int32(clamping: $0) })
        return writer.finish()
    }

    private static func takeStart(_ reader: inout FrameReader) throws(FrameError) -> FromInstance {
        let born = MonotonicTime(nanoseconds: try reader.take("time"))
        let sandbox = try reader.takeCount("sandbox time", limit: Limits.microseconds)
        let mapping = try reader.takeCount("mapping time", limit: Limits.microseconds)
        let ranks = try reader.takeCount("rank time", limit: Limits.microseconds)
        var missing: [String] = []
        for _ in 0..<(try reader.takeCount("missing steps", limit: 32)) {
            missing.append(try reader.takeText("missing step", limit: 64))
        }
        return .ready(
            InstanceStart(
                bornAt: born, sandboxMicroseconds: sandbox, mappingMicroseconds: mapping, ranksMicroseconds: ranks,
                missingSandboxSteps: missing))
    }

    private static func takeTokens(_ reader: inout FrameReader) throws(FrameError) -> FromInstance {
        var tokens: [TaskToken] = []
        for _ in 0..<(try reader.takeCount("tokens", limit: Limits.tokensPerFrame)) {
            let task = TaskID(rawValue: try reader.take("task"))
            tokens.append(TaskToken(task: task, token: try reader.takeToken()))
        }
        return .tokens(tokens)
    }

    private static func takeOutcome(_ reader: inout FrameReader) throws(FrameError) -> FromInstance {
        let task = TaskID(rawValue: try reader.take("task"))
        let reason = Int(try reader.take(UInt8.self, "reason"))
        guard reason < FinishReason.allCases.count else { throw .outOfRange(field: "reason") }
        let text = try reader.takeText("text", limit: Limits.outcomeTextBytes)
        let extra = try reader.takeExtra()
        let tokens = try reader.takeCount("completion tokens", limit: TaskSubmission.Limits.generated)
        let prefill = try reader.takeCount("prefill time", limit: Limits.microseconds)
        let decode = try reader.takeCount("decode time", limit: Limits.microseconds)
        let hasMessages = try reader.take(UInt8.self, "has message tokens") != 0
        let messages = try reader.takeTokens("message tokens", limit: TaskSubmission.Limits.messages)
        return .finished(
            task,
            TaskOutcome(
                reason: FinishReason.allCases[reason], text: text, extra: extra, completionTokens: tokens,
                prefillMicroseconds: prefill, decodeMicroseconds: decode,
                messageTokens: hasMessages ? messages.map(Int.init) : nil))
    }

    private static func takeFailure(_ reader: inout FrameReader) throws(FrameError) -> FromInstance {
        let task = TaskID(rawValue: try reader.take("task"))
        let failure = Int(try reader.take(UInt8.self, "failure"))
        guard failure < TaskFailure.allCases.count else { throw .outOfRange(field: "failure") }
        let message = try reader.takeSentence("message", limit: Limits.messageBytes)
        return .failed(task, TaskFailure.allCases[failure], message: message)
    }

    private static func takeAttached(_ reader: inout FrameReader) throws(FrameError) -> FromInstance {
        var tasks: [TaskProgress] = []
        for _ in 0..<(try reader.takeCount("tasks", limit: Limits.attachedTasks)) {
            let task = TaskID(rawValue: try reader.take("task"))
            let next = try reader.takeCount("next index", limit: TaskSubmission.Limits.promptTokens)
            tasks.append(TaskProgress(task: task, nextIndex: next))
        }
        return .attached(tasks)
    }
}
