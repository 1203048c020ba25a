// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("Imports point downwards")
struct ImportRulesTests {
    private let files: [SourceFile]
    private let manifest: PackageManifest

    init() throws {
        files = try SourceTree.files()
        manifest = PackageManifest(try SourceTree.manifest().text)
    }

    @Test("Every folder and every target is a room of the layer table")
    func rooms() {
        #expect(files.count > 50)
        #expect(manifest.dependencies.count > 20)
        expectNone(ImportRules.unknownRooms(files, manifest))
    }

    @Test("Every file imports only lower layers and the packages of its room")
    func imports() {
        expectNone(ImportRules.wrongImports(files))
    }

    @Test("Every dependency of the manifest points downwards")
    func dependencies() {
        expectNone(ImportRules.wrongDependencies(manifest))
    }

    @Test("Every room that a file imports is a declared dependency")
    func declared() {
        expectNone(ImportRules.undeclaredImports(files, manifest))
    }

    @Test("Each library of the system has one user")
    func soleUsers() {
        expectNone(ImportRules.foreignUsers(manifest))
    }

    @Test("A second user of libsystemd is found, and a keeper that reaches it")
    func findsLibsystemd() {
        let text = """
            .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd"),
            room("SystemdIntegration", ["CSystemd"]),
            room("Gateway", ["CSystemd"]),
            room("Keeper", ["SystemdIntegration"]),
            program("deepflow-keeper", ["Keeper"]),
            """
        #expect(
            ImportRules.foreignUsers(PackageManifest(text)).map(\.what) == [
                "Gateway depends on CSystemd, which only SystemdIntegration may use"
            ])
        #expect(ImportRules.forbiddenReach(PackageManifest(text)).map(\.what) == ["deepflow-keeper reaches CSystemd"])
    }

    @Test("Programs that fork reach no threads and no libsystemd, daemons reach no checkpoint code")
    func reach() {
        expectNone(ImportRules.forbiddenReach(manifest))
    }

    @Test("A folder that the table does not know is found")
    func findsUnknownRoom() {
        let stranger = SourceFile(path: "Sources/Utilities/A.swift", text: "")
        #expect(ImportRules.unknownRooms([stranger], PackageManifest("")).count == 1)
    }

    @Test(
        "An import upwards, beside, of a foreign package or of an unknown module is found",
        arguments: [
            ("Artefacts", "package import Messages"), ("FlowServe", "import Packing"),
            ("Policies", "internal import NIOCore"), ("Sandbox", "import SystemPackage"),
            ("Keeper", "@preconcurrency import struct Nobody.Thing"),
        ])
    func findsWrongImport(room: String, line: String) {
        let file = SourceFile(path: "Sources/\(room)/A.swift", text: "// import Glibc\n\(line)\n")
        #expect(ImportRules.wrongImports([file]).count == 1)
    }

    @Test("Allowed imports are not reported")
    func allowsDownwards() {
        let text = "import Glibc\npackage import ServingModel\nimport struct NIOCore.ByteBuffer\n// import Gateway\n"
        #expect(ImportRules.wrongImports([SourceFile(path: "Sources/NodeDaemon/A.swift", text: text)]).isEmpty)
    }

    @Test("A manifest is read with constants, products and comments, and its wrong edges are found")
    func findsWrongDependency() {
        let text = """
            let nio = "swift-nio"
            let nioCore: Target.Dependency = .product(name: "NIOCore", package: nio)
            room("Policies", ["ServingModel", nioCore]),
            // room("Ghost", ["Gateway"]),
            .target(name: "TestSupport", dependencies: ["Artefacts"], path: "Tests/TestSupport"),
            room("FlowServe", ["Messages", .product(name: "GRDB", package: "GRDB.swift")]),
            room("Messages", ["ServingModel", "Gateway"]),
            program("flowserve", ["FlowServe"]),
            program("deepflow-noded", ["NodeDaemon"]),
            room("NodeDaemon", ["Tokenization"]),
            """
        let manifest = PackageManifest(text)
        #expect(manifest.dependencies["Ghost"] == nil)
        #expect(manifest.dependencies["TestSupport"] == nil)
        #expect(manifest.dependencies["Policies"] == ["ServingModel", "swift-nio"])
        #expect(ImportRules.wrongDependencies(manifest).count == 3)
        #expect(
            ImportRules.forbiddenReach(manifest).map(\.what) == [
                "flowserve reaches GRDB.swift", "deepflow-noded reaches Tokenization",
            ])
    }

    @Test("An import without a declared dependency is found")
    func findsUndeclared() {
        let file = SourceFile(path: "Sources/KVCache/A.swift", text: "import ServingModel\n")
        #expect(ImportRules.undeclaredImports([file], PackageManifest("room(\"KVCache\"),")).count == 1)
        let declared = PackageManifest("room(\"KVCache\", [\"ServingModel\"]),")
        #expect(ImportRules.undeclaredImports([file], declared).isEmpty)
    }
}
