// SPDX-License-Identifier: Apache-2.0
import Foundation
import LinuxKernel
import TestSupport
import Testing

/// Every call of the probe's table in every profile, under a real keeper. The table says what must become of each call;
/// the probe plays the node daemon and compares. Under the shipped units the same runs in `SystemdTests`.
@Suite("System calls by profile", .serialized)
struct CallMatrixTests {
    static let profiles = ["instance", "prewarmed", "trainer", "template", "pack"]

    @Test("Each call is carried out, refused or ended as the table says", arguments: profiles)
    func ownUser(profile: String) throws {
        try expectMatrix(profile, .same)
    }

    @Test(
        "The same for a keeper without privileges",
        .enabled(if: RunningKeeper.obstacle(for: .nobody) == nil, "root can start it as nobody"), arguments: profiles)
    func nobody(profile: String) throws {
        try expectMatrix(profile, .nobody)
    }

    private func expectMatrix(_ profile: String, _ user: RunningKeeper.User) throws {
        let probe = BuiltExecutable.path("sandbox-probe")
        let keeper = try RunningKeeper(engine: probe, as: "probe-\(profile)", user: user)
        let output = try MemoryFile.unsealed(name: "matrix")
        let run = try ProcessLaunch(
            executable: probe, arguments: ["matrix", "--keeper", keeper.socketPath, "--profile", profile],
            descriptors: [nil, output.rawValue, output.rawValue]
        ).start()
        let status = try run.reap(waits: true)
        var bytes = [UInt8](repeating: 0, count: try output.fileSize())
        let count = pread(output.rawValue, &bytes, bytes.count, 0)
        let lines = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n")
        let wrong = lines.filter { $0.contains("WRONG") || $0.contains("failed") }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
        #expect(status?.isSuccess == true)
        #expect(lines.count > 200)
        // And the keeper's log names what the probe was told.
        guard profile != "pack" else { return }
        let log = try keeper.log()
        for call in ["mount", "socket", "execve", "ptrace", "bpf", "kill", "clone", "unshare", "io_uring_setup"] {
            #expect(log.contains("denied call \(call)("), "\(call)")
        }
    }
}
