// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The small text files in which the kernel tells of itself.
enum KernelFile {
    /// All of it; nil where it cannot be read.
    static func text(of path: String) -> String? {
        guard let file = try? OwnedDescriptor.open(path, O_RDONLY) else { return nil }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(file.rawValue, &buffer, buffer.count)
            if count > 0 { text += buffer.prefix(count) } else { break }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
