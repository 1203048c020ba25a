// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ServingModel

@Suite("Identifier")
struct IdentifierTests {
    @Test("An id reads back from its printed form")
    func roundTrip() {
        let id = TaskID(rawValue: 0x1f)
        #expect(id.description == "task-000000000000001f")
        #expect(TaskID(id.description) == id)
    }

    @Test(
        "Anything but the prefix and sixteen digits is no id",
        arguments: ["", "task-", "task-1f", "job-000000000000001f", "task-000000000000001g", "task-+00000000000001f"])
    func refusals(text: String) {
        #expect(TaskID(text) == nil)
    }

    @Test("Random ids differ")
    func random() {
        let ids = Set((0..<1000).map { _ in JobID.random() })
        #expect(ids.count == 1000)
    }
}

@Suite("Names")
struct NameTests {
    @Test("Usual model names are accepted", arguments: ["deepflow-guide", "qwen2.5:0.5b", "org/Model_1", "7b"])
    func models(text: String) {
        #expect(ModelName(text)?.text == text)
    }

    @Test(
        "Names that could leave a directory or a terminal line are refused",
        arguments: ["", "..", "a..b", "/etc", "-x", "a b", "a\u{1b}[m", "ä", String(repeating: "a", count: 129)])
    func refusedModels(text: String) {
        #expect(ModelName(text) == nil)
    }

    @Test(
        "A node's name is a file name", arguments: [("local", true), ("rack-7", true), ("7rack", false), ("A", false)])
    func nodes(text: String, isAccepted: Bool) {
        #expect((NodeName(text) != nil) == isAccepted)
    }
}
