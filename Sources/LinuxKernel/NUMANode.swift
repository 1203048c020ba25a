// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A part of the machine's memory with the processors that reach it fastest (a node, in the kernel's words of NUMA).
package struct NUMANode: Hashable, Sendable {
    package let number: Int
    /// Those of it that are on and allowed here.
    package let processors: ProcessorSet

    /// All nodes with memory, by number, as the kernel lists them below `root`; only processors of `allowed` count. Empty
    /// where the kernel tells nothing, or where a processor is on no such node: such machines are taken as one piece.
    package static func all(
        allowed: ProcessorSet, root: String = "/sys/devices/system/node"
    ) -> [NUMANode] {
        // Nodes are listed as processors are.
        guard let list = KernelFile.text(of: root + "/has_memory"), let numbers = ProcessorSet(list: list) else {
            return []
        }
        var nodes: [NUMANode] = []
        for number in 0..<ProcessorSet.maximumWords * 64 where numbers.contains(number) {
            guard let list = KernelFile.text(of: "\(root)/node\(number)/cpulist"),
                let processors = ProcessorSet(list: list)
            else { return [] }
            nodes.append(NUMANode(number: number, processors: processors.intersection(allowed)))
        }
        let reached = nodes.reduce(ProcessorSet()) { $0.union($1.processors) }
        return reached == allowed ? nodes.filter { !$0.processors.isEmpty } : []
    }
}
