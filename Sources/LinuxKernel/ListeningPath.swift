// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A path at which clients find a listening socket, watched: whoever may write to its directory can remove or replace the
/// file, and the socket would listen on unseen.
package final class ListeningPath {
    package let path: String
    private let kind: UnixSocket.Kind
    private let mode: UInt32
    private let watch: DirectoryWatch
    private var file: SocketFile?
    /// Given up to refuse a connection when there is no other descriptor left.
    private var spare = try? SharedDescriptor(.open("/dev/null", O_RDONLY))

    /// Binds `path`, see `UnixSocket.listen`. Connections are accepted without waiting.
    package init(_ path: String, kind: UnixSocket.Kind, mode: UInt32) throws(SystemCallError) {
        let file = try SocketFile(path, kind, mode)
        let watch = try DirectoryWatch(DirectoryPath.parent(of: path))
        self.path = path
        self.kind = kind
        self.mode = mode
        self.watch = watch
        self.file = consume file
    }

    /// Where connections are accepted; nil while the path could not be bound again.
    package var listener: CInt? { file?.listener.rawValue }

    /// The next connection; nil where none waits. With no descriptor left one that waits is taken in the place of a spare
    /// descriptor and closed, since it would else be announced again and again, and the error is thrown all the same.
    package func accept() throws(SystemCallError) -> OwnedDescriptor? {
        guard let listener else { return nil }
        do throws(SystemCallError) {
            return try UnixSocket.accept(on: listener)
        } catch {
            if [EMFILE, ENFILE].contains(error.code) {
                spare = nil
                _ = try? UnixSocket.accept(on: listener)
                spare = try? SharedDescriptor(.open("/dev/null", O_RDONLY))
            }
            throw error
        }
    }

    /// Readable when `attend` is to be called.
    package var changes: CInt { watch.descriptor.rawValue }

    /// What became of the file.
    package enum Change {
        /// It is the one that was made here.
        case none
        /// It had been removed, and was made again with another listener.
        case madeAgain
        /// Somebody else listens at the path.
        case taken
        /// It could not be made again.
        case lost(SystemCallError)
    }

    /// Looks after the file when something has changed in its directory.
    package func attend() -> Change {
        watch.clear()
        if file?.isReachable(path) == true { return .none }
        if UnixSocket.isAnswering(path, kind: kind) { return .taken }
        do throws(SystemCallError) {
            file = try SocketFile(path, kind, mode)
            return .madeAgain
        } catch {
            return .lost(error)
        }
    }

    /// Removes the file; one that somebody else has made in its place stays.
    package func remove() {
        if file?.isReachable(path) == true { unlink(path) }
    }
}

/// A listening socket and which file was made for it.
private struct SocketFile: ~Copyable {
    let listener: OwnedDescriptor
    private let device: dev_t
    private let inode: ino_t

    init(_ path: String, _ kind: UnixSocket.Kind, _ mode: UInt32) throws(SystemCallError) {
        let socket = try UnixSocket.listen(at: path, kind: kind, mode: mode)
        try socket.setNonBlocking(true)
        var status = stat()
        try systemCall("stat", path) { stat(path, &status) }
        listener = socket
        device = status.st_dev
        inode = status.st_ino
    }

    func isReachable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_dev == device && status.st_ino == inode
    }
}
