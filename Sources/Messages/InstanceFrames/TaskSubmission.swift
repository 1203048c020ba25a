// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// A task as an instance gets it: prompt as text, sampling, and the tokens that were already streamed.
///
/// It can be larger than one packet and travels in parts (`ToInstance.submissionPart`), so it has an encoding of its
/// own: a frame of kind 0 that never leaves the two ends.
package struct TaskSubmission: Hashable, Sendable {
    /// Upper bounds of what an instance accepts; the gateway's limits are below them.
    package enum Limits {
        package static let byteCount = 8 << 20
        package static let messages = 4096
        package static let generated = 1 << 20
    }

    package var task: TaskID
    package var prompt: Prompt
    package var sampling: SamplingParameters
    package var generated: [Int32]

    package init(task: TaskID, prompt: Prompt, sampling: SamplingParameters, generated: [Int32]) {
        self.task = task
        self.prompt = prompt
        self.sampling = sampling
        self.generated = generated
    }

    /// What an instance needs of a serving task.
    package init(_ task: ServingTask) {
        self.init(task: task.id, prompt: task.prompt, sampling: task.sampling, generated: task.generated)
    }

    package func encoded() -> [UInt8] {
        var writer = FrameWriter(kind: 0)
        writer.put(task.rawValue)
        writer.put(sampling.temperature)
        writer.put(UInt32(clamping: sampling.topK))
        writer.put(sampling.seed)
        writer.put(UInt32(clamping: sampling.maximumTokens ?? Int(UInt32.max)))
        writer.put(UInt8(sampling.ignoresEndOfSequence ? 1 : 0))
        writer.put(UInt32(sampling.stop.count))
        for stop in sampling.stop { writer.put(stop) }
        writer.put(UInt32(generated.count))
        for token in generated { writer.put(token) }
        switch prompt {
        case .chat(let messages):
            writer.put(UInt8(0))
            writer.put(UInt32(messages.count))
            for message in messages {
                writer.put(message.role)
                writer.put(message.content)
            }
        case .text(let text, let parsesControlTokens):
            writer.put(UInt8(parsesControlTokens ? 2 : 1))
            writer.put(text)
        }
        return writer.finish()
    }

    package init(decoding bytes: [UInt8]) throws(FrameError) {
        do {
            self = try bytes.withUnsafeBytes { try Self(bytes: $0) }
        } catch let error as FrameError {
            throw error
        } catch {
            throw .outOfRange(field: "submission")
        }
    }

    private init(bytes: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = try FrameReader(bytes)
        guard reader.kind == 0 else { throw .unknownKind(reader.kind) }
        task = TaskID(rawValue: try reader.take("task"))
        sampling = try Self.takeSampling(&reader)
        let tokens = try reader.takeCount("generated", limit: Limits.generated)
        generated = []
        for _ in 0..<tokens { generated.append(try reader.take("generated token")) }
        prompt = try Self.takePrompt(&reader)
        try reader.finish()
    }

    private static func takeSampling(_ reader: inout FrameReader) throws(FrameError) -> SamplingParameters {
        let temperature = try reader.takeFloat("temperature")
        guard SamplingParameters.Limits.temperature.contains(temperature) else {
            throw .outOfRange(field: "temperature")
        }
        let topK = Int(try reader.take(UInt32.self, "topK"))
        let seed = try reader.take(UInt64.self, "seed")
        let maximum = try reader.take(UInt32.self, "maximumTokens")
        let flags = try reader.take(UInt8.self, "flags")
        guard flags <= 1 else { throw .outOfRange(field: "flags") }
        var stop: [String] = []
        for _ in 0..<(try reader.takeCount("stop", limit: SamplingParameters.Limits.stopStrings)) {
            stop.append(try reader.takeText("stop string", limit: SamplingParameters.Limits.stopBytes))
        }
        return SamplingParameters(
            temperature: temperature, topK: topK, seed: seed,
            maximumTokens: maximum == UInt32.max ? nil : Int(maximum), stop: stop, ignoresEndOfSequence: flags == 1)
    }

    private static func takePrompt(_ reader: inout FrameReader) throws(FrameError) -> Prompt {
        let form = try reader.take(UInt8.self, "prompt form")
        switch form {
        case 0:
            var messages: [ChatMessage] = []
            for _ in 0..<(try reader.takeCount("messages", limit: Limits.messages)) {
                let role = try reader.takeText("role", limit: 64)
                messages.append(
                    ChatMessage(role: role, content: try reader.takeText("content", limit: Limits.byteCount)))
            }
            return .chat(messages)
        case 1, 2:
            return .text(try reader.takeText("prompt", limit: Limits.byteCount), parsesControlTokens: form == 2)
        default: throw .outOfRange(field: "prompt form")
        }
    }
}
