// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// Where the daemon stands with its keeper.
struct KeeperLink {
    /// `telling`: attached, the keeper is still naming what it holds. `retiring`: it was told to end everything.
    enum Phase: Hashable {
        case detached, telling, attached, retiring
    }

    var phase = Phase.detached
    var processID: Int32?
    /// Why there is no keeper; nil while one is attached.
    var trouble: String?
    /// What the keeper named since the attachment began, and what was ordered of it since.
    var seenTemplates: Set<TemplateID> = []
    var seenInstances: Set<InstanceID> = []

    /// Before `hello` is sent: orders that follow it belong to the new attachment.
    mutating func beginAttachment() {
        phase = .telling
        seenTemplates = []
        seenInstances = []
    }
}

/// What listings show of an instance beside what the pool knows.
struct InstanceDetails: Sendable {
    var processID: Int32
    var settings: InstanceSettings
    /// When its fork was ordered; nil for one that was found.
    var orderedAt: MonotonicTime?
    /// Seconds since 1970.
    var startedAt: Double
    var startMicroseconds: Int?
    var missingSandboxSteps: [String] = []
}

/// What listings show of a template beside what the pool knows.
struct TemplateDetails: Sendable {
    var processID: Int32
    var loadMicroseconds: Int?
}

extension InstancePool.Instance {
    /// Found at a keeper, has not told its tasks yet.
    var isAttaching: Bool {
        if case .attaching = phase { return true }
        return false
    }
}
