// SPDX-License-Identifier: Apache-2.0
import Glibc
import TestSupport
import Testing

/// The filter in its killing form never ends what is well, and what ends by a mistake of its own ends as that.
@Suite("Healthy behaviour in the sandbox", .serialized)
struct HealthyBehaviourTests {
    private let keeper: RunningKeeper
    private let daemon: ProbeDaemon

    init() throws {
        keeper = try RunningKeeper(engine: BuiltExecutable.path("sandbox-probe"))
        daemon = try ProbeDaemon(keeper: keeper.socketPath)
    }

    @Test(
        "Heaps grow and shrink, threads come and go, messages are written",
        arguments: ["plainMapping", "heapGrowth", "threadHeap", "startThread", "signalSelf", "messageOnError"])
    func living(name: String) throws {
        let instance = try daemon.fork()
        #expect(try daemon.attempt(name, in: instance) == "0 0")
        #expect(try daemon.attempt(name, in: instance) == "0 0")
        #expect(daemon.deniedCalls == 0)
    }

    @Test(
        "Crashes end as what they are",
        arguments: [
            ("abort", SIGABRT), ("corruptHeap", SIGABRT), ("fatalError", crashOfSwift), ("badPointer", SIGSEGV),
            ("stackOverflow", SIGSEGV),
        ])
    func crashing(name: String, signal: Int32) throws {
        let outcome = try daemon.attempt(name, in: daemon.fork())
        #expect(outcome.contains("signal \(signal) "), "\(name): \(outcome)")
        #expect(daemon.deniedCalls == 0)
    }

    /// How the processor stops at the compiler's trap.
    private static var crashOfSwift: Int32 {
        #if arch(x86_64)
            SIGILL
        #else
            SIGTRAP
        #endif
    }
}
