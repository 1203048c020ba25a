// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Sandbox

@Suite("System call profiles")
struct CompiledFilterTests {
    static let profiles: [SystemCallProfile] = [
        .instance, .prewarmedChild, .trainer, .pack, .template(of: .instance), .template(of: .trainer),
        .renunciation(by: .instance, unlisted: .held), .renunciation(by: .instance, unlisted: .ended),
        .renunciation(by: .prewarmedChild, unlisted: .held),
    ]

    @Test("Every rule says why", arguments: profiles)
    func reasons(profile: SystemCallProfile) {
        for rule in profile.rules { #expect(rule.why.count > 5, "\(profile.name): \(rule.name)") }
    }

    @Test("They compile for both processors, to programs that the kernel's machine runs", arguments: profiles)
    func compilation(profile: SystemCallProfile) throws {
        for processor in ProcessorFamily.allCases {
            for unlisted in [UnlistedCalls.held, .ended, .passed] {
                let filter = try CompiledFilter(profile, unlisted: unlisted, for: processor)
                for number in Int32(0)..<500 {
                    _ = try FilterMachine(filter.program, number: number, architecture: processor.token).answer()
                }
            }
        }
    }

    /// Numbers of the calls on arm64, from the kernel's generic table.
    private static let armCalls: [(name: String, number: Int32, arguments: [UInt64], answer: FilterMachine.Answer)] = [
        ("read", 63, [], .allows), ("write", 64, [], .allows), ("futex", 98, [], .allows),
        ("sendto", 206, [3, 0, 0, 0, 0, 0], .allows), ("sendto with an address", 206, [3, 0, 0, 0, 1, 0], .asks),
        ("epoll_pwait", 22, [], .allows), ("mmap", 222, [0, 4096, 3], .allows),
        ("mmap executable", 222, [0, 4096, 5], .asks), ("mprotect executable", 226, [0, 4096, 4], .asks),
        ("madvise DONTNEED", 233, [0, 0, 4], .allows), ("madvise REMOVE", 233, [0, 0, 9], .asks),
        ("openat", 56, [], .refuses), ("newfstatat", 79, [], .refuses), ("clone3", 435, [], .refuses),
        ("mremap", 216, [], .refuses),
        ("clone of a thread", 220, [0x3d0f00], .allows), ("clone as fork", 220, [17], .asks),
        ("mount", 40, [], .asks), ("execve", 221, [], .asks), ("socket", 198, [], .asks), ("ptrace", 117, [], .asks),
        ("kill", 129, [], .asks), ("bpf", 280, [], .asks), ("io_uring_setup", 425, [], .asks),
    ]

    @Test("On arm64 the instance's filter answers its calls, and ends those of another table", arguments: armCalls)
    func arm(name: String, number: Int32, arguments: [UInt64], answer: FilterMachine.Answer) throws {
        let filter = try CompiledFilter(.instance, unlisted: .held, for: .arm)
        let own = FilterMachine(
            filter.program, number: number, architecture: ProcessorFamily.arm.token, arguments: arguments)
        #expect(try own.answer() == answer, "\(name)")
        // AUDIT_ARCH_ARM: 32-bit programs of the same processor.
        let foreign = FilterMachine(filter.program, number: number, architecture: 0x4000_0028, arguments: arguments)
        #expect(try foreign.answer() == .endsProcess)
    }

    @Test("On x86-64 calls of 32-bit programs and of x32 end the process whatever they are")
    func foreignTables() throws {
        let filter = try CompiledFilter(.instance, unlisted: .held, for: .x86)
        for number in Int32(0)..<500 {
            let old = FilterMachine(filter.program, number: number, architecture: 0x4000_0003)
            #expect(try old.answer() == .endsProcess)
            let short = FilterMachine(
                filter.program, number: number | 0x4000_0000, architecture: ProcessorFamily.x86.token)
            #expect(try short.answer() == .endsProcess)
        }
    }

    @Test("A renunciation ends what only the start needs, and leaves the rest to the filter before")
    func renunciation() throws {
        let token = ProcessorFamily.x86.token
        func answer(_ unlisted: UnlistedCalls, _ number: Int32, _ arguments: [UInt64]) throws -> FilterMachine.Answer {
            let profile = SystemCallProfile.renunciation(by: .instance, unlisted: unlisted)
            let filter = try CompiledFilter(profile, unlisted: .passed, for: .x86)
            return try FilterMachine(filter.program, number: number, architecture: token, arguments: arguments)
                .answer()
        }
        // dup2 onto the channel's place, and elsewhere.
        #expect(try answer(.held, 33, [9, 3]) == .endsProcess)
        #expect(try answer(.held, 33, [9, 8]) == .allows)
        // The fork: the keeper's affair where it hears of it.
        #expect(try answer(.held, 56, [0x0120_8000]) == .allows)
        #expect(try answer(.ended, 56, [0x0120_8000]) == .endsProcess)
        #expect(try answer(.ended, 56, [0x003d_0f00]) == .allows)
    }
}
