// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Directories by path: made with their parents, listed, synchronised, measured.
package enum DirectoryPath {
    /// Makes `path` and what is missing above it; a directory that exists keeps its mode.
    package static func make(_ path: String, mode: UInt32) throws(SystemCallError) {
        guard !path.isEmpty, path != "/", path != "." else { return }
        if isDirectory(path) { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try make(String(path[..<slash]), mode: mode)
        }
        guard mkdir(path, mode) == 0 || errno == EEXIST && isDirectory(path) else {
            throw SystemCallError("mkdir", path)
        }
        // mkdir's mode is subject to the umask, which belongs to whoever started the daemon.
        chmod(path, mode)
    }

    /// The directory in which a file lies.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Names in a directory, in no order that means anything, without `.` and `..`.
    package static func files(in path: String) throws(SystemCallError) -> [String] {
        guard let directory = opendir(path) else { throw SystemCallError("opendir", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes renames and removals in a directory survive a power cut.
    package static func synchronize(_ path: String) throws(SystemCallError) {
        let directory = try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        try systemCall("fsync", path) { fsync(directory.rawValue) }
    }

    /// Bytes that an unprivileged writer may still use on the file system of `path`.
    package static func freeBytes(at path: String) throws(SystemCallError) -> Int {
        var status = statvfs()
        try systemCall("statvfs", path) { statvfs(path, &status) }
        let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
            by: Int(clamping: status.f_frsize))
        return overflow ? .max : bytes
    }
}
