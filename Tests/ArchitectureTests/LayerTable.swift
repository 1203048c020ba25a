// SPDX-License-Identifier: Apache-2.0

/// One target of the architecture: its layer, and which outside packages it may use.
struct Room: Sendable {
    /// Name of the target and of its folder under `Sources`.
    let name: String
    /// Imports only point to a lower number.
    let layer: Int
    /// Identities of the packages whose modules it may import.
    let packages: Set<String>

    init(_ name: String, layer: Int, packages: Set<String> = []) {
        self.name = name
        self.layer = layer
        self.packages = packages
    }
}

/// The plan of the source tree, also of the rooms that nobody has built yet.
enum LayerTable {
    private static let values: Set<String> = ["swift-collections", "swift-system"]
    private static let service: Set<String> = values.union([
        "swift-nio", "swift-nio-extras", "swift-log", "swift-metrics", "swift-distributed-tracing",
        "swift-service-lifecycle",
        "swift-http-types",
    ])
    private static let daemon: Set<String> = service.union(["swift-crypto"])
    private static let program: Set<String> = ["swift-argument-parser", "swift-log", "swift-service-lifecycle"]

    /// Every target, lowest layer first.
    static let rooms: [Room] =
        layer(0, ["CLinux", "CFlowKernels", "CContentDigest", "CSystemd", "CSeccomp", "CCapability"], [])
        + layer(0, ["ServingModel", "JSONReading"], values)
        + layer(1, ["LinuxKernel", "Artefacts", "Checkpoints", "Tokenization", "ChatTemplates"], values)
        + layer(1, ["DaemonSettings", "ConstrainedDecoding", "KVCache", "Policies", "OpenAIAPI"], values)
        + layer(2, ["Sandbox"], [])
        + layer(2, ["SystemdIntegration"], service)
        + layer(2, ["Messages", "LanguageModels"], values)
        + layer(3, ["Packing", "FlowServe", "PostTraining"], values)
        + layer(3, ["SettingFiles"], service.union(["Yams"]))
        + layer(3, ["UnixHTTP"], service.union(["hummingbird"]))
        + layer(4, ["TemplateProcess", "Keeper"], values)
        + layer(4, ["NodeDaemon"], daemon.union(["hummingbird"]))
        + layer(4, ["ClusterScheduler"], daemon.union(["GRDB.swift", "hdrhistogram-swift"]))
        + layer(4, ["Simulation"], values.union(["swift-argument-parser", "hdrhistogram-swift"]))
        + layer(5, ["Gateway"], daemon.union(["hummingbird", "hdrhistogram-swift"]))
        + layer(5, ["AdminCommands"], service.union(["swift-argument-parser", "TextTable", "hdrhistogram-swift"]))
        + layer(6, ["deepflow", "deepflow-schedulerd", "deepflow-noded"], program)
        + layer(6, ["deepflow-keeper", "flowserve"], [])

    /// The rooms by their names.
    static let byName = Dictionary(uniqueKeysWithValues: rooms.map { ($0.name, $0) })

    /// The programs: the rooms of the highest layer.
    static let executables = rooms.filter { $0.layer == 6 }.map(\.name)

    /// Programs that fork or are forked: nothing in them may start a thread by itself.
    static let synchronousPrograms = ["flowserve", "deepflow-keeper"]

    /// Programs that must never hold code which reads a checkpoint.
    static let daemons = ["deepflow-schedulerd", "deepflow-noded"]

    /// What synchronous programs must not reach: packages that start threads, and a library that reads and decompresses
    /// what others wrote.
    static let notForSynchronousPrograms: Set<String> = [
        "swift-nio", "hummingbird", "GRDB.swift", "swift-service-lifecycle", "swift-log", "swift-argument-parser",
        "Yams",
        "CSystemd",
    ]

    /// What daemons must not reach: everything that touches bytes of a checkpoint.
    static let roomsOfCheckpoints = ["Checkpoints", "Tokenization", "ChatTemplates", "LanguageModels", "FlowServe"]

    /// Libraries of the system that one room alone may use, so that there is one place which knows their calls.
    static let soleUsers = ["CSystemd": "SystemdIntegration", "CSeccomp": "Sandbox", "CCapability": "Sandbox"]

    /// The package that each outside module comes from.
    static let packageOfModule: [String: String] = [
        "NIO": "swift-nio", "NIOCore": "swift-nio", "NIOPosix": "swift-nio", "NIOHTTP1": "swift-nio",
        "NIOEmbedded": "swift-nio", "NIOConcurrencyHelpers": "swift-nio", "NIOFoundationCompat": "swift-nio",
        "NIOHTTPTypes": "swift-nio-extras", "NIOHTTPTypesHTTP1": "swift-nio-extras",
        "Hummingbird": "hummingbird", "HummingbirdCore": "hummingbird", "HummingbirdTesting": "hummingbird",
        "HTTPTypes": "swift-http-types", "ServiceLifecycle": "swift-service-lifecycle",
        "UnixSignals": "swift-service-lifecycle", "Logging": "swift-log", "Metrics": "swift-metrics",
        "CoreMetrics": "swift-metrics", "Tracing": "swift-distributed-tracing",
        "Instrumentation": "swift-distributed-tracing", "Yams": "Yams",
        "GRDB": "GRDB.swift", "Collections": "swift-collections", "DequeModule": "swift-collections",
        "OrderedCollections": "swift-collections", "HeapModule": "swift-collections",
        "BitCollections": "swift-collections", "SystemPackage": "swift-system", "Crypto": "swift-crypto",
        "Histogram": "hdrhistogram-swift", "TextTable": "TextTable", "ArgumentParser": "swift-argument-parser",
    ]

    /// Modules of the toolchain and the C library.
    static let systemModules: Set<String> = [
        "Swift", "Glibc", "Foundation", "FoundationEssentials", "Dispatch", "Synchronization", "Testing",
        "PackageDescription",
    ]

    private static func layer(_ number: Int, _ names: [String], _ packages: Set<String>) -> [Room] {
        names.map { Room($0, layer: number, packages: packages) }
    }
}
