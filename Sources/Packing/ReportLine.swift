// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// What `flowserve pack` and `flowserve verify` say to the node that started them.
enum ReportLine {
    /// Writes a line; a descriptor that is not open or whose reader is gone is no failure.
    static func write(_ line: String, to descriptor: CInt) {
        TextOutput.write(line + "\n", to: descriptor)
    }

    /// Size of a regular file that came as a descriptor; nil where it is none.
    static func fileSize(of descriptor: CInt, _ what: String) throws(PackError) -> Int? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(SystemCallError("fstat", what)) }
        return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }
}
