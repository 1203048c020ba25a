// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import ServingModel

/// Where a scheduler's identity is kept: one line, `sched-0123456789abcdef/7`, in a file of the state directory, which
/// must be locked by this process.
struct SchedulerIdentityFile {
    let path: String

    /// The identity for the life that begins: the one of the life before with the next epoch, or a new one where there is
    /// none that can be read. It is on disk when this returns, so that no order is ever given under an epoch that a later
    /// life could use again.
    func raiseEpoch() throws(SystemCallError) -> SchedulerIdentity {
        var identity = read() ?? SchedulerIdentity(id: .random(), epoch: 0)
        identity.epoch += 1
        try write(identity)
        return identity
    }

    private func read() -> SchedulerIdentity? {
        guard let file = try? OwnedDescriptor.open(path, O_RDONLY) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = Glibc.read(file.rawValue, &bytes, bytes.count)
        guard count > 0 else { return nil }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        // An epoch that cannot grow is as good as none.
        guard let identity = SchedulerIdentity(text.prefix { $0 != "\n" }), identity.epoch < .max else { return nil }
        return identity
    }

    /// Replaced as a whole: a crash leaves the old line or the new one.
    private func write(_ identity: SchedulerIdentity) throws(SystemCallError) {
        let draft = path + ".new"
        let file = try OwnedDescriptor.open(draft, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        let line = Array("\(identity)\n".utf8)
        let written = try systemCall("write", draft) { Glibc.write(file.rawValue, line, line.count) }
        guard written == line.count else { throw SystemCallError("write", draft, code: ENOSPC) }
        try systemCall("fsync", draft) { fsync(file.rawValue) }
        try systemCall("rename", path) { rename(draft, path) }
        let directory = try OwnedDescriptor.open(directoryPath, O_RDONLY | O_DIRECTORY)
        try systemCall("fsync", directoryPath) { fsync(directory.rawValue) }
    }

    private var directoryPath: String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}
