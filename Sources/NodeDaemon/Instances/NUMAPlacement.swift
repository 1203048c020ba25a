// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// Where a machine has several NUMA nodes, in which of them an instance computes. Its keys and values are then in memory
/// that its ranks reach fastest, and no two instances that would fit apart share a node's processors.
struct NUMAPlacement: Sendable {
    private let nodes: [ProcessorSet]

    /// The machine's own nodes.
    init() {
        let allowed = (try? ProcessorSet.ofCallingThread()) ?? ProcessorSet()
        self.init(nodes: NUMANode.all(allowed: allowed).map(\.processors))
    }

    init(nodes: [ProcessorSet]) {
        self.nodes = nodes
    }

    /// Fork orders for new instances with `settings`: one for each NUMA node that some of them are to stay in.
    func orders(
        for ids: [InstanceID], _ settings: InstanceSettings, beside others: [InstanceSettings]
    ) -> [(settings: InstanceSettings, ids: [InstanceID])] {
        var (placed, orders) = (others, [(settings: InstanceSettings, ids: [InstanceID])]())
        for id in ids {
            var own = settings
            own.processors = processors(forRanks: settings.rankCount, beside: placed)
            placed.append(own)
            if let index = orders.firstIndex(where: { $0.settings == own }) {
                orders[index].ids.append(id)
            } else {
                orders.append((own, [id]))
            }
        }
        return orders
    }

    /// The processors for one more instance with so many ranks: those of the node with the fewest ranks for each of its
    /// processors, of equals the first. nil where there is no choice, or where no node has a processor for each rank:
    /// such an instance needs them all.
    func processors(forRanks ranks: Int, beside others: some Sequence<InstanceSettings>) -> ProcessorSet? {
        guard nodes.count > 1 else { return nil }
        var load: [ProcessorSet: Int] = [:]
        for other in others {
            if let taken = other.processors { load[taken, default: 0] += other.rankCount }
        }
        return nodes.filter { $0.count >= ranks }.min { first, second in
            load[first, default: 0] * second.count < load[second, default: 0] * first.count
        }
    }
}
