// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import Policies

@Suite("Tenants' weights at the gate")
struct TenantWeightTests {
    /// Two tenants who always have jobs waiting, and who holds how many places.
    private struct House {
        var queue: AdmissionQueue
        let weights: [TenantWeight]
        /// By tenant.
        var running: [[JobID]] = [[], []]
        var grants = [0, 0]
        private var ownerOf: [JobID: Int] = [:]
        private var next: UInt64 = 0

        init(places: Int, weights: [TenantWeight]) {
            queue = AdmissionQueue(limits: .init(running: places, waiting: 100_000, waitingPerTenant: 100_000))
            self.weights = weights
        }

        mutating func arrive(_ owner: Int) {
            next += 1
            let job = JobID(rawValue: next)
            ownerOf[job] = owner
            let admission = queue.arrive(
                [job], of: TenantName(userID: UInt32(clamping: owner)), weight: weights[owner])
            if admission == .admitted { admit([job]) }
        }

        /// A job of all that run is over, whichever it is; another one of its tenant comes.
        mutating func endOne(_ generator: inout Numbers) {
            let all = running.joined()
            guard let job = all.randomElement(using: &generator), let owner = ownerOf[job] else { return }
            running[owner].removeAll { $0 == job }
            admit(queue.leave(job))
            arrive(owner)
        }

        private mutating func admit(_ jobs: [JobID]) {
            for job in jobs {
                guard let owner = ownerOf[job] else { continue }
                running[owner].append(job)
                grants[owner] += 1
            }
        }
    }

    /// SplitMix64.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    private func weight(_ value: Int) throws -> TenantWeight { try #require(TenantWeight(value)) }

    @Test(
        "of two tenants who both wait, the one of weight 3 is let in three times as often", arguments: [1, 4, 32, 256])
    func ratio(places: Int) throws {
        var generator = Numbers(state: UInt64(clamping: places))
        var house = House(places: places, weights: [try weight(3), try weight(1)])
        for _ in 0..<300 { for owner in [0, 1] { house.arrive(owner) } }
        for _ in 0..<2000 { house.endOne(&generator) }
        house.grants = [0, 0]
        for _ in 0..<8000 { house.endOne(&generator) }
        let share = Double(house.grants[0]) / Double(house.grants[0] + house.grants[1])
        #expect(abs(share - 0.75) < 0.02, "\(house.grants)")
    }

    @Test("however much another one weighs, a tenant who waits and holds nothing is next")
    func noStarvation() throws {
        var generator = Numbers(state: 7)
        var house = House(places: 64, weights: [try weight(1000), .one])
        for _ in 0..<300 { house.arrive(0) }
        for _ in 0..<300 { house.arrive(1) }
        #expect(!house.running[1].isEmpty)
        for _ in 0..<4000 {
            house.endOne(&generator)
            #expect(!house.running[1].isEmpty)
        }
    }

    @Test("shares are compared by weight, and equal ones are equal")
    func shares() throws {
        let three = try weight(3)
        #expect(WeightedShare(3, three) == WeightedShare(1, .one))
        #expect(WeightedShare(2, three) < WeightedShare(1, .one))
        #expect(WeightedShare(0, .one) == WeightedShare(0, three))
        #expect(TenantWeight(0) == nil && TenantWeight(1001) == nil)
    }
}
