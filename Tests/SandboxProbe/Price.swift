// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
internal import LinuxKernel
internal import Sandbox

/// `sandbox-probe price`: what the sandbox costs, as one line of JSON. Each of its processes enters the sandbox once, the
/// template's half and the child's, and times the latter, and the cheapest call that there is without and with filters.
enum Price {
    private static let processes = 200
    private static let calls = 100_000

    private struct Sample {
        var templateNanoseconds = 0
        var childNanoseconds = 0
        var freeCall = 0.0
        var confinedCall = 0.0
    }

    static func run() -> Int32 {
        let room = MemoryLayout<Sample>.stride * processes
        guard let memory = mmap(nil, room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
            memory != MAP_FAILED
        else { return 1 }
        let samples = memory.bindMemory(to: Sample.self, capacity: processes)
        for index in 0..<processes {
            let child = fork()
            if child == 0 { _exit(measure(into: samples + index)) }
            var status: CInt = 0
            guard child > 0, waitpid(child, &status, 0) == child, status == 0 else { return 1 }
        }
        let all = UnsafeBufferPointer(start: samples, count: processes)
        let steps = all.map { Double($0.childNanoseconds) / 1000 }.sorted()
        let template = all.map { Double($0.templateNanoseconds) / 1000 }.sorted()
        let free = all.map(\.freeCall).sorted()[processes / 2]
        let confined = all.map(\.confinedCall).sorted()[processes / 2]
        print(
            """
            {"child_steps_p50_us": \(steps[processes / 2]), "child_steps_p99_us": \(steps[processes * 99 / 100]), \
            "template_steps_p50_us": \(template[processes / 2]), "call_ns": \(free), \
            "call_in_sandbox_ns": \(confined), "filters_ns": \(confined - free)}
            """)
        return 0
    }

    private static func measure(into sample: UnsafeMutablePointer<Sample>) -> Int32 {
        do {
            sample.pointee.freeCall = nanosecondsPerCall()
            let begin = MonotonicTime.now
            let template = try InstanceSandbox.enterTemplate(identity: .own(1), prefersListener: false)
            let between = MonotonicTime.now
            try template.sandbox.enterInstance(descriptorCount: 4)
            let end = MonotonicTime.now
            sample.pointee.templateNanoseconds = Int(between.nanoseconds - begin.nanoseconds)
            sample.pointee.childNanoseconds = Int(end.nanoseconds - between.nanoseconds)
            sample.pointee.confinedCall = nanosecondsPerCall()
            return 0
        } catch {
            return 1
        }
    }

    /// Of getpid, which the kernel answers at once.
    private static func nanosecondsPerCall() -> Double {
        guard let number = SystemCallName.number(of: "getpid") else { return 0 }
        let begin = MonotonicTime.now
        for _ in 0..<calls { _ = clinux_raw_call(number, 0, 0, 0, 0, 0, 0) }
        return Double(MonotonicTime.now.nanoseconds - begin.nanoseconds) / Double(calls)
    }
}
