// SPDX-License-Identifier: Apache-2.0
import Foundation
import ServingModel
import Testing

@testable import ClusterScheduler

@Suite("Node socket watch")
struct NodeSocketWatchTests {
    @Test("sockets are told of as they come and go; what is no node is left out")
    func changes() async throws {
        let directory = try TemporaryDirectory()
        let first = directory.path + "/local.sock"
        try Data().write(to: URL(filePath: first))
        try Data().write(to: URL(filePath: directory.path + "/Not-A-Node.sock"))
        try Data().write(to: URL(filePath: directory.path + "/readme"))
        let watch = try NodeSocketWatch(directory: directory.path)
        var names = watch.names().makeAsyncIterator()
        #expect(await names.next() == [.local])
        let other = try #require(NodeName("other"))
        #expect(watch.socketPath(of: other) == directory.path + "/other.sock")
        try Data().write(to: URL(filePath: watch.socketPath(of: other)))
        while let now = await names.next(), now != [.local, other] {}
        try FileManager.default.removeItem(atPath: first)
        while let now = await names.next(), now != [other] {}
    }

    @Test("a directory that is not there is an error that names it")
    func missing() throws {
        let error = #expect(throws: (any Error).self) { _ = try NodeSocketWatch(directory: "/nonexistent/nodes") }
        #expect("\(try #require(error))".contains("/nonexistent/nodes"))
    }
}
