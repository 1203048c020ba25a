// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The files of a checkpoint that a node has taken over, deleted.
struct DiscardedOriginal {
    /// What was deleted and what was left, in a line.
    let text: String

    /// Deletes the files that were sent. One that is not the one that was read any more is left alone; so is the folder
    /// where anything else is in it.
    init(_ checkpoint: CheckpointUpload, folder: String) throws(CommandError) {
        var freed = 0
        var left: [String] = []
        for file in checkpoint.files {
            guard file.isInPlace, Self.delete(file.path) else {
                left.append(file.path)
                continue
            }
            freed += file.byteCount
        }
        let count = checkpoint.files.count - left.count
        guard left.isEmpty else {
            throw .failed(
                "the model was added, but of its files \(left.joined(separator: ", ")) could not be deleted, or changed "
                    + "meanwhile (\(count) were, \(Figures.bytes(freed)))")
        }
        let isFolder = checkpoint.files.count > 1 && rmdir(folder) == 0
        text =
            "deleted \(count) \(count == 1 ? "file" : "files")\(isFolder ? " and the folder" : ""), \(Figures.bytes(freed))"
    }

    /// Deletes a file, and the link to it where the path is one.
    private static func delete(_ path: String) -> Bool {
        if let real = realpath(path, nil) {
            defer { free(real) }
            guard unlink(real) == 0 else { return false }
        }
        return unlink(path) == 0 || errno == ENOENT
    }
}
