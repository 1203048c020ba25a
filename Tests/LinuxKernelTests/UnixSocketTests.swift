// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import LinuxKernel

@Suite("Unix socket")
struct UnixSocketTests {
    private func scratchPath() -> String {
        var template = Array("/tmp/df-test-XXXXXX".utf8CString)
        return template.withUnsafeMutableBufferPointer { name in
            guard let base = name.baseAddress, let directory = mkdtemp(base) else { return "" }
            return String(cString: directory) + "/s.sock"
        }
    }

    private func remove(_ path: String) {
        unlink(path)
        rmdir(String(path.dropLast("/s.sock".count)))
    }

    @Test("A listener has the asked mode and knows its peers")
    func identity() throws {
        let path = scratchPath()
        defer { remove(path) }
        let listener = try UnixSocket.listen(at: path, kind: .stream, mode: 0o660)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o660)
        let client = try UnixSocket.connect(to: path, kind: .stream)
        guard let server = try UnixSocket.accept(on: listener.rawValue) else {
            Issue.record("nobody was there to accept")
            return
        }
        let peer = try PeerIdentity(of: server.rawValue)
        #expect(peer.userID == getuid())
        #expect(peer.processID == getpid())
        _ = consume client
    }

    @Test("A stale socket file is replaced, a live one is not")
    func stale() throws {
        let path = scratchPath()
        defer { remove(path) }
        do {
            let first = try UnixSocket.listen(at: path, kind: .packet, mode: 0o600)
            #expect(throws: SystemCallError("bind", path, code: EADDRINUSE)) {
                _ = try UnixSocket.listen(at: path, kind: .packet, mode: 0o600)
            }
            _ = consume first
        }
        let second = try UnixSocket.listen(at: path, kind: .packet, mode: 0o600)
        #expect(second.rawValue >= 0)
    }

    @Test("A path over 107 bytes is refused with a sentence that says so")
    func longPath() {
        let path = "/tmp/" + String(repeating: "x", count: 110)
        #expect {
            _ = try UnixSocket.connect(to: path, kind: .stream)
        } throws: { error in
            "\(error)".contains("107 bytes")
        }
    }
}
