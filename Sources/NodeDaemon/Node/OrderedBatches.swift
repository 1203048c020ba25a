// SPDX-License-Identifier: Apache-2.0

/// Things for several receivers: each one's in their order, receivers in the order of their first.
struct OrderedBatches<Receiver: Hashable, Element> {
    private(set) var all: [(receiver: Receiver, elements: [Element])] = []

    mutating func add(_ element: Element, for receiver: Receiver) {
        if let index = all.firstIndex(where: { $0.receiver == receiver }) {
            all[index].elements.append(element)
        } else {
            all.append((receiver, [element]))
        }
    }
}
