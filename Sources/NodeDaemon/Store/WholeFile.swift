// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// Small files that are replaced whole or not at all, also where the machine loses its power meanwhile.
enum WholeFile {
    /// Writes `bytes` to `unfinished`, a place in the same directory, and renames that to `place`.
    static func replace(_ place: String, through unfinished: String, _ bytes: [UInt8]) throws(SystemCallError) {
        let file = try OwnedDescriptor.open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: 0o640)
        try file.writeAll(bytes)
        try systemCall("fsync", unfinished) { fsync(file.rawValue) }
        try systemCall("rename", place) { rename(unfinished, place) }
        guard let slash = place.lastIndex(of: "/") else { return }
        try DirectoryPath.synchronize(String(place[..<slash]))
    }
}
