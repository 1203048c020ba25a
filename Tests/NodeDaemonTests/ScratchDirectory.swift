// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import Logging
import Messages
import ServingModel
import Testing

@testable import NodeDaemon

/// A directory of a test's own, removed with everything in it at the end.
final class ScratchDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/deepflow-test-XXXXXX".utf8CString)
        _ = try #require(mkdtemp(&template))
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        for file in (try? DirectoryPath.files(in: path)) ?? [] {
            let inner = path + "/" + file
            if unlink(inner) != 0 { remove(inner) }
        }
        rmdir(path)
    }

    /// Writes a file; missing folders are made.
    func write(_ text: String, to name: String) throws {
        let file = path + "/" + name
        try DirectoryPath.make(String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)]), mode: 0o755)
        let handle = try #require(fopen(file, "w"))
        fputs(text, handle)
        fclose(handle)
    }

    func exists(_ name: String) -> Bool { access(path + "/" + name, F_OK) == 0 }
}

extension Logger {
    /// Says nothing.
    static let silent: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }()
}

extension ModelSummary {
    static func example(_ name: ModelName, digest: String, byteCount: Int) -> ModelSummary {
        ModelSummary(
            name: name, digest: digest, architecture: "llama", parameterCount: 1000, contextLength: 2048,
            vocabularySize: 512, layout: "panel-f16", byteCount: byteCount, keyValueBytesPerToken: 1024, createdAt: 1)
    }
}

extension ModelName {
    static func example(_ text: String) -> ModelName {
        guard let name = ModelName(text) else { preconditionFailure("the example is a name") }
        return name
    }
}

extension PeerIdentity {
    /// This process, as the other end of a socket sees it.
    static func ofThisProcess() throws -> PeerIdentity {
        var ends: [CInt] = [-1, -1]
        try systemCall("socketpair") { socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) }
        defer { for end in ends { close(end) } }
        return try PeerIdentity(of: ends[0])
    }
}
