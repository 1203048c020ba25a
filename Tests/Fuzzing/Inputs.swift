// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Inputs on disk.
enum Inputs {
    /// Where committed ones lie, a folder for each target.
    static let folder =
        #filePath.split(separator: "/").dropLast(2).reduce(into: "") { $0 += "/" + $1 }
        + "/Fixtures/fuzzing"

    /// The files of a folder by name, those in folders of it left out; nil where it cannot be read.
    static func names(in folder: String) -> [String]? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if entry.pointee.d_type == DT_REG { names.append(name) }
        }
        return names.sorted()
    }

    /// The bytes of a file; nil where it cannot be read.
    static func bytes(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var result: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&part, 1, part.count, file)
            guard count > 0 else { return result }
            result += part.prefix(count)
        }
    }

    /// The committed inputs of a target.
    static func seeds(of target: FuzzTarget) -> [[UInt8]] {
        let folder = "\(Self.folder)/\(target.name)"
        return (names(in: folder) ?? []).compactMap { bytes(of: "\(folder)/\($0)") }
    }
}
