// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Testing

@testable import FlowServe

@Suite("Monitor")
struct MonitorTests {
    @Test("A waiter sees what another thread changed")
    func change() throws {
        let monitor = Monitor(0)
        let thread = try PosixThread { for _ in 0..<100 { monitor.update { $0 += 1 } } }
        #expect(monitor.wait(until: { $0 == 100 }, then: { $0 + 1 }) == 101)
        thread.join()
    }

    @Test("A wait with a limit ends without the change, or with it")
    func limit() {
        let monitor = Monitor(1)
        #expect(!monitor.wait(milliseconds: 1, until: { $0 == 2 }))
        monitor.update { $0 = 2 }
        #expect(monitor.wait(milliseconds: 1, until: { $0 == 2 }))
    }
}
