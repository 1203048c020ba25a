// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import DaemonSettings
internal import FoundationEssentials
internal import Gateway
internal import ServingModel
internal import SettingFiles
internal import UnixHTTP

/// The central scheduler.
@main struct SchedulerProgram {
    static func main() {
        let start = ProgramStart<SchedulerSettings>(
            arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment,
            version: Release.version)
        let (live, sources, parentProcess) = start.settingsOrExit()
        do {
            try EventLoopTasks.run(endingWith: parentProcess) { try await SchedulerProcess.run(live, sources: sources) }
        } catch {
            ProgramEnd.fail(error, exitCode: error is SchedulerStartError ? 69 : error is SchedulerReplaced ? 78 : 1)
        }
    }
}
