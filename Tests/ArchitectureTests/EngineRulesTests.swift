// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("The engine side starts no threads by itself")
struct EngineRulesTests {
    @Test("No file that flowserve or the keeper links uses Foundation, Dispatch or Swift concurrency")
    func engine() throws {
        let manifest = PackageManifest(try SourceTree.manifest().text)
        let rooms = EngineRules.rooms(manifest)
        #expect(rooms.isSuperset(of: ["flowserve", "deepflow-keeper", "LinuxKernel", "Messages", "ServingModel"]))
        expectNone(EngineRules.violations(try SourceTree.files(), in: rooms))
    }

    @Test(
        "Each forbidden thing is found",
        arguments: [
            "import Foundation", "internal import Dispatch", "Task { work() }", "let task = Task.detached {}",
            "func run() async {", "await run()", "actor Engine {", "DispatchQueue.main.sync {}",
        ])
    func findsForbidden(line: String) {
        let file = SourceFile(path: "Sources/Keeper/A.swift", text: line)
        #expect(EngineRules.violations([file], in: ["Keeper"]).count == 1)
        #expect(EngineRules.violations([file], in: ["FlowServe"]).isEmpty)
    }

    @Test("Words of ours, comments and strings are not mistaken for it")
    func allowsOurWords() {
        let text = """
            import FoundationEssentials
            let task: ServingTask = ServingTask(id: id)  // actor, async
            case task(TaskEvent)
            let text = "await the actor"
            """
        #expect(
            EngineRules.violations([SourceFile(path: "Sources/Keeper/A.swift", text: text)], in: ["Keeper"]).isEmpty)
    }
}
