// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import DaemonSettings

@Suite("Settings that are read again")
struct SettingChangesTests {
    @Test("Reloadable settings take their new value, the others wait for a restart, and both are named")
    func changes() {
        var wanted = NodeSettings()
        wanted.idleSeconds = 60
        wanted.threadsPerInstance = 2
        wanted.stallSeconds = 60
        let changes = SettingChanges(from: NodeSettings(), to: wanted)
        #expect(changes.settings.idleSeconds == 60)
        #expect(changes.settings.stallSeconds == 60)
        #expect(changes.settings.threadsPerInstance == nil)
        #expect(changes.applied == ["instances.idle_timeout: 5m -> 1m", "instances.stall_timeout: 30s -> 1m"])
        #expect(changes.postponed == ["instances.threads: all cores -> 2"])
    }

    @Test("Nothing changed is nothing to say")
    func nothing() {
        let changes = SettingChanges(from: SchedulerSettings(), to: SchedulerSettings())
        #expect(changes.applied.isEmpty && changes.postponed.isEmpty && changes.settings == SchedulerSettings())
    }
}
