// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Testing

@testable import NodeDaemon

/// The whole node without a process: orders in any order, deaths of everything, take-overs. Time is a number.
@Suite("Random histories of a node") struct NodeMachineRandomTests {
    private static let historiesPerCase: UInt64 = 50
    private static let steps = 80

    @Test("no task is lost or answered twice, and nothing is left over, in 2,000 histories", arguments: UInt64(0)..<40)
    func histories(block: UInt64) {
        for number in 0..<Self.historiesPerCase {
            let seed = block * Self.historiesPerCase + number + 1
            var history = NodeHistory(seed: seed)
            for _ in 0..<Self.steps { history.step() }
            history.comeToRest()
        }
    }

    @Test("the histories see every kind of thing that can happen to a node")
    func coverage() {
        var seen: Set<String> = []
        for seed in 1...300 as ClosedRange<UInt64> {
            var history = NodeHistory(seed: seed)
            for _ in 0..<Self.steps { history.step() }
            history.comeToRest()
            seen.formUnion(history.whatHappened)
        }
        let wanted: Set = [
            "stop", "cancelled", "start_failed", "model_not_found", "several attempts", "learned",
            "keeperAttached", "keeperLost", "keeperNotFound", "keeperHung", "templateStarted", "templateEnded",
            "instanceReady", "instanceEnded", "instanceKilled", "taskFailed", "taskPreempted", "taskUnclaimed",
        ]
        #expect(seen.isSuperset(of: wanted), "not seen: \(wanted.subtracting(seen).sorted())")
    }
}

/// A small generator with a seed.
struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        // Mixed: seeds in a row would otherwise give one and the same row of numbers, each from one place later on.
        state = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    private static func mix(_ number: UInt64) -> UInt64 {
        var mixed = number
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
