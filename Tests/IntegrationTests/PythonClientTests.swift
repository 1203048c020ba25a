// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension Integration {
    @Suite("The openai client of Python", .runningServer)
    struct PythonClientTests {
        private static let python = DeepFlowFixture.root + "/.scratch/venv/bin/python"
        private static let script = DeepFlowFixture.root + "/Tests/Fixtures/openai-client.py"
        private static let isInstalled =
            (try? CommandRun(python, ["-c", "import httpx2, openai"]).isSuccess) == true

        @Test(
            "Models, answers, streams, errors and broken-off streams work as with the original service",
            .enabled(if: isInstalled, "the openai client is not in .scratch/venv; Packaging/test installs it"))
        func client() throws {
            let fixture = try #require(DeepFlowFixture.current)
            let run = try CommandRun(Self.python, [Self.script, fixture.apiSocket, DeepFlowFixture.model])
            #expect(run.isSuccess, "\(run.errors)")
            #expect(run.output.hasSuffix("ok\n"), "\(run.output)")
        }
    }
}
