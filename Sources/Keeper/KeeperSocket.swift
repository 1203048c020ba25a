// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// The keeper's listening socket and the file by which daemons find it.
struct KeeperSocket: ~Copyable {
    let listener: OwnedDescriptor
    private let path: String
    private let device: dev_t
    private let inode: ino_t

    /// Binds `path` with mode 0600.
    init(path: String) throws(SystemCallError) {
        let socket = try UnixSocket.listen(at: path, kind: .packet, mode: 0o600)
        try socket.setNonBlocking(true)
        var status = stat()
        try systemCall("stat", path) { stat(path, &status) }
        listener = socket
        self.path = path
        device = status.st_dev
        inode = status.st_ino
    }

    /// Whether the file is still the one that was made here.
    var isReachable: Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_dev == device && status.st_ino == inode
    }

    /// Removes the file; one that a successor has made stays.
    func removeFile() {
        if isReachable { unlink(path) }
    }
}
