// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What lies in a model store's directories when a daemon starts: nothing of it is trusted to be whole.
struct StoreScan {
    static let blobSuffix = ".artefact"
    private static let nameSuffix = ".json"
    /// Far above any summary.
    private static let manifestLimit = 65_536

    /// The models whose manifest and artefact are both there.
    private(set) var models: [ModelName: ModelSummary] = [:]
    /// Files that are no part of a store, or manifests without their artefact: left alone, with the reason.
    private(set) var ignored: [String] = []
    /// Files of writers that did not finish, and artefacts without a name.
    private(set) var leftovers: [String] = []

    init(blobs: String, names: String, unfinishedPrefix: String) throws(SystemCallError) {
        var sizes: [String: Int] = [:]
        for file in try DirectoryPath.files(in: blobs) {
            if file.hasPrefix(unfinishedPrefix) {
                leftovers.append(blobs + "/" + file)
            } else if let digest = Self.digest(ofFile: file), let size = Self.size(of: blobs + "/" + file) {
                sizes[digest] = size
            } else {
                ignored.append("\(blobs)/\(file): no artefact of this store")
            }
        }
        var hasUnreadable = false
        for file in try DirectoryPath.files(in: names) {
            if file.hasPrefix(unfinishedPrefix) {
                leftovers.append(names + "/" + file)
            } else {
                hasUnreadable = !read(file, in: names, sizes) || hasUnreadable
            }
        }
        // A manifest that cannot be read may name any artefact: then none is taken for nameless.
        guard !hasUnreadable else { return }
        let named = Set(models.values.map(\.digest))
        for digest in sizes.keys.sorted() where !named.contains(digest) {
            leftovers.append("\(blobs)/\(digest)\(Self.blobSuffix)")
        }
    }

    /// The manifest of a model: its name, with `+` (which names do not have) in place of `/`.
    static func fileName(of name: ModelName) -> String {
        name.text.replacing("/", with: "+") + nameSuffix
    }

    private static func digest(ofFile file: String) -> String? {
        guard file.hasSuffix(blobSuffix) else { return nil }
        let digest = file.dropLast(blobSuffix.count)
        return ContentDigest.isValid(digest) ? String(digest) : nil
    }

    private static func size(of path: String) -> Int? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Reads one manifest; false where it is none or its artefact is not there as it says.
    private mutating func read(_ file: String, in names: String, _ sizes: [String: Int]) -> Bool {
        let path = names + "/" + file
        guard let bytes = Self.content(of: path),
            let summary = try? JSONDecoder().decode(ModelSummary.self, from: bytes)
        else {
            ignored.append("\(path): no manifest of a model")
            return false
        }
        guard Self.fileName(of: summary.name) == file, sizes[summary.digest] == summary.byteCount else {
            ignored.append("\(path): its artefact is missing or has another size")
            return false
        }
        models[summary.name] = summary
        return true
    }

    private static func content(of path: String) -> Data? {
        guard let size = size(of: path), size > 0, size <= manifestLimit,
            let file = try? OwnedDescriptor.open(path, O_RDONLY | O_NOFOLLOW)
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = Glibc.read(file.rawValue, &bytes, size)
        return count == size ? Data(bytes) : nil
    }
}
