// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore
import Testing

@testable import UnixHTTP

@Suite struct RouteTreeTests {
    private static let patterns = [
        "/tasks", "/tasks/acknowledge", "/tasks/:id", "/tasks/:id/resume", "/models", "/models/**", "/models/load", "/",
    ]
    private static let tree = RouteTree(
        patterns.map { HTTPRoute(.get, $0, access: .client) { _ in Response(status: .ok) } })

    @Test(
        "a path finds the most precise pattern, and what stands for its open part",
        arguments: [
            ("/tasks", "/tasks", ""), ("/tasks/", "/tasks", ""), ("/tasks/acknowledge", "/tasks/acknowledge", ""),
            ("/tasks/7", "/tasks/:id", "7"), ("/tasks/7/resume", "/tasks/:id/resume", "7"),
            ("/tasks/acknowledge/resume", "/tasks/:id/resume", "acknowledge"), ("/models/load", "/models/load", ""),
            ("/models/load/x", "/models/**", "load/x"), ("/models/a/b", "/models/**", "a/b"),
            ("/models/%2F", "/models/**", "%2F"), ("/models//a", "/models/**", "/a"), ("/models/", "/models", ""),
            ("/", "/", ""),
        ])
    func finds(path: String, pattern: String, parameter: String) throws {
        let match = try #require(Self.tree.find(path))
        #expect(match.route(for: .get)?.pattern == pattern)
        #expect(match.parameter == parameter)
    }

    @Test(
        "anything else finds nothing",
        arguments: ["", "tasks", "/task", "/tasks/7/other", "/tasks//resume", "/Tasks", "/x", "*"])
    func findsNothing(path: String) {
        #expect(Self.tree.find(path) == nil)
    }

    @Test("HEAD is answered where GET is, and told among the methods")
    func head() throws {
        let match = try #require(Self.tree.find("/tasks"))
        #expect(match.route(for: .head)?.method == .get && match.route(for: .post) == nil)
        #expect(Set(match.methods) == [.get, .head])
    }
}
