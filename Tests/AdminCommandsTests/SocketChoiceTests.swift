// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AdminCommands

@Suite("Finding a server that answers")
struct SocketChoiceTests {
    @Test("Nobody there is exit code 69 and names what was tried")
    func missing() {
        let error = #expect(throws: CommandError.self) { try SocketChoice.firstOpen(of: ["/nowhere/a.sock"]) }
        #expect(error?.exitCode == 69)
        #expect(error?.description.contains("/nowhere/a.sock") == true)
    }

    @Test(
        "What is no socket is called what it is", arguments: [("/", "/ is a directory"), (#filePath, "a plain file")])
    func noSocket(path: String, words: String) {
        let error = #expect(throws: CommandError.self) { try SocketChoice.firstOpen(of: [path]) }
        #expect(error?.exitCode == 69)
        #expect(error?.description.contains(words + " and no socket") == true)
    }

    @Test("A path that no socket can have is exit code 64")
    func tooLong() {
        let path = "/" + String(repeating: "a", count: 200)
        let error = #expect(throws: CommandError.self) { try SocketChoice.firstOpen(of: [path]) }
        #expect(error?.exitCode == 64)
    }
}
