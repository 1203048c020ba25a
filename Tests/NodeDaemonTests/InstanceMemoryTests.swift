// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Messages
import ServingModel
import Testing

@testable import NodeDaemon

@Suite("Memory that instances get")
struct InstanceMemoryTests {
    private let model = ModelSummary.example(.example("small"), digest: "sha256-0", byteCount: 1)

    private func settings(_ change: (inout NodeConfiguration) -> Void) -> InstanceSettings {
        var configuration = NodeConfiguration(node: .local, runtimeDirectory: "/run", stateDirectory: "/var")
        configuration.maximumTasksPerInstance = 8
        change(&configuration)
        return configuration.settings(for: model)
    }

    @Test("is enough for all tasks at the model's context")
    func usual() {
        let settings = settings { _ in }
        #expect(settings.keyValueType == nil)
        #expect(settings.keyValueBytes == 1024 * 2048 * 8)
    }

    @Test("is little more than half of that where keys and values are bytes")
    func bytes() {
        let settings = settings { $0.keyValueType = .bytes }
        #expect(settings.keyValueType == .bytes)
        #expect(settings.keyValueBytes == (1024 / 64 * 34 + 34) * 2048 * 8)
    }

    @Test("is what was ordered, in whole pages, whatever the type")
    func ordered() {
        let settings = settings {
            $0.keyValueType = .bytes
            $0.keyValueBytes = 10_000
        }
        #expect(settings.keyValueBytes == 12_288)
    }
}
