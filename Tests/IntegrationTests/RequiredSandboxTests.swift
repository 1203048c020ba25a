// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import TestSupport
import Testing

extension Integration {
    @Suite("--sandbox require")
    struct RequiredSandboxTests {
        @Test("A node whose sandbox is wholly in force serves")
        func whole() async throws {
            try await DeepFlowFixture.with(startsAll: false) { fixture in
                fixture.nodeOptions = ["--sandbox", "require"]
                try fixture.startAll()
                let run = try fixture.deepflow(["run", DeepFlowFixture.model, "What is DeepFlow?"])
                #expect(run.isSuccess, "\(run.errors)")
            }
        }

        @Test(
            "A node that cannot take a step of it ends with a sentence that names the step",
            .enabled(if: geteuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0))
        func incomplete() async throws {
            try await DeepFlowFixture.with(startsAll: false) { fixture in
                // Root without the right to become another user: templates stay root.
                let weaker = ["--bounding-set", "-setuid,-setgid", "--inh-caps", "-setuid,-setgid"]
                let directories = [
                    "--runtime-directory", fixture.directory.path, "--state-directory", fixture.stateDirectory,
                ]
                let log = fixture.directory.path + "/weak.log"
                let file = try OwnedDescriptor.open(log, O_WRONLY | O_CREAT)
                let daemon = try ProcessLaunch(
                    executable: "/usr/bin/setpriv",
                    arguments: weaker + ["--", BuiltExecutable.path("deepflow-noded")] + directories
                        + ["--sandbox", "require", "--retire-on-stop"],
                    descriptors: [nil, file.rawValue, file.rawValue]
                ).start()
                let status = try daemon.end(withinSeconds: 60)
                let text = try String(contentsOfFile: log, encoding: .utf8)
                #expect(status?.isSuccess == false, "\(text)")
                #expect(text.contains("the sandbox is required here and not wholly in force"), "\(text)")
                #expect(text.contains("user of its own") || text.contains("identity"), "\(text)")
            }
        }
    }
}
