// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import Sandbox
internal import ServingModel

/// What the keeper knows of a template, from its start until the daemon has noted its end.
struct SupervisedTemplate {
    /// What it is there for.
    enum Purpose: Hashable {
        /// To confine itself and end, so that what this kernel and these privileges allow is known before the first model.
        case trial
        /// To wait for a model.
        case prewarmed
        /// To have instances of a model forked; `key` is the daemon's own name for the model.
        case model(TemplateID, key: String)
    }

    var purpose: Purpose
    let process: Int32
    /// When the daemon ordered what it is there for.
    var orderedAt: MonotonicTime
    /// When it was in its sandbox, which it tells before everything else.
    var confinedAt: MonotonicTime?
    var readiness: FromKeeper.TemplateReadiness?
    /// What it said was wrong before it ended, or else what the keeper has against it.
    var complaint = ""
    /// The keeper has killed it.
    var isKilling = false
    var ending: Ending?
    var calls = CallAllowance()

    init(_ purpose: Purpose, process: Int32, orderedAt: MonotonicTime) {
        self.purpose = purpose
        self.process = process
        self.orderedAt = orderedAt
    }

    /// The daemon's name for it; nil where it knows none.
    var id: TemplateID? {
        if case .model(let id, _) = purpose { return id }
        return nil
    }

    var isPrewarmed: Bool {
        if case .prewarmed = purpose { return !isKilling && ending == nil }
        return false
    }

    var takesForks: Bool { readiness != nil && !isKilling && ending == nil }

    /// For the log.
    var description: String {
        switch purpose {
        case .trial: "the trial of the sandbox"
        case .prewarmed: "a pre-warmed template"
        case .model(let id, let key): "\(id) (model \(key))"
        }
    }
}

/// How a template or instance ended.
struct Ending {
    /// nil where no process came to be.
    let status: ExitStatus?
    let message: String
}
