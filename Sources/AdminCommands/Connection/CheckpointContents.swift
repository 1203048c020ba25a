// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Glibc
internal import LinuxKernel

/// The files of the model that a path names: one GGUF file, all parts of a split one, or a folder of Hugging Face.
struct CheckpointContents: Hashable, Sendable {
    /// Where the files lie.
    let folder: String
    /// Their names, or paths from there, in the order in which they are sent.
    let files: [String]
    /// Whether they are sent as a bundle; a single GGUF file goes as it is.
    let isBundle: Bool
    /// What the model is called where no name is given.
    let name: String

    /// Looks at what `path` is, and for the other parts of a split file beside it.
    ///
    /// - Throws: `failed` for what is no checkpoint, `permission` where the caller may not look.
    init(at path: String) throws(CommandError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw CheckpointFile.explain(errno, path) }
        if status.st_mode & S_IFMT == S_IFDIR {
            try self.init(folder: path)
        } else {
            let slash = path.lastIndex(of: "/")
            let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
            try self.init(file: slash.map { String(path[path.index(after: $0)...]) } ?? path, in: folder, path)
        }
    }

    /// The paths of all files.
    var paths: [String] { files.map { folder + "/" + $0 } }

    /// What they are called on the way: a bundle has no folders.
    var sentNames: [String] {
        files.map { file in String(file.map { $0 == "/" ? "+" : $0 }) }
    }

    private init(folder: String, files: [String], isBundle: Bool, name: String) {
        self.folder = folder
        self.files = files
        self.isBundle = isBundle
        self.name = name
    }

    private init(file: String, in folder: String, _ path: String) throws(CommandError) {
        if file.hasSuffix(".safetensors") || file == "config.json" {
            throw .failed("\(path) is a part of a model in the form of Hugging Face; name its folder, \(folder)")
        }
        guard let part = SplitName(file) else {
            let name = file.hasSuffix(".gguf") ? String(file.dropLast(5)) : file
            self.init(folder: folder, files: [file], isBundle: false, name: name)
            return
        }
        let present = Set(try Self.files(in: folder))
        let missing = part.all.filter { !present.contains($0) }
        guard missing.isEmpty else {
            throw .failed("\(path) is one of \(part.count) files, and \(missing[0]) is not beside it; fetch it too")
        }
        self.init(folder: folder, files: part.all, isBundle: true, name: part.model)
    }

    private init(folder: String) throws(CommandError) {
        let present = try Self.files(in: folder)
        if present.contains("config.json") {
            let files = try FolderSelection(folder: folder, present: present).files
            self.init(folder: folder, files: files, isBundle: true, name: Self.name(ofFolder: folder))
            return
        }
        // The parts of a split file count as one model.
        let models = Set(present.filter { $0.hasSuffix(".gguf") }.map { SplitName($0)?.all[0] ?? $0 })
        guard let model = models.min() else {
            throw .failed("\(folder) is no model's folder: it has neither config.json nor a .gguf file")
        }
        guard models.count == 1 else {
            throw .failed(
                "\(folder) has \(models.count) models (\(models.sorted().prefix(3).joined(separator: ", "))...); "
                    + "name the one to add")
        }
        try self.init(file: model, in: folder, folder + "/" + model)
    }

    private static func files(in folder: String) throws(CommandError) -> [String] {
        do throws(SystemCallError) {
            return try DirectoryPath.files(in: folder)
        } catch {
            throw CheckpointFile.explain(error.code, folder)
        }
    }

    private static func name(ofFolder path: String) -> String {
        let last = path.split(separator: "/").last.map(String.init)
        guard last == nil || last == "." || last == ".." else { return last ?? path }
        // A folder that is named by where the caller is has its name in the whole path.
        guard let whole = realpath(path, nil) else { return path }
        defer { free(whole) }
        return String(cString: whole).split(separator: "/").last.map(String.init) ?? path
    }
}

/// The name of a part of a split GGUF file: `MODEL-00001-of-00003.gguf`.
struct SplitName: Hashable {
    private static let suffix = ".gguf"
    private static let digits = 5

    /// The name without number and suffix.
    let model: String
    /// Of how many parts it is one.
    let count: Int

    /// Reads a file's name; nil where it is no part of several.
    init?(_ file: String) {
        guard file.hasSuffix(Self.suffix) else { return nil }
        let parts = file.dropLast(Self.suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[parts.count - 2] == "of",
            let count = Self.number(parts[parts.count - 1]), let number = Self.number(parts[parts.count - 3]),
            count > 1, (1...count).contains(number)
        else { return nil }
        model = parts.dropLast(3).joined(separator: "-")
        self.count = count
    }

    /// The names of all parts.
    var all: [String] {
        (1...count).map { "\(model)-\(Self.text($0))-of-\(Self.text(count))\(Self.suffix)" }
    }

    private static func number(_ text: Substring) -> Int? {
        text.utf8.count == digits && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    private static func text(_ number: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
