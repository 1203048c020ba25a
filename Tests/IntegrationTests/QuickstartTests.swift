// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

extension Integration {
    @Suite("Quickstart, with the programs of this build")
    struct QuickstartTests {
        private static let script = DeepFlowFixture.root + "/Packaging/quickstart"
        private static let programs = URL(fileURLWithPath: BuiltExecutable.path("deepflow"))
            .deletingLastPathComponent().path

        private static func start(_ options: [String], runtimeDirectory: String, output: String) throws -> ProcessHandle
        {
            let file = try OwnedDescriptor.open(output, O_WRONLY | O_CREAT | O_APPEND)
            return try ProcessLaunch(
                executable: "/bin/bash", arguments: [script, "--programs", programs] + options,
                environment: ["PATH=/usr/bin:/bin", "XDG_RUNTIME_DIR=\(runtimeDirectory)"],
                descriptors: [nil, file.rawValue, file.rawValue]
            ).start()
        }

        @Test("A runtime directory that is too long for a socket is no obstacle, and one that just fits is used")
        func longDirectory() throws {
            let scratch = try ScratchDirectory()
            // "/deepflow.XXXXXX/keepers/local.sock" has 35 bytes, a socket's path 107.
            for (length, isUsed) in [(72, true), (73, false), (200, false)] {
                let name = String(repeating: "d", count: length - scratch.path.utf8.count - 1)
                let directory = "\(scratch.path)/\(name)"
                try systemCall("mkdir", directory) { mkdir(directory, 0o700) }
                let output = "\(scratch.path)/output-\(length)"
                let script = try Self.start(["--exit"], runtimeDirectory: directory, output: output)
                let status = try script.end(withinSeconds: 180)
                let text = try String(contentsOfFile: output, encoding: .utf8)
                #expect(status?.isSuccess == true, "\(text)")
                #expect(text.contains("DeepFlow serves"), "\(text)")
                #expect(text.contains(directory + "/deepflow.") == isUsed, "\(text)")
            }
        }

        @Test("Killed without a chance to stop anything, it leaves no process behind")
        func killed() async throws {
            let scratch = try ScratchDirectory()
            let output = scratch.path + "/output"
            let script = try Self.start([], runtimeDirectory: scratch.path, output: output)
            try await eventually("it serves") {
                try String(contentsOfFile: output, encoding: .utf8).contains("Serving until Ctrl-C.")
            }
            let directory = try #require(
                FileManager.default.contentsOfDirectory(atPath: scratch.path).first { $0.hasPrefix("deepflow.") })
            let api = SocketAPI("\(scratch.path)/\(directory)/admin.sock")
            let nodes: [NodeListing] = try await api.get(SchedulerRoutes.nodes)
            let instances: [NodeInstance] = try await api.get(SchedulerRoutes.instances)
            let templates: [NodeTemplate] = try await api.get(SchedulerRoutes.templates)
            let scheduler: SchedulerVersion = try await api.get(SchedulerRoutes.version)
            let status = try #require(nodes.first?.status)
            let processes =
                [scheduler.processID, status.processID, try #require(status.keeperProcessID)]
                + instances.map(\.instance.processID) + templates.map(\.template.processID)
            #expect(processes.count >= 5)
            #expect(processes.allSatisfy(ForeignProcess.isRunning))
            try script.send(signal: SIGKILL)
            _ = try script.reap(waits: true)
            try await eventually("all processes are gone") { !processes.contains(where: ForeignProcess.isRunning) }
        }

        @Test("A build tells how far it is, and what went wrong")
        func progress() throws {
            let scratch = try ScratchDirectory()
            let said = """
                Fetching https://example.org/package.git
                Building for production...
                [0/20] Write sources
                [1/20] Compiling A
                /a/B.swift:1:2: error: no such thing
                [3/20] Compiling B
                [19/20] Compiling C
                [20/20] Linking d
                Build complete!
                """
            let run = try CommandRun(
                "/bin/bash", [DeepFlowFixture.root + "/Packaging/build-progress", scratch.path + "/log"], input: said,
                environment: ["PATH=/usr/bin:/bin"])
            #expect(run.isSuccess, "\(run.errors)")
            #expect(
                run.output == """
                    Fetching https://example.org/package.git
                    [0/20] 0 %
                    /a/B.swift:1:2: error: no such thing
                    [3/20] 15 %
                    [19/20] 95 %
                    [20/20] 100 %

                    """)
            #expect(try String(contentsOfFile: scratch.path + "/log", encoding: .utf8) == said + "\n")
        }
    }
}
