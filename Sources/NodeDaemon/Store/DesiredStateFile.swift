// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What administrators want of models whether or not there is work: kept in the node's directory, so that scaling and pins
/// outlive the daemon.
struct DesiredStateFile: Sendable {
    /// One model's line.
    struct Entry: Hashable, Codable, Sendable {
        var model: ModelName
        var instances: Int
        var pinned: Bool
    }

    /// Far above a line for each of thousands of models.
    private static let maxBytes = 1 << 20

    let path: String
    /// What earlier releases called the file; it is given its present name when it is first read.
    private let earlierPath: String

    init(directory: String) {
        path = directory + "/desired.json"
        earlierPath = directory + "/wishes.json"
    }

    /// What was kept; nothing where there is no file. Fails where the file is something else: then it says so in a sentence
    /// and is left alone until the next change.
    func read() throws -> [Entry] {
        if !Self.exists(path) {
            guard Self.exists(earlierPath) else { return [] }
            try systemCall("rename", earlierPath) { rename(earlierPath, path) }
        }
        let file = try OwnedDescriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        let size = try OwnedDescriptor.fileSize(of: file.rawValue)
        guard size <= Self.maxBytes else { throw SystemCallError("read", path, code: EFBIG) }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = try systemCall("read", path) { Glibc.read(file.rawValue, &bytes, size) }
        return try JSONDecoder().decode([Entry].self, from: Data(bytes.prefix(Int(count))))
    }

    /// Replaces what was kept, whole or not at all.
    func write(_ entries: [Entry]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        let bytes = try encoder.encode(entries.sorted { $0.model.text < $1.model.text })
        try WholeFile.replace(path, through: path + ".new", Array(bytes))
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 || errno != ENOENT }
}
