// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A prompt from standard input.
enum PromptInput {
    /// The server takes no larger body either.
    private static let limit = 8 << 20

    /// All of standard input without its last newline.
    ///
    /// - Throws: `failed` for more than a request may have, or where it cannot be read.
    static func read() throws(CommandError) -> String {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(STDIN_FILENO, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw .failed("standard input cannot be read: \(String(cString: strerror(errno)))")
            }
            if count == 0 { break }
            bytes += part.prefix(count)
            guard bytes.count <= limit else { throw .failed("standard input has more than 8 MiB; ask in parts") }
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
