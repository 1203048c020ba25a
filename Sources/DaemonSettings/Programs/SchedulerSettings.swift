// SPDX-License-Identifier: Apache-2.0

/// What an administrator decides about a scheduler.
package struct SchedulerSettings: SettingSet {
    /// `deepflow-schedulerd`.
    package static let program = ConfiguredProgram.scheduler

    /// Where its sockets and records are.
    package var directories = DirectorySettings()
    /// Seconds that running answers may go on after the order to stop.
    package var drainSeconds = 30
    /// Jobs that run at once, over all tenants.
    package var runningJobs = 256
    /// Jobs that wait, over all tenants.
    package var waitingJobs = 4096
    /// Jobs of one tenant that wait.
    package var waitingJobsPerTenant = 1024
    /// Seconds that a request waits for a node that is away, or for a model that is missing while one is.
    package var missingSeconds = 5
    /// Seconds that a request waits while all nodes are full.
    package var fullSeconds = 60
    /// Seconds after which a reader that takes nothing is given up.
    package var stallSeconds = 60
    /// How often a silent stream gets a sign of life.
    package var tickInterval = Duration.seconds(5)
    /// Seconds that a request is tried again whose instances are lost by no fault of its own, without one further token.
    package var lossSeconds = 120
    /// Crashes in a row, without one further token, after which a request is taken for their cause.
    package var crashes = 3
    /// Tokens that an answer may be ahead of its reader before it counts as one that nobody takes.
    package var unreadTokens = 512
    /// How long an answer may be one that nobody takes before its place goes to others.
    package var unreadTime = Duration.seconds(1)
    /// Seconds that a node may be away before its tasks are placed elsewhere.
    package var nodeGraceSeconds = 15
    /// Seconds that a node may take to begin an answer.
    package var nodeAnswerSeconds = 30
    /// The longest pause between two tries of a node that does not answer.
    package var nodeRetryInterval = Duration.seconds(5)
    /// Jobs whose records are kept; the oldest go first.
    package var recordedJobs = 100_000
    /// Records that wait for the disk; more are dropped.
    package var pendingRecords = 8192
    /// What peers of each of its two sockets may hold.
    package var http = HTTPSettings()
    /// Who belongs together, in the order of the file.
    package var tenants: [Tenant] = []

    package init() {}

    /// In the order of the manual.
    package static let settings: [Setting<SchedulerSettings>] =
        DirectorySettings.settings.map { $0.within(\.directories) } + [
            Setting(
                "drain_timeout", \.drainSeconds, .seconds(0...3600),
                "How long running answers may go on after the order to stop.", isReloadable: true),
            Setting(
                "tenants", \.tenants, .tenants,
                """
                Tenants by name, each with users, groups, roles, weight and class. A peer belongs to the tenant that names \
                its user, else to the first that names one of its groups, else to one of its own. Of two that want more than \
                there is, the one of twice the weight gets twice as much: places, turns at the nodes, steps and memory of \
                instances. At nodes and instances, class interactive goes before batch, batch before background.
                """, isReloadable: true, isFileOnly: true),
        ] + admissionSettings + requestSettings + keepingSettings + HTTPSettings.settings.map { $0.within(\.http) }

    private static let admissionSettings: [Setting<SchedulerSettings>] = [
        Setting(
            "admission.running", \.runningJobs, .count(1...65_536), "Jobs that run at once, of all tenants.",
            isReloadable: true),
        Setting(
            "admission.waiting", \.waitingJobs, .count(0...1_000_000),
            "Jobs that wait, of all tenants; one more is answered with 429.", isReloadable: true),
        Setting(
            "admission.waiting_per_tenant", \.waitingJobsPerTenant, .count(0...1_000_000),
            "Jobs of one tenant that wait; one more is answered with 429.", isReloadable: true),
    ]

    private static let requestSettings: [Setting<SchedulerSettings>] = [
        Setting(
            "requests.missing_timeout", \.missingSeconds, .seconds(0...3600),
            "How long a request waits for a node that is away, or a model that is missing while one is.",
            isReloadable: true),
        Setting(
            "requests.full_timeout", \.fullSeconds, .seconds(0...3600),
            "How long a request waits while all nodes are full.", isReloadable: true),
        Setting(
            "requests.stall_timeout", \.stallSeconds, .seconds(1...3600),
            "How long a reader may take nothing before its answer is given up.", isReloadable: true),
        Setting(
            "requests.tick_interval", \.tickInterval, .duration(milliseconds: 100...60_000),
            "How often a silent stream gets a sign of life, and readers are looked after.", isReloadable: true),
        Setting(
            "requests.unread_tokens", \.unreadTokens, .count(16...1000),
            "Tokens that an answer may be ahead of its reader before it counts as one that nobody takes.",
            isReloadable: true),
        Setting(
            "requests.unread_timeout", \.unreadTime, .duration(milliseconds: 100...600_000),
            "How long an answer may be one that nobody takes before its place goes to others; it goes on later.",
            isReloadable: true),
        Setting(
            "requests.loss_timeout", \.lossSeconds, .seconds(1...86_400),
            """
            How long a request is tried again whose instances or nodes are lost by no fault of its own, without one \
            further token.
            """, isReloadable: true),
        Setting(
            "requests.crashes", \.crashes, .count(1...100),
            "Crashes at one request in a row, without one further token, after which it fails.", isReloadable: true),
    ]

    private static let keepingSettings: [Setting<SchedulerSettings>] = [
        Setting(
            "nodes.grace", \.nodeGraceSeconds, .seconds(0...3600),
            "How long a node may be away before its tasks are placed elsewhere."),
        Setting(
            "nodes.answer_timeout", \.nodeAnswerSeconds, .seconds(1...3600),
            "How long a node may take to begin an answer before the scheduler takes it for unreachable."),
        Setting(
            "nodes.retry_interval", \.nodeRetryInterval, .duration(milliseconds: 100...60_000),
            "The longest pause between two tries of a node that does not answer; the first pauses are shorter."),
        Setting(
            "records.jobs", \.recordedJobs, .count(100...100_000_000),
            "Jobs whose records are kept; the oldest go first."),
        Setting(
            "records.pending", \.pendingRecords, .count(16...1_000_000),
            "Records that wait for the disk; more are dropped."),
    ]
}
