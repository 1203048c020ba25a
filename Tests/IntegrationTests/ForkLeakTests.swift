// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import Messages
import ServingModel
import Testing

extension Integration {
    /// The short form of `Packaging/benchmarks/fork-leaks`; DEEPFLOW_FORKS=10000 makes it long.
    @Suite("Forks and exits leave nothing behind")
    struct ForkLeakTests {
        private static let forks = ProcessInfo.processInfo.environment["DEEPFLOW_FORKS"].flatMap { Int($0) } ?? 160
        private static let atOnce = 8

        @Test("Instances come and go; daemon, keeper and template keep their descriptors and children")
        func comeAndGo() async throws {
            try await DeepFlowFixture.with(startsAll: false) { fixture in
                fixture.nodeOptions = ["--maximum-instances", "\(Self.atOnce)"]
                try fixture.startAll()
                try Self.comeAndGo(Self.atOnce, fixture)
                let processes = try await Self.processes(fixture)
                #expect(processes.count == 3)
                let before = processes.map(Self.holdings)
                for _ in 0..<Self.forks / Self.atOnce { try Self.comeAndGo(Self.atOnce, fixture) }
                #expect(try await Self.processes(fixture) == processes, "none of them was replaced")
                // A connection of a command may still be closing, then and now; what leaks is more with every round.
                try await eventually("none of them holds more than before") {
                    zip(processes.map(Self.holdings), before).allSatisfy { $0.holdsNoMore(than: $1) }
                }
            }
        }

        private static func comeAndGo(_ count: Int, _ fixture: DeepFlowFixture) throws {
            for wanted in [count, 0] {
                let run = try fixture.deepflow(["instance", "scale", DeepFlowFixture.model, "\(wanted)"])
                #expect(run.isSuccess, "\(run.errors)")
            }
        }

        /// The daemon, its keeper and the model's template.
        private static func processes(_ fixture: DeepFlowFixture) async throws -> [Int32] {
            let nodes: [NodeListing] = try await fixture.api.get(SchedulerRoutes.nodes)
            let status = try #require(nodes.first?.status)
            let templates: [NodeTemplate] = try await fixture.api.get(SchedulerRoutes.templates)
            return [status.processID, try #require(status.keeperProcessID)] + templates.map(\.template.processID)
        }

        private struct Holdings {
            let descriptors: Int
            let children: Int

            func holdsNoMore(than other: Holdings) -> Bool {
                descriptors <= other.descriptors && children <= other.children
            }
        }

        private static func holdings(of process: Int32) -> Holdings {
            func entries(_ path: String) -> [String] {
                (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            }
            let children = entries("/proc/\(process)/task").reduce(0) { count, task in
                let text = try? String(contentsOfFile: "/proc/\(process)/task/\(task)/children", encoding: .utf8)
                return count + (text ?? "").split(separator: " ").count
            }
            return Holdings(descriptors: entries("/proc/\(process)/fd").count, children: children)
        }
    }
}
