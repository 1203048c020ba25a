// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import ServingModel
import Testing

@testable import Messages

/// One of each message, and the same treatment for all: they read back, and no damaged form of them crashes.
@Suite("Frames of every kind")
struct FrameRoundTripTests {
    static let task = TaskID(rawValue: 7)
    static let instance = InstanceID(rawValue: 8)
    static let template = TemplateID(rawValue: 9)
    static let settings = InstanceSettings(
        keyValueBytes: 1 << 20, rankCount: 2, maximumTasks: 32, keyValueType: .bytes,
        processors: ProcessorSet(list: "1-3,70"))
    static let outcome = TaskOutcome(
        reason: .stop, text: "end", completionTokens: 3, prefillMicroseconds: 4, decodeMicroseconds: 5)

    static let sandbox = SandboxState(
        deniedCalls: .named, identity: "user 1000", missing: ["landlock: not there"], remarks: ["a", "b"])

    static var key: DescriptorKey {
        guard let key = DescriptorKey("arena/m") else { preconditionFailure("it is a key") }
        return key
    }

    static let toInstance: [ToInstance] = [
        .ping(1), .submissionPart(task, offset: 0, total: 4, bytes: [1, 2, 3, 4]), .cancel(task),
        .acknowledge(task, index: 64), .release(task), .replay(task, index: 3), .attach, .drain,
    ]
    static let fromInstance: [FromInstance] = [
        .ready(
            .init(
                bornAt: MonotonicTime(nanoseconds: 9), sandboxMicroseconds: 1, mappingMicroseconds: 2,
                ranksMicroseconds: 3, missingSandboxSteps: ["landlock"])
        ),
        .pong(1, activeTasks: 2, progress: nil), .accepted(task, promptTokens: 12),
        .tokens([.init(task: task, token: GeneratedToken(index: 0, id: 5, text: "ä"))]),
        .finished(task, outcome), .failed(task, .contextLengthExceeded, message: "too long"),
        .attached([.init(task: task, nextIndex: 4)]),
    ]
    static let toKeeper: [ToKeeper] = [
        .hello, .startTemplate(template, model: "m"), .fork([instance], template: template, settings),
        .keepPrewarmed(2),
        .killInstance(instance), .stopTemplate(template), .releaseInstance(instance), .releaseTemplate(template),
        .hold(key), .release(key), .retire,
    ]
    static let fromKeeper: [FromKeeper] = [
        .welcome(processID: 4, controllers: ["cpu", "memory"]), .sandbox(sandbox, deniedCalls: 3), .stateComplete,
        .templateStarting(template, model: "m", processID: 5),
        .templateReady(
            template,
            .init(
                loadMicroseconds: 6, prewarmedMicroseconds: 5,
                model: TemplateStart(mappingMicroseconds: 4, rehearsalMicroseconds: 3))), .prewarmed(1),
        .templateEnded(template, .exited(code: 1, reason: "gone")),
        .templateEnded(template, .protocolBroken(reason: "it failed twice")),
        .instanceRunning(
            instance,
            .init(template: template, processID: 6, settings: settings, preparedAt: MonotonicTime(nanoseconds: 700))),
        .instanceEnded(instance, .notStarted(reason: "never was")), .instanceEnded(instance, .exited(code: 70)),
        .instanceEnded(instance, .signalled(signal: 15)),
        .instanceEnded(
            instance,
            .signalled(
                signal: 11, crash: CrashPage(signal: 11, address: 1, instruction: .max, frames: [2, 3, 4]))),
        .instanceEnded(instance, .deniedCall(deniedCall)), .instanceEnded(instance, .killedByOrder),
        .instanceEnded(instance, .filtered), .instanceEnded(instance, .outOfMemory),
        .held(key), .notHeld(key, message: "full"),
    ]
    static let deniedCall = DeniedCall(number: 165, name: "landlock_create_ruleset", arguments: [0, 1, 2, 3, 4, .max])
    static let toTemplate: [ToTemplate] = [
        .load(name: "m"), .fork([instance, instance], descriptors: ForkDescriptor.allCases.reversed(), settings),
    ]
    static let fromTemplate: [FromTemplate] = [
        .confined(sandbox), .ready(TemplateStart(mappingMicroseconds: 1, rehearsalMicroseconds: 2)),
        .failed(message: "no"), .forked(instance, processID: 3), .forkFailed(instance, message: "full"),
    ]

    @Test("what people read holds no controls")
    func sentences() throws {
        let frame = FromTemplate.failed(message: "bad\n2026 INFO forged \u{1B}[2J\u{85}end").encoded()
        let message = try frame.withUnsafeBytes { try FromTemplate(decoding: $0) }
        #expect(message == .failed(message: "bad?2026 INFO forged ?[2J?end"))
    }

