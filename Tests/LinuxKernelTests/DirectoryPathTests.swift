// SPDX-License-Identifier: Apache-2.0
import Glibc
import TestSupport
import Testing

@testable import LinuxKernel

@Suite("Directory paths")
struct DirectoryPathTests {
    @Test("A directory is made with its parents and the asked mode, and made again without harm")
    func make() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/a/b/c"
        try DirectoryPath.make(path, mode: 0o750)
        try DirectoryPath.make(path, mode: 0o700)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o750)
        #expect(try DirectoryPath.files(in: scratch.path + "/a/b") == ["c"])
    }

    @Test("A file in the way is an error that names the path")
    func fileInTheWay() throws {
        let scratch = try ScratchDirectory()
        let file = scratch.path + "/file"
        _ = try OwnedDescriptor.open(file, O_WRONLY | O_CREAT)
        #expect(throws: SystemCallError("mkdir", file, code: EEXIST)) { try DirectoryPath.make(file, mode: 0o755) }
        #expect(throws: SystemCallError("mkdir", file, code: EEXIST)) {
            try DirectoryPath.make(file + "/below", mode: 0o755)
        }
    }
}
