// SPDX-License-Identifier: Apache-2.0

/// Who may import whom.
enum ImportRules {
    /// Every folder under `Sources` is a room of the table, and every target of the manifest too.
    static func unknownRooms(_ files: [SourceFile], _ manifest: PackageManifest) -> [Violation] {
        let folders = Set(files.compactMap(\.room))
        return folders.union(manifest.dependencies.keys).subtracting(LayerTable.byName.keys).sorted()
            .map { Violation($0, "is no room of the layer table; put its code into one, or extend the plan") }
    }

    /// A file imports only rooms of lower layers, the packages its room may use, and the system's modules.
    static func wrongImports(_ files: [SourceFile]) -> [Violation] {
        swiftFiles(files).flatMap { file, room in
            ImportLine.modules(in: file).sorted().compactMap { wrongImport($0, of: room, in: file) }
        }
    }

    private static func wrongImport(_ module: String, of room: Room, in file: SourceFile) -> Violation? {
        if LayerTable.systemModules.contains(module) { return nil }
        if let other = LayerTable.byName[module] {
            guard other.layer >= room.layer else { return nil }
            return Violation(
                file.path, "layer \(room.layer) imports \(module) of layer \(other.layer); imports point downwards only"
            )
        }
        guard let package = LayerTable.packageOfModule[module] else {
            return Violation(file.path, "imports \(module), a module that the layer table does not know")
        }
        return room.packages.contains(package)
            ? nil : Violation(file.path, "imports \(module) of \(package), which \(room.name) may not use")
    }

    /// The manifest gives no target a dependency that its layer forbids.
    static func wrongDependencies(_ manifest: PackageManifest) -> [Violation] {
        manifest.dependencies.sorted { $0.key < $1.key }.flatMap { name, dependencies in
            dependencies.sorted().compactMap { dependency -> Violation? in
                guard let room = LayerTable.byName[name] else { return nil }
                if let other = LayerTable.byName[dependency] {
                    return other.layer < room.layer
                        ? nil : Violation("Package.swift", "\(name) depends on \(dependency), which is not below it")
                }
                return room.packages.contains(dependency)
                    ? nil : Violation("Package.swift", "\(name) may not depend on the package \(dependency)")
            }
        }
    }

    /// Every room and package that a room's files import is a declared dependency of its target: otherwise a build of
    /// that target alone depends on luck.
    static func undeclaredImports(_ files: [SourceFile], _ manifest: PackageManifest) -> [Violation] {
        swiftFiles(files).flatMap { file, room -> [Violation] in
            let declared = manifest.reach(of: room.name)
            return ImportLine.modules(in: file).sorted().compactMap { module in
                guard LayerTable.byName[module] != nil, !declared.contains(module) else { return nil }
                return Violation(file.path, "imports \(module), which its target does not reach in Package.swift")
            }
        }
    }

    /// A library of the system is a dependency of the one room that speaks for it.
    static func foreignUsers(_ manifest: PackageManifest) -> [Violation] {
        manifest.dependencies.sorted { $0.key < $1.key }.flatMap { name, dependencies in
            dependencies.sorted().compactMap { library -> Violation? in
                guard let user = LayerTable.soleUsers[library], user != name else { return nil }
                return Violation("Package.swift", "\(name) depends on \(library), which only \(user) may use")
            }
        }
    }

    /// Programs that fork reach nothing with threads and no libsystemd; daemons reach nothing that reads checkpoints.
    static func forbiddenReach(_ manifest: PackageManifest) -> [Violation] {
        reach(of: LayerTable.synchronousPrograms, LayerTable.notForSynchronousPrograms, manifest)
            + reach(of: LayerTable.daemons, Set(LayerTable.roomsOfCheckpoints), manifest)
    }

    private static func reach(
        of programs: [String], _ forbidden: Set<String>, _ manifest: PackageManifest
    ) -> [Violation] {
        programs.flatMap { program in
            manifest.reach(of: program).intersection(forbidden).sorted()
                .map { Violation("Package.swift", "\(program) reaches \($0)") }
        }
    }

    /// Swift files of rooms that the table knows.
    private static func swiftFiles(_ files: [SourceFile]) -> [(SourceFile, Room)] {
        files.compactMap { file in
            guard file.isSwift, let name = file.room, let room = LayerTable.byName[name] else { return nil }
            return (file, room)
        }
    }
}
