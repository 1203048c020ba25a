// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Messages
import Testing

@testable import NodeDaemon

@Suite("Which NUMA node an instance gets")
struct NUMAPlacementTests {
    private static let first = ProcessorSet(words: [0x0f])
    private static let second = ProcessorSet(words: [0xf0])
    private static let large = ProcessorSet(words: [0xff00])

    private static func settings(_ ranks: Int, _ processors: ProcessorSet?) -> InstanceSettings {
        InstanceSettings(keyValueBytes: 4096, rankCount: ranks, maximumTasks: 1, processors: processors)
    }

    private static func place(_ ranks: Int, on nodes: [ProcessorSet?], beside: [InstanceSettings] = []) -> ProcessorSet?
    {
        NUMAPlacement(nodes: nodes.compactMap(\.self)).processors(forRanks: ranks, beside: beside)
    }

    @Test("one node, or an instance larger than any: anywhere")
    func noChoice() {
        #expect(Self.place(2, on: []) == nil)
        #expect(Self.place(2, on: [Self.first]) == nil)
        #expect(Self.place(5, on: [Self.first, Self.second]) == nil)
    }

    @Test("nodes fill up evenly, measured by their processors")
    func balance() {
        var running: [InstanceSettings] = [Self.settings(64, nil)]
        var order: [ProcessorSet?] = []
        for _ in 0..<4 {
            let processors = Self.place(2, on: [Self.first, Self.large], beside: running)
            order.append(processors)
            running.append(Self.settings(2, processors))
        }
        #expect(order == [Self.first, Self.large, Self.large, Self.first])
    }

    @Test("a node that is too small is left out")
    func tooSmall() {
        let busy = [Self.settings(8, Self.large)]
        #expect(Self.place(8, on: [Self.first, Self.large], beside: busy) == Self.large)
        #expect(Self.place(4, on: [Self.first, Self.large], beside: busy) == Self.first)
    }
}
