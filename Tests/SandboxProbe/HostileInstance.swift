// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel
internal import TemplateProcess

/// An instance that was taken over: it begins as an honest one and, once it has a task, says what it likes to the node
/// daemon. In which manner follows from its id, so that many instances try all of them.
struct HostileInstance: ~Copyable {
    private enum Manner: Int, CaseIterable {
        /// Bytes of chance, and usual frames that are damaged.
        case noise
        /// Full frames of the same token.
        case repetition
        /// Tokens without end, one after the other.
        case endlessness
        /// Tokens of tasks that nobody submitted.
        case strangers
        /// Answers to questions that nobody asked.
        case replies
        /// The task's end, again and again, after more tokens than there were.
        case ends
        /// All of them.
        case mixture
    }

    private static let packets = 20_000

    private let channel: PacketSocket
    private var noise: Noise
    private let manner: Manner
    private var task = TaskID(rawValue: 0)
    private var index = 0

    init(_ id: InstanceID, channel: consuming PacketSocket) {
        self.channel = channel
        noise = Noise(state: id.rawValue)
        manner = Manner.allCases[Int(id.rawValue % UInt64(Manner.allCases.count))]
    }

    /// Serves from the first ping, which has been read, until the channel closes or it is killed.
    consuming func run(answering ping: UInt64) -> Int32 {
        StandardError.write("probe: hostile by \(manner)")
        let start = FromInstance.InstanceStart(
            bornAt: .now, sandboxMicroseconds: 1, mappingMicroseconds: 1, ranksMicroseconds: 1,
            missingSandboxSteps: [])
        guard send(.ready(start)), send(.pong(ping, activeTasks: 0, progress: nil)) else { return 0 }
        var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
        while let result = try? buffer.withUnsafeMutableBytes({ try channel.receiveBytes(into: $0) }),
            case .packet(let count) = result
        {
            let order = buffer.prefix(count).withUnsafeBytes { try? ToInstance(decoding: $0) }
            guard case .submissionPart(let submitted, let offset, let total, let bytes)? = order,
                offset + bytes.count == total
            else { continue }
            task = submitted
            attack()
        }
        return 0
    }

    private mutating func attack() {
        _ = send(.accepted(task, promptTokens: 3))
        for _ in 0..<Self.packets {
            let manner = manner == .mixture ? Manner.allCases[noise.number(below: 6)] : manner
            guard sendOne(in: manner) else { return }
        }
    }

    private mutating func sendOne(in manner: Manner) -> Bool {
        switch manner {
        case .noise, .mixture:
            var packet = usualFrame().encoded()
            noise.damage(&packet)
            return send(packet)
        case .repetition: return send(.tokens((0..<1000).map { _ in token(0, of: task) }))
        case .endlessness:
            index += 1
            return send(.tokens([token(index - 1, of: task)]))
        case .strangers: return send(.tokens((0..<64).map { _ in token(0, of: TaskID(rawValue: noise.next())) }))
        case .replies: return send(noise.number(below: 2) == 0 ? .pong(0, activeTasks: 9, progress: 1) : attachment())
        case .ends: return send(usualFrame())
        }
    }

    private mutating func usualFrame() -> FromInstance {
        switch noise.number(below: 6) {
        case 0: .accepted(task, promptTokens: noise.number(below: 1 << 20))
        case 1: .tokens([token(noise.number(below: 4), of: task)])
        case 2: .failed(task, .instanceLost, message: "noise")
        case 3: .pong(noise.next(), activeTasks: noise.number(below: 64), progress: noise.next())
        case 4: attachment()
        default:
            .finished(
                task,
                TaskOutcome(
                    reason: .stop, text: "end", completionTokens: noise.number(below: 1 << 20), prefillMicroseconds: 1,
                    decodeMicroseconds: 1))
        }
    }

    private mutating func attachment() -> FromInstance {
        .attached((0..<100).map { _ in .init(task: TaskID(rawValue: noise.next()), nextIndex: 7) })
    }

    private func token(_ index: Int, of task: TaskID) -> TaskToken {
        .init(task: task, token: GeneratedToken(index: index, id: 5, text: "hostile "))
    }

    private func send(_ frame: FromInstance) -> Bool { send(frame.encoded()) }

    private func send(_ packet: [UInt8]) -> Bool {
        (try? packet.withUnsafeBytes { try channel.send($0) }) == .sent
    }
}
