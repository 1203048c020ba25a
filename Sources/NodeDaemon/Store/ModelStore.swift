// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Glibc
package import LinuxKernel
package import Logging
package import Messages
package import ServingModel
internal import Synchronization
internal import SystemdIntegration

/// The node's models on disk: artefacts by content, names pointing at them.
///
/// `blobs/DIGEST.artefact` (0444, never modified) holds content, `names/NAME.json` a `ModelSummary`. Everything is
/// written beside its place, fsynced and renamed, so that a crash leaves either all or nothing of it; what it leaves
/// beside is removed at the next start.
package final class ModelStore: Sendable {
    private let blobs: String
    private let names: String
    private let logger: Logger
    private let models: Mutex<[ModelName: ModelSummary]>

    /// How files that are being written are called.
    private static let unfinishedPrefix = ".unfinished-"

    /// Opens (or makes) the store in `directory` and reads what is there.
    package init(directory: String, logger: Logger) throws(NodeDaemonError) {
        blobs = directory + "/blobs"
        names = directory + "/names"
        self.logger = logger
        for path in [blobs, names] { try NodeDaemonError.preparing(path, mode: 0o750) }
        do throws(SystemCallError) {
            let scan = try StoreScan(blobs: blobs, names: names, unfinishedPrefix: Self.unfinishedPrefix)
            for junk in scan.ignored { logger.warning("ignored in the model store", metadata: ["file": "\(junk)"]) }
            for path in scan.leftovers {
                unlink(path)
                logger.info("removed a leftover of a crash", metadata: ["file": "\(path)"])
            }
            models = Mutex(scan.models)
        } catch {
            throw .storeUnusable(path: directory, reason: "\(error)")
        }
    }

    /// All models, by name.
    package var all: [ModelSummary] {
        models.withLock { $0.values.sorted { $0.name.text < $1.name.text } }
    }

    package subscript(name: ModelName) -> ModelSummary? {
        models.withLock { $0[name] }
    }

    /// Where unfinished files may be made: on the file system of the artefacts.
    var workDirectory: String { blobs }

    /// A read-only descriptor of an artefact, for a template.
    package func openArtefact(digest: String) throws(SystemCallError) -> OwnedDescriptor {
        try OwnedDescriptor.open(path(ofBlob: digest), O_RDONLY | O_NOFOLLOW)
    }

    /// A fresh file that an artefact is written to; `publish` or `discard` ends it.
    func makeUnfinished() throws(SystemCallError) -> UnfinishedFile {
        let number = UInt64.random(in: .min ... .max)
        return try UnfinishedFile(path: "\(blobs)/\(Self.unfinishedPrefix)\(String(number, radix: 16))")
    }

    /// Takes a written artefact in under `name`, replacing what had the name before. `describe` makes the summary from
    /// digest and size. Equal content is kept once; where the kept file is not what its name says any more, the fresh
    /// one takes its place, and processes that have the damaged one mapped keep that.
    func publish(
        _ file: borrowing UnfinishedFile, describe: (_ digest: String, _ byteCount: Int) -> ModelSummary
    ) throws(SystemCallError) -> PublishedModel {
        try systemCall("fchmod", file.path) { fchmod(file.descriptor.rawValue, 0o444) }
        try systemCall("fsync", file.path) { fsync(file.descriptor.rawValue) }
        let summary = describe(
            try ContentDigest.ofFile(file.descriptor.rawValue), try file.descriptor.fileSize())
        let place = path(ofBlob: summary.digest)
        let isPresent = access(place, F_OK) == 0
        let isRepair = isPresent && !FileComparison.isEqual(file.descriptor, place)
        if !isPresent || isRepair {
            if isRepair {
                logger.warning(
                    "replaced a damaged artefact",
                    metadata: .about([.model: summary.name], kind: .artefactDamaged, ["file": "\(place)"]))
            }
            try systemCall("rename", place) { rename(file.path, place) }
            try DirectoryPath.synchronize(blobs)
        }
        return try name(summary, isRepair: isRepair)
    }

    /// Gives an artefact that is in the store one more name, or the same one again.
    func adopt(_ summary: ModelSummary) throws(SystemCallError) -> PublishedModel {
        let model = try name(summary, isRepair: false)
        // The last other name of it may have been removed meanwhile, and the artefact with it.
        guard access(path(ofBlob: summary.digest), F_OK) == 0 else {
            _ = try remove(summary.name)
            throw SystemCallError("open", path(ofBlob: summary.digest), code: ENOENT)
        }
        return model
    }

    private func name(_ summary: ModelSummary, isRepair: Bool) throws(SystemCallError) -> PublishedModel {
        try write(summary)
        let replaced = models.withLock { models in
            defer { models[summary.name] = summary }
            return models[summary.name]
        }
        logger.notice(
            "a model was added",
            metadata: .about([.model: summary.name], kind: .modelAdded, ["digest": "\(summary.digest)"]))
        if let replaced, replaced.digest != summary.digest { removeUnusedBlob(replaced.digest) }
        return PublishedModel(summary: summary, isRepair: isRepair)
    }

    /// Removes a name, and the artefact with its last one; what was removed, nil where there is no such model.
    /// Processes that have the artefact mapped keep it.
    package func remove(_ name: ModelName) throws(SystemCallError) -> ModelSummary? {
        guard let summary = models.withLock({ $0[name] }) else { return nil }
        try systemCall("unlink", path(ofName: name)) { unlink(path(ofName: name)) }
        try DirectoryPath.synchronize(names)
        models.withLock { $0[name] = nil }
        logger.notice("a model was removed", metadata: .about([.model: name], kind: .modelRemoved))
        removeUnusedBlob(summary.digest)
        return summary
    }

    private func removeUnusedBlob(_ digest: String) {
        let isUsed = models.withLock { $0.values.contains { $0.digest == digest } }
        if !isUsed { unlink(path(ofBlob: digest)) }
    }

    private func write(_ summary: ModelSummary) throws(SystemCallError) {
        let place = path(ofName: summary.name)
        let unfinished = names + "/" + Self.unfinishedPrefix + StoreScan.fileName(of: summary.name)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        guard let data = try? encoder.encode(summary) else {
            throw SystemCallError("encode", "the summary of \(summary.name)", code: EINVAL)
        }
        try WholeFile.replace(place, through: unfinished, Array(data))
    }

    private func path(ofBlob digest: String) -> String { "\(blobs)/\(digest)\(StoreScan.blobSuffix)" }
    private func path(ofName name: ModelName) -> String { "\(names)/\(StoreScan.fileName(of: name))" }
}

/// A model that has got its place in the store.
struct PublishedModel: Hashable, Sendable {
    let summary: ModelSummary
    /// The kept file of its content was damaged and has been replaced: whoever has it mapped serves what it is not.
    let isRepair: Bool
}

/// A file of the store that is being written; removed with the value unless it was renamed into its place.
struct UnfinishedFile: ~Copyable {
    let path: String
    let descriptor: OwnedDescriptor

    fileprivate init(path: String) throws(SystemCallError) {
        self.descriptor = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        self.path = path
    }

    deinit {
        // Gone already where it was renamed.
        unlink(path)
    }
}

extension OwnedDescriptor {
    /// Writes all of `bytes`, waiting where the other side is slow.
    func writeAll(_ bytes: [UInt8]) throws(SystemCallError) {
        let result = bytes.withUnsafeBytes { buffer -> SystemCallError? in
            do throws(SystemCallError) {
                try writeAll(buffer)
                return nil
            } catch {
                return error
            }
        }
        if let result { throw result }
    }
}
