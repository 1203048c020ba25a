// SPDX-License-Identifier: Apache-2.0

/// What a descriptor of a fork order is to the child. Each is named, so that a template that was built with other ideas
/// refuses the order instead of mapping the wrong file.
package enum ForkDescriptor: UInt8, Hashable, Sendable, CaseIterable {
    /// The child's end of its connection to the node daemon.
    case channel = 1
    /// Where its standard output and error go.
    case errorOutput
    /// The file of its keys and values, `InstanceSettings.keyValueBytes` long.
    case keyValueMemory
    /// A page in which it notes how it crashed.
    case crashPage

    /// The tags of an order. A child can do without none of them, and uses each once.
    static func takeAll(from reader: inout FrameReader) throws(FrameError) -> [ForkDescriptor] {
        var tags: [ForkDescriptor] = []
        for _ in 0..<(try reader.takeCount("descriptors", limit: allCases.count)) {
            guard let tag = ForkDescriptor(rawValue: try reader.take("descriptor")), !tags.contains(tag) else {
                throw .outOfRange(field: "descriptor")
            }
            tags.append(tag)
        }
        guard tags.count == allCases.count else { throw .outOfRange(field: "descriptors") }
        return tags
    }
}
