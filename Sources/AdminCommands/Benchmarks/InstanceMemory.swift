// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// One instance of a scaled model and what it takes.
struct InstanceMemory: Hashable, Sendable, Codable {
    let id: InstanceID
    let processID: Int32
    /// From the order to its first answer.
    let startMilliseconds: Double?
    /// Pages that are its own, before its first task.
    let privateBytes: Int?
    /// Its proportional share of all pages that it maps; nil unless run as root.
    let shareBytes: Int?
    var tasksServed: Int?
    var privateBytesAfterTasks: Int?

    enum CodingKeys: String, CodingKey {
        case id
        case processID = "process_id"
        case startMilliseconds = "start_ms"
        case privateBytes = "private_bytes"
        case shareBytes = "pss_bytes"
        case tasksServed = "tasks_served"
        case privateBytesAfterTasks = "private_bytes_after_tasks"
    }

    /// A row for each instance, measured now.
    static func of(_ instances: [InstanceSummary]) -> [InstanceMemory] {
        instances.map { instance in
            InstanceMemory(
                id: instance.id, processID: instance.processID,
                startMilliseconds: instance.startMicroseconds.map { Double($0) / 1000 },
                privateBytes: privateBytes(of: instance.processID) ?? anonymousBytes(of: instance.processID),
                shareBytes: fields(of: instance.processID)?["Pss"])
        }
    }

    /// The share of all these processes together; nil where one cannot be read.
    static func totalShare(_ processes: [Int32]) -> Int? {
        var total = 0
        for process in processes {
            guard let share = fields(of: process)?["Pss"] else { return nil }
            total += share
        }
        return total
    }

    /// Clean and dirty pages that no other process maps; nil unless run as root.
    static func privateBytes(of process: Int32) -> Int? {
        guard let fields = fields(of: process), let clean = fields["Private_Clean"], let dirty = fields["Private_Dirty"]
        else { return nil }
        return clean + dirty
    }

    private static func anonymousBytes(of process: Int32) -> Int? {
        lines("/proc/\(process)/status")["RssAnon"]
    }

    private static func fields(of process: Int32) -> [String: Int]? {
        let fields = lines("/proc/\(process)/smaps_rollup")
        return fields["Pss"] == nil ? nil : fields
    }

    /// `Name:  12 kB` lines, in bytes.
    private static func lines(_ path: String) -> [String: Int] {
        guard let file = try? OwnedDescriptor.open(path, O_RDONLY) else { return [:] }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = read(file.rawValue, &bytes, bytes.count)
        var values: [String: Int] = [:]
        for line in String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }
            guard words.count == 3, words[2] == "kB", let value = Int(words[1]) else { continue }
            values[String(words[0].dropLast())] = value * 1024
        }
        return values
    }
}
