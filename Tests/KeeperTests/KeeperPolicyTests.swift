// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Testing

@testable import Keeper

@Suite("When a keeper ends, and when it makes templates beforehand")
struct KeeperPolicyTests {
    private static func time(_ milliseconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: 1_000_000_000).adding(milliseconds: milliseconds)
    }

    @Test("It ends a minute after daemon and instances, or ten after the daemon alone, in any history")
    func lifetime() {
        for seed in UInt64(1)...200 {
            var chance = SplitMix(state: seed)
            var lifetime = KeeperLifetime()
            var (clock, daemonless, lonely) = (0, Int?.none, Int?.none)
            for _ in 0..<300 {
                clock += Int.random(in: 1...30_000, using: &chance)
                let hasDaemon = Int.random(in: 0..<8, using: &chance) == 0
                let hasInstances = Int.random(in: 0..<12, using: &chance) > 0
                daemonless = hasDaemon ? nil : daemonless ?? clock
                lonely = hasDaemon || hasInstances ? nil : lonely ?? clock
                let decision = lifetime.decide(
                    hasDaemon: hasDaemon, hasInstances: hasInstances, isRetiring: false, isOver: !hasInstances,
                    now: Self.time(clock))
                let isLonely = lonely.map { clock - $0 >= KeeperLifetime.lonelyMilliseconds } == true
                let isOrphaned = daemonless.map { clock - $0 >= KeeperLifetime.orphanedMilliseconds } == true
                switch decision {
                case .end: #expect(isLonely)
                case .retire: #expect(isOrphaned && !isLonely)
                case .goOn(let until):
                    #expect(!isLonely && !isOrphaned)
                    #expect(hasDaemon ? until == nil : until.map { $0 > Self.time(clock) } == true)
                }
                if case .goOn = decision {} else { break }
            }
        }
    }

    @Test("One that retires ends with its last process; one that was replaced retires without a daemon")
    func retirement() {
        var lifetime = KeeperLifetime()
        func decide(_ hasDaemon: Bool, isRetiring: Bool = false, isOver: Bool) -> KeeperLifetime.Decision {
            lifetime.decide(
                hasDaemon: hasDaemon, hasInstances: !isOver, isRetiring: isRetiring, isOver: isOver, now: Self.time(0))
        }
        lifetime.noteSuccessor()
        #expect(decide(true, isOver: false) == .goOn(until: nil))
        #expect(decide(false, isOver: false) == .retire("replaced by another keeper"))
        #expect(decide(false, isRetiring: true, isOver: false) == .goOn(until: nil))
        #expect(decide(true, isRetiring: true, isOver: true) == .end)
    }

    @Test("Missing templates are made a moment after the last order, and not after one has failed")
    func prewarming() {
        var templates = PrewarmedTemplates()
        #expect(templates.dueAt(count: 0) == nil)
        templates.want(2)
        templates.noteOrder(at: Self.time(100))
        #expect(templates.dueAt(count: 1) == Self.time(100 + PrewarmedTemplates.quietMilliseconds))
        #expect(templates.dueAt(count: 2) == nil)
        templates.noteFailure()
        #expect(templates.dueAt(count: 0) == nil)
        templates.noteSuccess()
        #expect(templates.dueAt(count: 0) != nil)
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
