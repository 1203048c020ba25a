// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// Every Swift target is built the same way: Swift 6 mode, explicit imports, no warning left.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// Kernels run at full speed in debug builds too: the tests push real tokens through them.
/// Contraction is off because every fused multiply-add is written down (batch invariance).
let kernelFlags: [CSetting] = [
    .unsafeFlags(["-O3", "-ffp-contract=off", "-fno-math-errno", "-Werror", "-Wall"])
]

let nio = "swift-nio"
let nioCore: Target.Dependency = .product(name: "NIOCore", package: nio)
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: nio)
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: nio)
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// A library target of one room of the architecture, with its layer's dependencies.
func room(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

/// The test target of a room.
func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies, resources: resources, swiftSettings: strict)
}

/// An executable of under 60 lines over one room.
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "deepflow",
    dependencies: [
        // The command's verbs, options and help texts.
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        // The event loops of the daemons, and NIOHTTP1 for the client between scheduler and nodes.
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        // Requests and responses as values (HummingbirdCore); connections and routes are ours (UnixHTTP). No TLS, no
        // configuration files.
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        // Long-running parts as services with one run(), stopped in order.
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        // Structured logging of the daemons.
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        // The settings' files of the administrator.
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        // SQLite for the records of requests, jobs and tasks.
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    ],
    targets: [
        // Layer 0: the kernel's and the processor's own terms, and values.
        .target(name: "CLinux"),
        .target(name: "CFlowKernels", cSettings: kernelFlags),
        .target(name: "CContentDigest", cSettings: kernelFlags),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(name: "CCapability", pkgConfig: "libcap", providers: [.apt(["libcap-dev"])]),
        room("ServingModel"),
        // A reader for the engine side, which has no Foundation: tokenizer files, tool definitions.
        room("JSONReading"),

        // Layer 1: rooms that know one thing each.
        // Every setting of the daemons, declared once.
        room("DaemonSettings", ["ServingModel"]),
        room("LinuxKernel", ["CLinux"]),
        room("Artefacts", ["ServingModel"]),
        room("Checkpoints", ["JSONReading"]),
        room(
            "Tokenization",
            exclude: ["Unicode/generate-tables.py", "Unicode/generate-forms.py", "Unicode/generate-scripts.py"]),
        room("ChatTemplates", ["JSONReading"]),
        room("KVCache", ["ServingModel"]),
        room("Policies", ["ServingModel"]),
        room("OpenAIAPI", ["ServingModel", "JSONReading"]),

        // Layer 2
        room("Sandbox", ["LinuxKernel", "CLinux", "CSeccomp", "CCapability"]),
        room("SystemdIntegration", ["LinuxKernel", "CSystemd", logging]),
        room("Messages", ["ServingModel", "LinuxKernel", "CContentDigest"]),
        room("LanguageModels", ["CFlowKernels", "ServingModel", "Artefacts"]),

        // Layer 3
        room(
            "Packing",
            [
                "JSONReading", "ServingModel", "Checkpoints", "Tokenization", "ChatTemplates", "Artefacts",
                "LanguageModels", "Sandbox",
                "LinuxKernel", "Messages",
            ]),
        room(
            "FlowServe",
            [
                "CFlowKernels", "ServingModel", "JSONReading", "LinuxKernel", "Artefacts", "Tokenization",
                "ChatTemplates",
                "KVCache", "Messages", "LanguageModels",
            ]),
        room(
            "UnixHTTP",
            [
                "DaemonSettings", "LinuxKernel", "ServingModel", nioCore, nioPosix, nioHTTP1,
                hummingbirdCore, logging,
                lifecycle,
            ]),
        // Not in layer 1 with the declarations: reading YAML takes a package, and a reload takes a service.
        room(
            "SettingFiles",
            [
                "DaemonSettings", "LinuxKernel", "SystemdIntegration", logging, lifecycle, signals,
                .product(name: "Yams", package: "Yams"),
            ]),

        // Layer 4
        room(
            "TemplateProcess",
            ["CLinux", "LinuxKernel", "ServingModel", "Sandbox", "Messages", "Artefacts", "FlowServe"]),
        room("Keeper", ["LinuxKernel", "Sandbox", "Messages", "ServingModel"]),
        room(
            "NodeDaemon",
            [
                "CLinux", "ServingModel", "DaemonSettings", "LinuxKernel", "SystemdIntegration", "Policies", "Messages",
                "SettingFiles", "UnixHTTP", hummingbirdCore, logging, lifecycle, nioCore,
            ]),
        room(
            "ClusterScheduler",
            [
                "ServingModel", "DaemonSettings", "LinuxKernel", "SystemdIntegration", "Policies", "Messages",
                "UnixHTTP", logging,
                lifecycle, nioCore, .product(name: "GRDB", package: "GRDB.swift"),
            ]),

        // Layer 5
        room(
            "Gateway",
            [
                "ServingModel", "DaemonSettings", "OpenAIAPI", "SystemdIntegration", "Messages", "SettingFiles",
                "UnixHTTP", "ClusterScheduler", hummingbirdCore, logging, lifecycle, signals, nioCore,
            ]),
        room(
            "AdminCommands",
            [
                "CFlowKernels", "ServingModel", "DaemonSettings", "LinuxKernel", "Messages", "UnixHTTP", "SettingFiles",
                argumentParser, nioCore,
            ]),

        // Layer 6
        program("deepflow", ["AdminCommands"]),
        program(
            "deepflow-schedulerd",
            ["ServingModel", "DaemonSettings", "SettingFiles", "UnixHTTP", "ClusterScheduler", "Gateway"]),
        program("deepflow-noded", ["ServingModel", "DaemonSettings", "SettingFiles", "UnixHTTP", "NodeDaemon"]),
        program("deepflow-keeper", ["Keeper"]),
        program("flowserve", ["TemplateProcess", "Packing", "ServingModel"]),

        // Tests: one target for each room, then those that cross rooms.
        .target(
            name: "TestSupport",
            dependencies: [
                "Artefacts", "ChatTemplates", "LinuxKernel", "Messages", "Sandbox", "ServingModel", "Tokenization",
            ],
            path: "Tests/TestSupport", swiftSettings: strict),
        tests("Architecture", []),
        tests("ServingModel", ["ServingModel"]),
        tests("CFlowKernels", ["CFlowKernels"]),
        tests("LinuxKernel", ["LinuxKernel", "TestSupport"]),
        tests("Artefacts", ["Artefacts"]),
        tests("Checkpoints", ["Checkpoints", "TestSupport"]),
        tests("Tokenization", ["Tokenization"]),
        tests("JSONReading", ["JSONReading"]),
        tests("ChatTemplates", ["ChatTemplates"]),
        tests(
            "Packing",
            [
                "Packing", "ServingModel", "Checkpoints", "Tokenization", "ChatTemplates", "Artefacts",
                "LanguageModels", "LinuxKernel", "TestSupport", "flowserve",
            ]),
        // Reads hostile inputs until one is not survived.
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "Artefacts", "CLinux", "ChatTemplates", "Checkpoints", "FlowServe", "LanguageModels", "Messages",
                "Packing", "ServingModel", "TestSupport", "Tokenization",
            ], path: "Tests/Fuzzing", swiftSettings: strict),
        tests("Fuzzing", ["LinuxKernel", "TestSupport", "fuzz"]),
        tests("DaemonSettings", ["DaemonSettings", "ServingModel"]),
        tests("SettingFiles", ["SettingFiles", "DaemonSettings", "ServingModel", "TestSupport", logging]),
        tests("KVCache", ["KVCache"]),
        tests("Policies", ["Policies", "ServingModel"]),
        tests("OpenAIAPI", ["OpenAIAPI", "ServingModel"]),
        tests("SystemdIntegration", ["SystemdIntegration", "LinuxKernel", "TestSupport", logging]),
        // Boots a real systemd with the units.
        .testTarget(
            name: "SystemdTests",
            dependencies: [
                "LinuxKernel", "TestSupport", "deepflow", "deepflow-schedulerd", "deepflow-noded", "deepflow-keeper",
                "flowserve", "sandbox-probe",
            ], exclude: ["Box"], swiftSettings: strict),
        tests("Messages", ["Messages", "LinuxKernel", "ServingModel", "CContentDigest"]),
        tests("LanguageModels", ["LanguageModels", "ServingModel", "TestSupport"]),
        tests(
            "FlowServe",
            [
                "FlowServe", "CFlowKernels", "Artefacts", "LanguageModels", "KVCache", "LinuxKernel", "Messages",
                "ServingModel", "Tokenization", "TestSupport",
            ]),
        // Attempts forbidden things from inside each sandbox, with the real template's fork.
        .executableTarget(
            name: "sandbox-probe",
            dependencies: [
                "CLinux", "LinuxKernel", "Messages", "Sandbox", "ServingModel", "TemplateProcess", "TestSupport",
            ],
            path: "Tests/SandboxProbe", swiftSettings: strict),
        .target(name: "AllocationCount", path: "Tests/AllocationCount"),
        // The engine alone, step by step, for Packaging/benchmarks/compare-llamacpp.
        .executableTarget(
            name: "engine-speed",
            dependencies: [
                "AllocationCount", "Artefacts", "CFlowKernels", "FlowServe", "LanguageModels", "LinuxKernel",
                "Messages", "ServingModel", "Tokenization",
            ],
            path: "Tests/EngineSpeed", swiftSettings: strict),
        // A tokenizer alone, for Packaging/benchmarks/tokenizer-speed.
        .executableTarget(
            name: "tokenizer-speed", dependencies: ["Packing", "Tokenization"], path: "Tests/TokenizerSpeed",
            swiftSettings: strict),
        tests(
            "Sandbox",
            ["Sandbox", "LinuxKernel", "Messages", "TestSupport", "sandbox-probe", "deepflow-keeper"]),
        tests(
            "TemplateProcess",
            ["TemplateProcess", "LinuxKernel", "Messages", "ServingModel", "TestSupport", "flowserve"]),
        tests(
            "Keeper",
            [
                "Keeper", "Sandbox", "Messages", "LinuxKernel", "ServingModel", "TestSupport", "sandbox-probe",
                "deepflow-keeper",
            ]),
        tests(
            "UnixHTTP",
            [
                "UnixHTTP", "DaemonSettings", "LinuxKernel", "ServingModel", hummingbirdCore, nioCore, nioPosix,
                logging,
                lifecycle,
            ]),
        tests(
            "NodeDaemon",
            [
                "NodeDaemon", "DaemonSettings", "LinuxKernel", "Messages", "ServingModel", "UnixHTTP", hummingbirdCore,
                nioCore,
                logging,
                lifecycle,
            ]),
        tests(
            "ClusterScheduler",
            [
                "ClusterScheduler", "DaemonSettings", "Policies", "Messages", "LinuxKernel", "ServingModel",
                "TestSupport",
                logging, nioCore,
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        tests(
            "Gateway",
            [
                "Gateway", "DaemonSettings", "ClusterScheduler", "OpenAIAPI", "Messages", "UnixHTTP", "ServingModel",
                hummingbirdCore, logging, lifecycle, nioCore,
            ]),
        tests(
            "AdminCommands",
            ["AdminCommands", "DaemonSettings", "LinuxKernel", "Messages", "ServingModel", argumentParser, nioCore]),
        // The real executables, through their sockets.
        tests(
            "Integration",
            [
                "LinuxKernel", "Messages", "ServingModel", "UnixHTTP", "TestSupport", nioCore, "deepflow",
                "deepflow-schedulerd", "deepflow-noded", "deepflow-keeper", "flowserve",
            ]),
    ]
)

// Engine alone: `DEEPFLOW_ONLY=engine swift build` leaves out every room that reaches a server package, so that work on
// kernels, models and text builds in a quarter of the time.
if Context.environment["DEEPFLOW_ONLY"] == "engine" {
    var left: Set<String> = []
    func reachesPackage(_ dependency: Target.Dependency) -> Bool {
        switch dependency {
        case .byNameItem(let name, _), .targetItem(let name, _): left.contains(name)
        default: true
        }
    }
    // Targets stand in the order of their layers, so one pass finds all.
    package.targets.removeAll { target in
        let isLeft = target.dependencies.contains(where: reachesPackage)
        if isLeft { left.insert(target.name) }
        return isLeft
    }
    package.dependencies = []
}

// `DEEPFLOW_FUZZ=1 swift build --sanitize fuzzer --product fuzz`: libFuzzer chooses the inputs (Packaging/fuzz).
if Context.environment["DEEPFLOW_FUZZ"] == "1" {
    for target in package.targets where target.name == "fuzz" {
        target.swiftSettings = (target.swiftSettings ?? []) + [.define("LIBFUZZER")]
    }
}
