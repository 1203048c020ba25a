// SPDX-License-Identifier: Apache-2.0
import Glibc
import Messages
import ServingModel
import Testing

@testable import ClusterScheduler

@Suite("A scheduler's identity")
struct SchedulerIdentityTests {
    @Test("each life has the id of the one before and the next epoch, which is on disk")
    func epochs() throws {
        let directory = try TemporaryDirectory()
        let file = SchedulerIdentityFile(path: directory.path + "/identity")
        let first = try file.raiseEpoch()
        #expect(first.epoch == 1)
        let second = try SchedulerIdentityFile(path: file.path).raiseEpoch()
        #expect(second == SchedulerIdentity(id: first.id, epoch: 2))
        #expect(SchedulerIdentity(second.description) == second)
    }

    @Test("a file that cannot be read as an identity begins a new one", arguments: ["", "sched-1/2\n", "x", "/"])
    func damage(text: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/identity"
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
        #expect(try SchedulerIdentityFile(path: path).raiseEpoch().epoch == 1)
        #expect(try SchedulerIdentityFile(path: path).raiseEpoch().epoch == 2)
    }

    @Test("a node that obeys a later scheduler ends this one: its jobs are told, and it says which node it was")
    func replaced() async throws {
        let node = try ScriptedNode("a")
        let error = await #expect(throws: SchedulerReplaced.self) {
            try await SchedulerFixture.run([node], endsByItself: true) { fixture in
                let reader = try fixture.submit()
                async let reading = Result { try await CollectedAnswer.read(reader) }
                _ = try await node.submission()
                node.refuse(.refused(status: 409, code: NodeAPIError.staleEpoch, message: "epoch 2 gives the orders"))
                let late = try fixture.submit()
                guard case .failure(let failure as JobFailure) = await reading else {
                    Issue.record("the job did not end")
                    return
                }
                #expect(failure.kind == .serverRestarting)
                late.detach()
            }
        }
        #expect(error?.node == node.name)
    }
}
