// SPDX-License-Identifier: Apache-2.0
import Foundation
import LinuxKernel
import TestSupport
import Testing

/// Templates that send what they like, at a real keeper. `DEEPFLOW_HOSTILE_ROUNDS` makes it longer.
@Suite("Hostile packets", .serialized)
struct HostileFrameTests {
    private static let rounds =
        ProcessInfo.processInfo.environment["DEEPFLOW_HOSTILE_ROUNDS"].flatMap(Int.init) ?? 40
    /// Until then buffers and caches grow to their usual size.
    private static let warmUp = 10

    @Test("The keeper lives, does not grow, and other instances notice nothing")
    func keeper() throws {
        let keeper = try RunningKeeper(engine: BuiltExecutable.path("sandbox-probe"))
        let daemon = try ProbeDaemon(keeper: keeper.socketPath)
        let bystander = try daemon.fork()
        var before: (descriptors: Int, kibibytes: Int)?
        for round in 0..<max(Self.rounds, Self.warmUp + 1) {
            if round == Self.warmUp { before = try size(of: keeper.process.processID) }
            _ = try daemon.attemptInTemplate("noise:\(round)")
            #expect(try daemon.attempt("plainMapping", in: bystander) == "0 0")
        }
        let after = try size(of: keeper.process.processID)
        let start = try #require(before)
        // An instance or two may not be reaped yet, and each has a handful of descriptors.
        #expect(after.descriptors <= start.descriptors + 16)
        #expect(after.kibibytes <= start.kibibytes + 1024)
        #expect(try keeper.process.reap() == nil)
    }

    private func size(of process: Int32) throws -> (descriptors: Int, kibibytes: Int) {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
        let kibibytes = try #require(line.split(separator: " ").compactMap { Int($0) }.first)
        return (try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count, kibibytes)
    }
}
