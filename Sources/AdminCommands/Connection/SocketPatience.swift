// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// Waiting for a server that is still starting: woken by the kernel when its socket appears, not by a tight loop.
struct SocketPatience: Sendable {
    private let deadline: MonotonicTime
    private let directories: [String]

    /// - Parameter candidates: the sockets whose directories are watched.
    init(seconds: Int, candidates: [String]) {
        let wait = UInt64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let now = MonotonicTime.now.nanoseconds
        let end = now.addingReportingOverflow(wait.overflow ? .max : wait.partialValue)
        deadline = MonotonicTime(nanoseconds: end.overflow ? .max : end.partialValue)
        directories = candidates.map(Self.existingDirectory)
    }

    /// Asks `attempt` until it has an answer or the time is over; then its last error is thrown. Errors that time does
    /// not heal (permission, usage) are thrown at once.
    ///
    /// - `attempt` returns nil where the server answers but is not ready.
    func ask<Answer>(
        notReady: CommandError, _ attempt: () async throws(CommandError) -> Answer?
    ) async throws(CommandError) -> Answer {
        while true {
            // Watched before the attempt: what appears in between is seen by the wait.
            let watch = try? SharedWatch(directories.first ?? ".")
            var problem = notReady
            var pause = 50
            do {
                if let answer = try await attempt() { return answer }
            } catch {
                guard Self.heals(error) else { throw error }
                problem = error
                pause = 250
            }
            guard MonotonicTime.now < deadline else { throw problem }
            Self.wait(for: watch, milliseconds: min(pause, remaining))
        }
    }

    private var remaining: Int {
        deadline.microseconds(since: .now) / 1000 + 1
    }

    private static func heals(_ error: CommandError) -> Bool {
        switch error {
        case .unreachable, .tryAgain: true
        case .failed, .usage, .permission, .configuration, .interrupted: false
        }
    }

    private static func wait(for watch: SharedWatch?, milliseconds: Int) {
        // A negative descriptor is passed over: then it is a plain pause.
        var entry = pollfd(fd: watch?.number ?? -1, events: Int16(POLLIN), revents: 0)
        _ = poll(&entry, 1, Int32(clamping: milliseconds))
    }

    /// The socket's directory, or the nearest one above that is already there.
    private static func existingDirectory(of path: String) -> String {
        var directory = path
        while let slash = directory.lastIndex(of: "/") {
            directory = String(directory[..<slash])
            if directory.isEmpty { return "/" }
            if access(directory, F_OK) == 0 { return directory }
        }
        return "."
    }
}

/// A directory watch that an optional can hold across suspensions.
private final class SharedWatch: Sendable {
    private let watch: DirectoryWatch

    init(_ directory: String) throws(SystemCallError) {
        watch = try DirectoryWatch(directory)
    }

    /// Valid as long as this object lives.
    var number: Int32 { watch.descriptor.rawValue }
}
