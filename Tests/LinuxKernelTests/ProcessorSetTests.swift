// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization
import Testing

@testable import LinuxKernel

@Suite("Processors and NUMA nodes")
struct ProcessorSetTests {
    @Test(
        "the kernel's lists are read",
        arguments: [("0", [0]), ("0-2,8\n", [0, 1, 2, 8]), ("63-64,1023", [63, 64, 1023]), ("", []), ("\n", [])])
    func lists(_ list: String, _ processors: [Int]) throws {
        let set = try #require(ProcessorSet(list: list))
        #expect((-1...1024).filter { set.contains($0) } == processors)
        #expect(set.count == processors.count && set.isEmpty == processors.isEmpty)
        let padded = set.words + Array(repeating: 0, count: ProcessorSet.maximumWords - set.words.count)
        #expect(ProcessorSet(words: padded) == set)
    }

    @Test("what is no list is refused", arguments: ["a", "3-1", "-1", "1-", "0-1024", "1-2-3", "1,,x"])
    func noLists(_ list: String) { #expect(ProcessorSet(list: list) == nil) }

    @Test("more words than the kernel has are refused")
    func tooManyWords() { #expect(ProcessorSet(words: Array(repeating: 1, count: 17)) == nil) }

    @Test("sets are cut and joined")
    func algebra() throws {
        let (low, high) = (try #require(ProcessorSet(list: "0-69")), try #require(ProcessorSet(list: "60-130")))
        #expect(low.intersection(high) == ProcessorSet(list: "60-69"))
        #expect(low.union(high) == ProcessorSet(list: "0-130"))
        #expect(low.intersection(try #require(ProcessorSet(list: "100"))) == ProcessorSet())
    }

    @Test("a thread that is bound runs there")
    func binding() throws {
        // On a thread of its own: the pool's threads run other tests.
        let outcome = Mutex<(wanted: ProcessorSet, seen: ProcessorSet)?>(nil)
        let ended = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            defer { ended.signal() }
            guard let all = try? ProcessorSet.ofCallingThread(), let last = (0..<1024).last(where: all.contains),
                let one = ProcessorSet(list: "\(last)"), (try? one.bindCallingThread()) != nil,
                let now = try? ProcessorSet.ofCallingThread()
            else { return }
            outcome.withLock { $0 = (one, now) }
        }
        ended.wait()
        let bound = try #require(outcome.withLock { $0 })
        #expect(bound.wanted == bound.seen)
    }
}

@Suite("Memory nodes")
struct NUMANodeTests {
    /// A tree of files as the kernel has them: nodes with memory, and each node's processors.
    private static func nodes(memory: String, _ lists: [String], allowed: String) throws -> [NUMANode] {
        let root = FileManager.default.temporaryDirectory.path + "/deepflow-nodes-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        try memory.write(toFile: root + "/has_memory", atomically: true, encoding: .utf8)
        for (number, list) in lists.enumerated() {
            try FileManager.default.createDirectory(atPath: "\(root)/node\(number)", withIntermediateDirectories: true)
            try list.write(toFile: "\(root)/node\(number)/cpulist", atomically: true, encoding: .utf8)
        }
        return NUMANode.all(allowed: try #require(ProcessorSet(list: allowed)), root: root)
    }

    private static func processors(_ nodes: [NUMANode]) -> [Int: [Int]] {
        Dictionary(
            uniqueKeysWithValues: nodes.map { node in (node.number, (0..<1024).filter(node.processors.contains)) })
    }

    @Test("each node has the processors that are allowed")
    func several() throws {
        let nodes = try Self.nodes(memory: "0-1\n", ["0-3,8-11\n", "4-7,12-15\n"], allowed: "0-5,12")
        #expect(Self.processors(nodes) == [0: [0, 1, 2, 3], 1: [4, 5, 12]])
    }

    @Test("nodes without processors that are allowed, or without memory, are none")
    func partial() throws {
        #expect(Self.processors(try Self.nodes(memory: "0-2", ["0-1", "2-3", ""], allowed: "2-3")) == [1: [2, 3]])
        #expect(Self.processors(try Self.nodes(memory: "1", ["", "0-3"], allowed: "0-3")) == [1: [0, 1, 2, 3]])
    }

    @Test("a machine that is not understood is taken as one piece")
    func unknown() throws {
        // A processor whose node has no memory.
        #expect(try Self.nodes(memory: "0", ["0-1", "2-3"], allowed: "0-3").isEmpty)
        #expect(try Self.nodes(memory: "0-1", ["0-1"], allowed: "0-1").isEmpty)
        #expect(try Self.nodes(memory: "x", ["0-1"], allowed: "0-1").isEmpty)
        #expect(NUMANode.all(allowed: ProcessorSet(), root: "/nowhere").isEmpty)
    }

    @Test("this machine's own nodes have all its processors")
    func own() throws {
        let allowed = try ProcessorSet.ofCallingThread()
        let nodes = NUMANode.all(allowed: allowed)
        #expect(nodes.isEmpty || nodes.reduce(ProcessorSet()) { $0.union($1.processors) } == allowed)
    }
}
