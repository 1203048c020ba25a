// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Sandbox

/// Starts `flowserve template` with its channel, and nothing else.
struct TemplateLauncher {
    private let engine: String
    private var identities: ProcessIdentities

    private static let environment = [
        // The backtracer would scan /proc and exec a helper inside the sandbox; a crash is the keeper's to report.
        "SWIFT_BACKTRACE=enable=no",
        // Symbols are bound before the fork, not in each child.
        "LD_BIND_NOW=1",
        // Room for longer titles, see `ProcessTitle`.
        "FLOWSERVE_TITLE=" + String(repeating: "-", count: 192),
    ]

    /// `identity` is the user of all templates; nil: see `ProcessIdentities`.
    init(engine: String, identity: String?) {
        self.engine = engine
        identities = ProcessIdentities(fixed: identity)
    }

    /// Descriptor numbers in the template: 0 /dev/null, 1 and 2 the keeper's log,
    /// then its channel.
    ///
    /// Its control group is its children's, too: to move a process costs some 10 ms after a pause, which every single fork
    /// would pay, while a child that is forked in a group is there at once.
    mutating func start(
        _ number: Int, _ groups: ControlGroupTree, _ sources: ReadinessSources<EventSource>
    ) throws(SystemCallError) -> (handles: TemplateHandles, process: Int32) {
        var ends = try PacketSocket.pair()
        let theirs = ends.takeSecond()
        let handles = try TemplateHandles(number, channel: ends.takeFirst(), sources)
        let identity = identities.next().map { ["--identity", $0] } ?? []
        let process = try ProcessLaunch(
            executable: engine, arguments: ["template"] + identity,
            environment: Self.environment,
            descriptors: [nil, STDERR_FILENO, STDERR_FILENO, theirs.descriptor.rawValue]
        ).start().processID
        handles.group = groups.make("tmpl-\(number)", for: process)
        return (handles, process)
    }
}
