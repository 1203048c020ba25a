// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// A file descriptor with one owner: closed when the value ends, unless it was released.
///
/// Every descriptor that this project opens is close-on-exec from birth; what a child gets is listed explicitly.
package struct OwnedDescriptor: ~Copyable, Sendable {
    /// Valid as long as this value lives. Never store it beyond.
    package let rawValue: CInt

    /// Takes ownership of an open descriptor.
    package init(owning rawValue: CInt) {
        precondition(rawValue >= 0, "a descriptor that was opened is not negative")
        self.rawValue = rawValue
    }

    deinit {
        close(rawValue)
    }

    /// Gives the number up without closing it: the caller owns it now.
    package consuming func release() -> CInt {
        let number = rawValue
        discard self
        return number
    }

    /// A second, independent owner of the same open file.
    package func duplicate() throws(SystemCallError) -> OwnedDescriptor {
        let copy = try systemCall("fcntl", "F_DUPFD_CLOEXEC \(rawValue)") { fcntl(rawValue, F_DUPFD_CLOEXEC, 3) }
        return OwnedDescriptor(owning: copy)
    }

    /// Switches O_NONBLOCK on or off for the open file.
    package func setNonBlocking(_ isOn: Bool) throws(SystemCallError) {
        let flags = try systemCall("fcntl", "F_GETFL") { fcntl(rawValue, F_GETFL) }
        let wanted = isOn ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
        try systemCall("fcntl", "F_SETFL") { fcntl(rawValue, F_SETFL, wanted) }
    }

    /// Opens a file; `flags` without O_CLOEXEC, which is always added.
    package static func open(
        _ path: String, _ flags: CInt, mode: UInt32 = 0o600
    ) throws(SystemCallError) -> OwnedDescriptor {
        let number = try systemCall("open", path) { Glibc.open(path, flags | O_CLOEXEC, mode) }
        return OwnedDescriptor(owning: number)
    }

    /// Writes all of `bytes`, waiting where the other side is slow.
    package func writeAll(_ bytes: UnsafeRawBufferPointer) throws(SystemCallError) {
        var rest = bytes
        while let base = rest.baseAddress, rest.count > 0 {
            let count = try systemCall("write") { write(rawValue, base, rest.count) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Size of the file behind the descriptor in bytes.
    package func fileSize() throws(SystemCallError) -> Int {
        try Self.facts(rawValue).size
    }

    /// The same for a number that somebody else owns.
    package static func fileSize(of number: CInt) throws(SystemCallError) -> Int {
        try facts(number).size
    }

    /// How many names the file behind the descriptor has; for a directory that is two more than it has directories.
    package func linkCount() throws(SystemCallError) -> UInt64 {
        try Self.facts(rawValue).links
    }

    private static func facts(_ number: CInt) throws(SystemCallError) -> (size: Int, links: UInt64) {
        var size: Int64 = 0
        var links: UInt64 = 0
        try systemCall("fstat", "\(number)") { clinux_file_facts(number, &size, &links) }
        return (Int(size), links)
    }
}

/// A descriptor that several owners share; the last one closes it. For tables and closures that cannot hold a
/// value without copies.
package final class SharedDescriptor: Sendable {
    private let descriptor: OwnedDescriptor

    package init(_ descriptor: consuming OwnedDescriptor) {
        self.descriptor = descriptor
    }

    /// Valid as long as this object lives.
    package var rawValue: CInt { descriptor.rawValue }

    /// An owner independent of this object.
    package func duplicate() throws(SystemCallError) -> OwnedDescriptor {
        try descriptor.duplicate()
    }
}
