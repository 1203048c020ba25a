// SPDX-License-Identifier: Apache-2.0
package import LinuxKernel
package import ServingModel

/// What a node daemon decides about an instance before it is forked.
package struct InstanceSettings: Hashable, Sendable {
    /// Bytes of its memory for keys and values.
    package var keyValueBytes: UInt64
    /// Threads that compute.
    package var rankCount: Int
    /// Tasks that it may work on at once; more are refused as overloaded.
    package var maximumTasks: Int
    /// How keys and values lie in that memory.
    package var keyValueType: KeyValueType?
    /// Processors of the NUMA node that it stays in; nil: it may run anywhere.
    package var processors: ProcessorSet?

    package init(
        keyValueBytes: UInt64, rankCount: Int, maximumTasks: Int, keyValueType: KeyValueType? = nil,
        processors: ProcessorSet? = nil
    ) {
        self.keyValueBytes = keyValueBytes
        self.keyValueType = keyValueType
        self.rankCount = rankCount
        self.maximumTasks = maximumTasks
        self.processors = processors
    }

    func put(into writer: inout FrameWriter) {
        writer.put(keyValueBytes)
        writer.put(UInt32(rankCount))
        writer.put(UInt32(maximumTasks))
        writer.put(Self.code(of: keyValueType))
        let words = processors?.words ?? []
        writer.put(UInt32(words.count))
        for word in words { writer.put(word) }
    }

    static func take(from reader: inout FrameReader) throws(FrameError) -> InstanceSettings {
        let bytes = try reader.take(UInt64.self, "KV bytes")
        guard bytes > 0, bytes <= 1 << 44 else { throw .outOfRange(field: "KV bytes") }
        let ranks = try reader.takeCount("ranks", limit: 1024)
        let tasks = try reader.takeCount("tasks", limit: FromInstance.Limits.attachedTasks)
        guard ranks > 0, tasks > 0 else { throw .outOfRange(field: "ranks or tasks") }
        let code = try reader.take(UInt32.self, "KV type")
        guard let type = ([nil] + KeyValueType.allCases).first(where: { Self.code(of: $0) == code }) else {
            throw .outOfRange(field: "KV type")
        }
        return InstanceSettings(
            keyValueBytes: bytes, rankCount: ranks, maximumTasks: tasks, keyValueType: type,
            processors: try takeProcessors(from: &reader))
    }

    /// No words stand for any processor.
    private static func takeProcessors(from reader: inout FrameReader) throws(FrameError) -> ProcessorSet? {
        var words: [UInt64] = []
        for _ in 0..<(try reader.takeCount("processors", limit: ProcessorSet.maximumWords)) {
            words.append(try reader.take(UInt64.self, "processors"))
        }
        guard !words.isEmpty else { return nil }
        guard let processors = ProcessorSet(words: words), !processors.isEmpty else {
            throw .outOfRange(field: "processors")
        }
        return processors
    }

    private static func code(of type: KeyValueType?) -> UInt32 {
        switch type {
        case nil: 0
        case .bytes: 1
        case .half: 2
        case .single: 3
        }
    }
}
