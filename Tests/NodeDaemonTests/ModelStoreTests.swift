// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import Messages
import ServingModel
import Testing

@testable import NodeDaemon

@Suite struct ModelStoreTests {
    private let directory: ScratchDirectory
    private let guide = ModelName.example("deepflow-guide")

    init() throws { directory = try ScratchDirectory() }

    private func open() throws -> ModelStore {
        try ModelStore(directory: directory.path, logger: .silent)
    }

    private func add(_ text: String, as name: ModelName, to store: ModelStore) throws -> ModelSummary {
        let file = try store.makeUnfinished()
        try file.descriptor.writeAll(Array(text.utf8))
        return try store.publish(file) { .example(name, digest: $0, byteCount: $1) }.summary
    }

    private func publish(_ text: String, to store: ModelStore) throws -> PublishedModel {
        let file = try store.makeUnfinished()
        try file.descriptor.writeAll(Array(text.utf8))
        return try store.publish(file) { .example(guide, digest: $0, byteCount: $1) }
    }

    private func files(_ folder: String) throws -> [String] {
        try DirectoryPath.files(in: directory.path + "/" + folder)
    }

    @Test("a model that was added is there for the next daemon, read-only and under its content's name")
    func persistence() throws {
        let added = try add("weights", as: guide, to: open())
        #expect(try open().all == [added])
        let blob = "\(directory.path)/blobs/\(added.digest).artefact"
        var status = stat()
        #expect(stat(blob, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o444)
        let artefact = try open().openArtefact(digest: added.digest)
        let digest = try ContentDigest.ofFile(artefact.rawValue)
        #expect(digest == added.digest)
    }

    @Test("names with slashes and colons are files without folders")
    func escapedNames() throws {
        let name = ModelName.example("org/model:7b-q8_0")
        let added = try add("weights", as: name, to: open())
        #expect(try files("names") == ["org+model:7b-q8_0.json"])
        #expect(try open()[name] == added)
    }

    @Test("equal content under two names is kept once, and goes with the last of them")
    func duplicates() throws {
        let store = try open()
        let first = try add("same", as: guide, to: store)
        let second = try add("same", as: ModelName.example("other"), to: store)
        #expect(first.digest == second.digest)
        #expect(try files("blobs").count == 1)
        #expect(try store.remove(guide) == first)
        #expect(try files("blobs").count == 1)
        #expect(try store.remove(second.name) == second)
        #expect(try files("blobs").isEmpty)
        #expect(try store.remove(guide) == nil)
    }

    @Test("a name that is used again points at the new content, and the old content goes")
    func replacement() throws {
        let store = try open()
        _ = try add("old", as: guide, to: store)
        let new = try add("new", as: guide, to: store)
        #expect(store.all == [new])
        #expect(try files("blobs") == ["\(new.digest).artefact"])
        #expect(try open().all == [new])
    }

    @Test(
        "adding a model again mends its damaged artefact; who has the damaged one open keeps that",
        arguments: ["", "HEAD and weights", "head and", "head and w3ights", "head and weights and more"])
    func repair(_ damaged: String) throws {
        let store = try open()
        let whole = "head and weights"
        let added = try add(whole, as: guide, to: store)
        let other = try add(whole, as: ModelName.example("other"), to: store)
        let blob = "blobs/\(added.digest).artefact"
        chmod(directory.path + "/" + blob, 0o644)
        try directory.write(damaged, to: blob)
        let mapped = try store.openArtefact(digest: added.digest)
        let published = try publish(whole, to: store)
        #expect(published.summary == added)
        #expect(published.isRepair)
        let repaired = try store.openArtefact(digest: added.digest)
        let fresh = try ContentDigest.ofFile(repaired.rawValue)
        #expect(fresh == added.digest)
        let old = try mapped.fileSize()
        #expect(old == damaged.utf8.count)
        #expect(try files("blobs") == ["\(added.digest).artefact"])
        #expect(try open().all == [added, other])
    }

    @Test("adding a model again whose artefact is whole keeps the file that is mapped")
    func unchanged() throws {
        let store = try open()
        let added = try add("weights", as: guide, to: store)
        let mapped = try store.openArtefact(digest: added.digest)
        #expect(try !publish("weights", to: store).isRepair)
        let now = try store.openArtefact(digest: added.digest)
        var before = stat()
        var after = stat()
        #expect(fstat(mapped.rawValue, &before) == 0 && fstat(now.rawValue, &after) == 0)
        #expect(before.st_ino == after.st_ino)
        let other = try publish("other", to: store)
        #expect(!other.isRepair)
        #expect(other.summary.digest != added.digest)
    }

    @Test("an artefact that is not published leaves nothing")
    func abandoned() throws {
        let store = try open()
        do {
            let file = try store.makeUnfinished()
            try file.descriptor.writeAll(Array("half".utf8))
            #expect(try files("blobs").count == 1)
        }
        #expect(try files("blobs").isEmpty)
    }

    @Test("what a crash left is removed at the next start: unfinished files and artefacts without a name")
    func crashLeftovers() throws {
        let kept = try add("weights", as: guide, to: open())
        try directory.write("half", to: "blobs/.unfinished-1234")
        try directory.write("{", to: "names/.unfinished-x.json")
        let orphan = "blobs/\(String(repeating: "0", count: 64)).artefact"
        try directory.write("published, then the power went", to: orphan)
        #expect(try open().all == [kept])
        #expect(!directory.exists(orphan))
        #expect(try files("blobs") == ["\(kept.digest).artefact"])
        #expect(try files("names") == ["deepflow-guide.json"])
    }

    @Test(
        "a manifest that cannot be trusted is ignored, and so is every file that is none",
        arguments: ["", "{", "null", "[1,2]", "{\"name\":\"../x\"}", String(repeating: "x", count: 100_000)])
    func corruptManifest(_ text: String) throws {
        let kept = try add("weights", as: guide, to: open())
        try directory.write(text, to: "names/broken.json")
        try directory.write("note", to: "names/README")
        try directory.write("note", to: "blobs/README")
        let orphan = "blobs/\(String(repeating: "1", count: 64)).artefact"
        try directory.write("maybe the broken one's", to: orphan)
        #expect(try open().all == [kept])
        #expect(directory.exists(orphan), "its manifest may be the one that is broken")
    }

    @Test("a model whose artefact is missing, cut short or a link is not offered")
    func damagedArtefact() throws {
        let added = try add("weights", as: guide, to: open())
        let blob = "blobs/\(added.digest).artefact"
        unlink(directory.path + "/" + blob)
        #expect(try open().all.isEmpty)
        try directory.write("short", to: blob)
        #expect(try open().all.isEmpty)
        unlink(directory.path + "/" + blob)
        symlink("/etc/hostname", directory.path + "/" + blob)
        #expect(try open().all.isEmpty)
    }

    @Test("a manifest under another model's file name is not offered")
    func renamedManifest() throws {
        _ = try add("weights", as: guide, to: open())
        rename(directory.path + "/names/deepflow-guide.json", directory.path + "/names/other.json")
        #expect(try open().all.isEmpty)
    }

    @Test("a directory that cannot be made is an error that names it")
    func unusable() throws {
        try directory.write("a file", to: "plain")
        #expect(throws: NodeDaemonError.self) {
            try ModelStore(directory: directory.path + "/plain/models", logger: .silent)
        }
    }
}
