// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ClusterScheduler

/// Jobs, their gate, their timer and the placement index as they are, over simulated nodes, driven by one thread and a
/// manual clock.
@Suite("Jobs under random histories")
struct JobSimulationTests {
    @Test("whatever nodes and readers do, each reply that completes is whole, places are given back, and all jobs end")
    func histories() async throws {
        for seed in UInt64(0)..<80 {
            try JobSimulation(seed: seed).run(requests: 8)
            // Other tests want to go on meanwhile.
            await Task.yield()
        }
    }

    @Test("a tenant with all the requests that may wait, of unread answers, does not delay another's requests")
    func attack() throws {
        let simulation = try JobSimulation(seed: 7, places: 256)
        for _ in 0..<160 { simulation.submit(tenant: 1, choices: 8, answerTokens: 5000, readsNothing: true) }
        simulation.step(times: 5)
        let first = simulation.submit(tenant: 2, choices: 1, answerTokens: 1, readsNothing: false)
        #expect(simulation.isPlaced(first))
        // What nobody takes gives its places to the attacker's own next ones; the other tenant still comes first.
        simulation.step(times: 150)
        #expect(simulation.pausedCount > 0)
        for _ in 0..<20 {
            #expect(simulation.isPlaced(simulation.submit(tenant: 2, choices: 1, answerTokens: 1, readsNothing: false)))
            simulation.step(times: 4)
        }
        simulation.endAll()
    }
}
