// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
internal import Messages
internal import ServingModel

/// Packets that somebody who owns a template or an instance would send to whoever reads them: those that are usual there,
/// damaged, repeated, cut, or of chance. The same for the same seed.
struct Noise {
    private static let packets = 64
    private static let longest = 2048

    private var state: UInt64

    /// Begins at a seed.
    init(state: UInt64) {
        self.state = state
    }

    /// Sends them on `channel`, and as many lines of chance to the log; 0.
    static func send(seed: UInt64, on channel: CInt) -> Int {
        var noise = Noise(state: seed)
        let usual = noise.usualPackets()
        for _ in 0..<packets {
            var packet = usual[noise.number(below: usual.count)]
            noise.damage(&packet)
            _ = packet.withUnsafeBytes { clinux_send(channel, $0.baseAddress, $0.count, 0) }
            let line = noise.bytes(noise.number(below: 300))
            _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        }
        return 0
    }

    private mutating func usualPackets() -> [[UInt8]] {
        let instance = InstanceID(rawValue: next())
        // Processes that are there, and one that is not.
        let processes = [getpid(), getppid(), 1, 0, -1, Int32(truncatingIfNeeded: next())]
        let sandbox = SandboxState(deniedCalls: .named, identity: "root", missing: ["all"], remarks: ["none"])
        return processes.map { FromTemplate.forked(instance, processID: $0).encoded() } + [
            FromTemplate.confined(sandbox).encoded(), FromTemplate.failed(message: "noise").encoded(),
            FromTemplate.ready(TemplateStart(mappingMicroseconds: 1, rehearsalMicroseconds: 2)).encoded(),
            FromTemplate.forkFailed(instance, message: "noise").encoded(),
            FromInstance.pong(next(), activeTasks: 1, progress: next()).encoded(), bytes(number(below: Self.longest)),
            [],
        ]
    }

    /// Cuts, lengthens or changes a packet, or leaves it.
    mutating func damage(_ packet: inout [UInt8]) {
        switch number(below: 4) {
        case 0: return
        case 1: packet = Array(packet.prefix(number(below: packet.count + 1)))
        case 2: packet += bytes(number(below: 64))
        default:
            for _ in 0...number(below: 4) where !packet.isEmpty {
                packet[number(below: packet.count)] = UInt8(truncatingIfNeeded: next())
            }
        }
    }

    private mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    /// A number of chance below `bound`.
    mutating func number(below bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

    /// Steele, Lea and Flood's SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
