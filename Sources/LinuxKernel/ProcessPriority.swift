// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The nice values of the project's processes. With all cores busy, a hop between processes of equal priority waits for
/// a time slice; so those that pass work on come before those that compute.
package enum ProcessPriority {
    /// PRIO_PROCESS, whose imported type its own calls do not take.
    private static let process: CInt = 0

    /// Daemons, keepers and templates, and a child until it has announced itself.
    package static let daemon: CInt = -10
    /// Instances and packers.
    package static let work: CInt = 5

    /// The calling process's own, as far as its first thread tells.
    package static var current: CInt { getpriority(Self.process, id_t(getpid())) }

    /// Sets it for every thread there is, since Linux counts by thread; later ones inherit it. False where this user may
    /// not (raising needs CAP_SYS_NICE or RLIMIT_NICE).
    @discardableResult
    package static func setAll(_ nice: CInt) -> Bool {
        let threads = (try? DirectoryPath.files(in: "/proc/self/task")) ?? []
        var isDone = setpriority(Self.process, 0, nice) == 0
        for thread in threads.compactMap({ id_t($0) }) where setpriority(Self.process, thread, nice) != 0 {
            isDone = false
        }
        return isDone
    }

    /// Sets it for the calling thread, which is the only one; works inside an instance's sandbox.
    package static func setOwn(_ nice: CInt) {
        setpriority(Self.process, 0, nice)
    }
}