    @Test("They read back as they were written")
    func roundTrip() throws {
        for message in Self.toInstance {
            #expect(try message.encoded().withUnsafeBytes { try ToInstance(decoding: $0) } == message)
        }
        for message in Self.fromInstance {
            #expect(try message.encoded().withUnsafeBytes { try FromInstance(decoding: $0) } == message)
        }
        for message in Self.toKeeper {
            #expect(try message.encoded().withUnsafeBytes { try ToKeeper(decoding: $0) } == message)
        }
        for message in Self.fromKeeper {
            #expect(try message.encoded().withUnsafeBytes { try FromKeeper(decoding: $0) } == message)
        }
        for message in Self.fromTemplate {
            #expect(try message.encoded().withUnsafeBytes { try FromTemplate(decoding: $0) } == message)
        }
        for order in Self.toTemplate {
            #expect(try order.encoded().withUnsafeBytes { try ToTemplate(decoding: $0) } == order)
        }
    }

    @Test("What a keeper of any version must understand is sent in the oldest one, and read in every one")
    func lastingFrames() throws {
        for order in [ToKeeper.hello, .retire] {
            #expect(order.encoded()[4] == 2)
            for version in UInt8.min ... .max {
                var frame = order.encoded()
                frame[4] = version
                #expect(try frame.withUnsafeBytes { try ToKeeper(decoding: $0) } == order)
            }
        }
        for version in UInt8.min ... .max where version != FrameHeader.version {
            var frame = ToKeeper.killInstance(Self.instance).encoded()
            frame[4] = version
            #expect(throws: FrameError.wrongVersion(version)) {
                try frame.withUnsafeBytes { try ToKeeper(decoding: $0) }
            }
        }
        #expect("\(FrameError.wrongVersion(2))" == "frame of version 2, this side speaks version 3")
    }

    @Test("A fork whose tags are unknown, double or too few is refused")
    func tags() throws {
        let good = ToTemplate.fork([Self.instance], descriptors: ForkDescriptor.allCases, Self.settings).encoded()
        // Behind the header, one instance and the number of tags.
        let first = FrameHeader.byteCount + 4 + 8 + 4
        for tag: UInt8 in [0, 2, 5, 255] {
            var bad = good
            bad[first] = tag
            #expect(throws: FrameError.outOfRange(field: "descriptor")) {
                try bad.withUnsafeBytes { try ToTemplate(decoding: $0) }
            }
        }
        let short = ToTemplate.fork([Self.instance], descriptors: [.channel, .crashPage], Self.settings).encoded()
        #expect(throws: FrameError.outOfRange(field: "descriptors")) {
            try short.withUnsafeBytes { try ToTemplate(decoding: $0) }
        }
    }

    @Test("A key is printable, and neither empty nor long")
    func keys() {
        for text in ["", "a b", "ä", "a\n", String(repeating: "k", count: 97)] { #expect(DescriptorKey(text) == nil) }
        #expect(DescriptorKey(String(repeating: "k", count: 96))?.text.count == 96)
    }

    private static var allFrames: [[UInt8]] {
        toInstance.map { $0.encoded() } + fromInstance.map { $0.encoded() } + toKeeper.map { $0.encoded() }
            + fromKeeper.map { $0.encoded() } + fromTemplate.map { $0.encoded() }
            + toTemplate.map { $0.encoded() }
    }

    private static func decodeAsEverything(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { bytes in
            var understood = 0
            if (try? ToInstance(decoding: bytes)) != nil { understood += 1 }
            if (try? FromInstance(decoding: bytes)) != nil { understood += 1 }
            if (try? ToKeeper(decoding: bytes)) != nil { understood += 1 }
            if (try? FromKeeper(decoding: bytes)) != nil { understood += 1 }
            if (try? FromTemplate(decoding: bytes)) != nil { understood += 1 }
            if (try? ToTemplate(decoding: bytes)) != nil { understood += 1 }
            return understood
        }
    }

    @Test("A frame that is cut anywhere is refused by every reader")
    func truncation() {
        for frame in Self.allFrames {
            for length in 0..<frame.count {
                #expect(Self.decodeAsEverything(Array(frame.prefix(length))) == 0)
            }
        }
    }

    @Test("A frame with a right length and any wrong byte is understood or refused, never a crash")
    func damage() {
        var generator = SplitMix(state: 1)
        for frame in Self.allFrames {
            for _ in 0..<400 {
                var damaged = frame
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    damaged[Int.random(in: 4..<damaged.count, using: &generator)] = .random(
                        in: 0...255, using: &generator)
                }
                _ = Self.decodeAsEverything(damaged)
            }
            #expect(Self.decodeAsEverything(frame) == 1)
        }
    }
}

/// A generator with a fixed seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
