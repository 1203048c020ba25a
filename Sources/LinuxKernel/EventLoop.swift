// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// The kernel's readiness list: descriptors with a key each, and one place to wait.
package struct ReadinessList: ~Copyable, Sendable {
    private let descriptor: OwnedDescriptor

    /// What to wait for.
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let readable = Interest(rawValue: 1)
        package static let writable = Interest(rawValue: 2)

        var events: UInt32 {
            (contains(.readable) ? CLINUX_EPOLLIN : 0) | (contains(.writable) ? CLINUX_EPOLLOUT : 0)
        }
    }

    /// One descriptor that can go on.
    package struct Event: Hashable, Sendable {
        package let key: UInt64
        package let isReadable: Bool
        package let isWritable: Bool
        /// The other side is gone; what it wrote before may still be there to read.
        package let isHungUp: Bool
    }

    package init() throws(SystemCallError) {
        descriptor = OwnedDescriptor(owning: try systemCall("epoll_create1") { clinux_epoll_create() })
    }

    /// Adds a descriptor; events come with `key`.
    package func add(_ number: CInt, key: UInt64, _ interest: Interest) throws(SystemCallError) {
        try systemCall("epoll_ctl", "add \(number)") {
            clinux_epoll_control(descriptor.rawValue, 1, number, interest.events, key)
        }
    }

    /// Changes what is waited for.
    package func modify(_ number: CInt, key: UInt64, _ interest: Interest) throws(SystemCallError) {
        try systemCall("epoll_ctl", "modify \(number)") {
            clinux_epoll_control(descriptor.rawValue, 3, number, interest.events, key)
        }
    }

    /// Must come before the descriptor is closed when other processes hold the same open file.
    package func remove(_ number: CInt) throws(SystemCallError) {
        try systemCall("epoll_ctl", "remove \(number)") { clinux_epoll_control(descriptor.rawValue, 2, number, 0, 0) }
    }

    /// Waits for events; `nil` waits for ever. An interrupted wait comes back empty.
    package func wait(milliseconds: Int?) throws(SystemCallError) -> [Event] {
        var keys = [UInt64](repeating: 0, count: 64)
        var events = [UInt32](repeating: 0, count: 64)
        let count = clinux_epoll_wait(
            descriptor.rawValue, &keys, &events, 64, milliseconds.map { CInt(clamping: $0) } ?? -1)
        if count < 0 {
            if errno == EINTR { return [] }
            throw SystemCallError("epoll_wait")
        }
        return (0..<Int(count)).map { index in
            Event(
                key: keys[index], isReadable: events[index] & CLINUX_EPOLLIN != 0,
                isWritable: events[index] & CLINUX_EPOLLOUT != 0,
                isHungUp: events[index] & (CLINUX_EPOLLHUP | CLINUX_EPOLLERR) != 0)
        }
    }
}

/// A counter that wakes a waiting reader from any thread.
package struct WakeupCounter: ~Copyable, Sendable {
    package let descriptor: OwnedDescriptor

    package init() throws(SystemCallError) {
        descriptor = OwnedDescriptor(owning: try systemCall("eventfd") { clinux_eventfd() })
    }

    /// Makes the descriptor readable. Never blocks; many signals before a `clear` are one.
    package func signal() {
        var one: UInt64 = 1
        _ = write(descriptor.rawValue, &one, 8)
    }

    /// Makes it unreadable again.
    package func clear() {
        var value: UInt64 = 0
        _ = read(descriptor.rawValue, &value, 8)
    }
}

/// Tells of files that appear in or vanish from a directory.
package struct DirectoryWatch: ~Copyable, Sendable {
    /// Readable when something changed.
    package let descriptor: OwnedDescriptor

    package init(_ path: String) throws(SystemCallError) {
        descriptor = OwnedDescriptor(
            owning: try systemCall("inotify_add_watch", path) { clinux_inotify_watch_directory(path) })
    }

    /// Forgets what was reported: the reader lists the directory anew.
    package func clear() {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            while read(descriptor.rawValue, buffer.baseAddress, buffer.count) > 0 {}
        }
    }
}
