// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// What /proc tells of a process and of the machine.
enum ProcessFacts {
    /// Private memory of a process as the kernel counts it: RssAnon of its status, in bytes.
    ///
    /// smaps would also count private pages of files, but reading it needs ptrace rights, which the daemon does not
    /// have over a process that is not dumpable; and it walks all of its page tables.
    static func privateBytes(of process: Int32) -> Int? {
        guard process > 0, let text = read("/proc/\(process)/status") else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix("RssAnon:") {
            let words = line.split { $0 == " " || $0 == "\t" }
            return words.count >= 2 ? Int(words[1]).map { $0 * 1024 } : nil
        }
        return nil
    }

    /// When a process began, in seconds since 1970; nil where it is gone.
    static func startTime(of process: Int32) -> Double? {
        guard process > 0, let text = read("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else {
            return nil
        }
        // Field 22, counted from the state, which is the third and follows the name in parentheses.
        let fields = text[end...].dropFirst().split(separator: " ")
        guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
        var sinceBoot = timespec()
        clock_gettime(CLOCK_BOOTTIME, &sinceBoot)
        let age = Double(sinceBoot.tv_sec) - ticks / Double(sysconf(CInt(_SC_CLK_TCK)))
        return wallClock - age
    }

    /// Of the daemon itself.
    static var ownProcessID: Int32 { getpid() }

    /// Seconds since 1970.
    static var wallClock: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The kernel's release, e.g. `6.1.0-18-amd64`.
    static var kernelRelease: String {
        read("/proc/sys/kernel/osrelease")?.split(separator: "\n").first.map(String.init) ?? "unknown"
    }

    private static func read(_ path: String) -> String? {
        guard let file = try? OwnedDescriptor.open(path, O_RDONLY) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = Glibc.read(file.rawValue, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}
