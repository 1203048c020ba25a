// SPDX-License-Identifier: Apache-2.0
import Messages
import ServingModel
import Testing

@testable import AdminCommands

@Suite("What ps shows of a model")
struct ModelInUseTests {
    private func instance(_ state: InstanceState, tasks: Int, memory: Int?) throws -> NodeInstance {
        let name = try #require(ModelName("m"))
        return NodeInstance(
            node: .local,
            instance: InstanceSummary(
                id: .random(), template: .random(), processID: 7, model: name, role: .colocated, state: state,
                activeTasks: tasks, maximumTasks: 32, privateBytes: memory, keyValueBytes: 100, startedAt: 0,
                startMicroseconds: nil, missingSandboxSteps: []))
    }

    private func template(_ name: String, _ state: TemplateState, memory: Int?) throws -> NodeTemplate {
        let model = try #require(ModelName(name))
        return NodeTemplate(
            node: .local,
            template: TemplateSummary(
                id: .random(), model: model, processID: 8, state: state, loadMicroseconds: 1, privateBytes: memory))
    }

    @Test("Instances and templates of a model are one row, with the most active state")
    func sums() throws {
        let rows = ModelInUse.group(
            [
                try instance(.ready, tasks: 0, memory: 10), try instance(.busy, tasks: 3, memory: nil),
                try instance(.exited, tasks: 9, memory: 99),
            ],
            [try template("m", .ready, memory: 5), try template("a", .ready, memory: nil)])
        #expect(rows.map(\.model.text) == ["a", "m"])
        #expect(rows[0].state == "template")
        #expect(rows[0].privateBytes == nil)
        #expect(rows[1].state == "busy")
        #expect(rows[1].instances == 2)
        #expect(rows[1].activeTasks == 3)
        #expect(rows[1].privateBytes == 15)
        #expect(rows[1].keyValueBytes == 200)
    }

    @Test("A template that ended uses nothing")
    func ended() throws {
        #expect(ModelInUse.group([], [try template("m", .ended, memory: 1)]).isEmpty)
    }
}
