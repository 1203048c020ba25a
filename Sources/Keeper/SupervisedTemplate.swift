// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import Sandbox
internal import ServingModel

/// What the keeper knows of a template, from its start until the daemon has noted its end.
struct SupervisedTemplate {
    /// The model of which it is to fork instances; nil while it waits for one.
    var model: (id: TemplateID, key: String)?
    let process: Int32
    /// When it was started, and then when its model was ordered.
    var orderedAt: MonotonicTime
    /// When it was in its sandbox, which it tells before everything else.
    var confinedAt: MonotonicTime?
    var isReady = false
    /// What it said was wrong with it or its model.
    var failure: String?
    /// Why the keeper has killed it.
    var killedFor: ProcessEnd?
    var hasEnded = false
    var calls = CallAllowance()
    /// What the daemon was told of it, and a later one is told again.
    var told: [FromKeeper] = []

    /// Whether a call of its own may go on that the filter leaves to the keeper.
    mutating func admits(_ call: InterceptedCall) -> Bool { calls.admits(call, of: process) }

    /// Whether it waits for a model.
    var isPrewarmed: Bool { model == nil && killedFor == nil && !hasEnded }
    /// Whether a model can be given to it at once.
    var isWaiting: Bool { isPrewarmed && confinedAt != nil }
    var takesForks: Bool { isReady && killedFor == nil && !hasEnded }

    /// For the log.
    var description: String {
        model.map { "\($0.id) (model \($0.key))" } ?? "a pre-warmed template"
    }
}
