// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Sandbox

@Suite("Calls that the keeper decides about")
struct CallAllowanceTests {
    private func call(_ name: String, _ first: UInt64) throws -> InterceptedCall {
        let number = try #require(SystemCallName.number(of: name))
        return InterceptedCall(
            id: 1, thread: 7, number: Int32(number), architecture: ProcessorFamily.native.token,
            arguments: [first, 0, 0, 0, 0, 0])
    }

    @Test("A template forks as often as it was ordered to, one at a time, each answered before the next")
    func forks() throws {
        let fork = try call("clone", 0x0120_8000)
        var allowance = CallAllowance()
        func tries(_ call: InterceptedCall) -> Bool { allowance.admits(call, of: 7) }
        var outcome = [tries(fork)]
        allowance.forks.order(2)
        outcome += [tries(fork), tries(fork), allowance.forks.isForking, allowance.forks.answer()]
        #expect(outcome == [false, true, false, true, true])
        outcome = [tries(fork), allowance.forks.answer(), allowance.forks.answer(), tries(fork)]
        #expect(outcome == [true, true, false, false])
        // Another fork is not the one that there is.
        allowance.forks.order(1)
        outcome = [tries(try call("clone", 17)), tries(fork)]
        #expect(outcome == [false, true])
    }

    @Test("In any history no more forks are allowed than were ordered")
    func histories() {
        var allowance = ForkAllowance()
        var (ordered, allowed, answered) = (0, 0, 0)
        var state: UInt64 = 3
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            switch state >> 60 & 3 {
            case 0:
                allowance.order(Int(state >> 40 & 3))
                ordered += Int(state >> 40 & 3)
            case 1: if allowance.allow() { allowed += 1 }
            default:
                if allowance.answer() { answered += 1 }
            }
            #expect(allowed <= ordered && answered <= ordered)
            #expect(allowance.owesAnswers == (answered < ordered))
        }
    }

    @Test("A process signals itself a few times, and nobody else")
    func signals() throws {
        var allowance = CallAllowance()
        let (own, other, mount) = (try call("tgkill", 7), try call("tgkill", 8), try call("mount", 7))
        let allowed = (0..<20).map { _ in allowance.admits(own, of: 7) }
        #expect(allowed.count { $0 } == 8 && allowed[7])
        let others = [other, mount].map { allowance.admits($0, of: 7) }
        #expect(others == [false, false])
    }
}
