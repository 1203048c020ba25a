// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import AdminCommands

@Suite("The command's own streams")
struct StandardStreamsTests {
    @Test("Output that cannot be written is exit code 1 with a sentence")
    func full() async throws {
        let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
            dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO)
            StandardStreams.writeLine("x")
        }
        let errors = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(errors.contains("the output cannot be written: No space left on device"))
    }

    @Test("A closed output is held against files of ours, and is exit code 1 with a sentence")
    func closed() async throws {
        let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
            close(STDOUT_FILENO)
            StandardStreams.holdClosed()
            guard open("/dev/null", O_WRONLY) != STDOUT_FILENO else { exit(3) }
            StandardStreams.writeLine("x")
        }
        let errors = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(errors.contains("the output cannot be written: Bad file descriptor"))
    }

    @Test("A closed output whose number the runtime took is not written to")
    func taken() async throws {
        let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
            // Eight bytes are what an event counter would take without complaint.
            typealias Make = @convention(c) (UInt32, Int32) -> Int32
            let eventfd = unsafeBitCast(dlsym(dlopen(nil, RTLD_NOW), "eventfd"), to: Make.self)
            dup2(eventfd(0, 0), STDOUT_FILENO)
            StandardStreams.write("12345678")
        }
        let errors = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(errors.contains("the output cannot be written: Bad file descriptor"))
    }

    @Test("A reader that has gone ends the command as a shell expects, without a word")
    func gone() async throws {
        let result = await #expect(processExitsWith: .exitCode(141), observing: [\.standardErrorContent]) {
            signal(SIGPIPE, SIG_IGN)
            var ends: [Int32] = [0, 0]
            pipe(&ends)
            dup2(ends[1], STDOUT_FILENO)
            close(ends[0])
            StandardStreams.writeLine("x")
        }
        let errors = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(!errors.contains("Error"))
    }

    @Test("An error stream that cannot be written does not end the work")
    func fullErrors() async {
        await #expect(processExitsWith: .exitCode(7)) {
            dup2(open("/dev/full", O_WRONLY), STDERR_FILENO)
            StandardStreams.writeError("x")
            exit(7)
        }
    }

    @Test("The line of an interrupt is ended on a terminal only")
    func interrupted() async throws {
        let result = await #expect(processExitsWith: .exitCode(0), observing: [\.standardOutputContent]) {
            StandardStreams.write("<")
            StandardStreams.endInterruptedLine(errorIsTerminal: false, outputIsTerminal: false)
            StandardStreams.write("|")
            StandardStreams.endInterruptedLine(errorIsTerminal: false, outputIsTerminal: true)
            StandardStreams.write(">")
            exit(0)
        }
        let output = String(decoding: try #require(result).standardOutputContent, as: UTF8.self)
        #expect(output.contains("<|\n>"))
    }
}
