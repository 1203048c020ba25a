// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Logging
internal import Messages
internal import ServingModel
internal import SystemdIntegration

/// What happened at the node, for whoever watches it: logs, metrics, the service manager. Nothing is decided by it.
enum NodeOccurrence: Hashable, Sendable {
    case keeperAttached(process: Int32?, instances: Int, models: Int)
    case keeperLost(reason: String)
    case keeperNotFound(reason: String)
    case keeperHung(process: Int32?)
    case sandboxStepMissing(String)
    case descriptorNotHeld(DescriptorKey, reason: String)
    case templateStarted(TemplateID, TemplateLabel)
    case templateUnknown(TemplateID)
    case templateEnded(TemplateID, message: String)
    case instanceReady(InstanceID, ModelName, StartStages)
    case instanceEnded(InstanceID, ModelName?, InstanceEnding)
    case instanceKilled(InstanceID, reason: String)
    case taskFailed(TaskID, TaskFailure, message: String)
    case taskPreempted(TaskID, InstanceID)
    case taskUnclaimed(TaskID)
    case streamCut
    case refused(NodeDaemonError)
}

/// Somebody who is told what happens at the node. May be called from any thread.
protocol NodeObserver: Sendable {
    func note(_ occurrence: NodeOccurrence)
}

/// The node's log.
struct NodeLog: NodeObserver {
    let logger: Logger

    func note(_ occurrence: NodeOccurrence) {
        switch occurrence {
        case .keeperAttached(let process, let instances, _):
            logger.info("attached to the keeper", metadata: ["pid": "\(process ?? 0)", "instances": "\(instances)"])
        case .keeperLost(let reason): warn("lost the keeper; looking for it", .keeperLost, reason)
        case .keeperNotFound(let reason): warn("no keeper; trying again", .keeperLost, reason)
        case .keeperHung(let process): warn("dropped the keeper, which did not answer", .keeperLost, "\(process ?? 0)")
        case .sandboxStepMissing(let step): warn("a sandbox step is not in force", .sandboxIncomplete, step)
        case .descriptorNotHeld(let key, let reason):
            logger.warning("the keeper holds no descriptor", metadata: ["key": "\(key)", "reason": "\(reason)"])
        case .templateStarted(let id, let label):
            logger.info("starting a template", metadata: .about([.template: id, .model: label.name]))
        case .templateUnknown(let id):
            logger.warning("ended a template of no known model", metadata: .about([.template: id]))
        case .templateEnded(let id, let message):
            logger.info("a template ended", metadata: .about([.template: id], ["reason": "\(message)"]))
        case .instanceReady(let id, let name, let stages): noteReady(id, name, stages)
        case .instanceEnded(let id, let name, let ending): noteEnd(of: id, name, ending)
        case .instanceKilled(let id, let reason):
            logger.warning(
                "killing an instance", metadata: .about([.instance: id], kind: .instanceHung, ["reason": "\(reason)"]))
        case .taskFailed(let task, let failure, let message):
            logger.info(
                "a task failed",
                metadata: .about([.task: task], ["code": "\(failure.rawValue)", "reason": "\(message)"]))
        case .taskPreempted(let task, let instance):
            logger.info("a task gives its place away", metadata: .about([.task: task, .instance: instance]))
        case .taskUnclaimed(let task):
            logger.info("ended a task that no scheduler claims", metadata: .about([.task: task]))
        case .streamCut:
            logger.warning("a scheduler's event stream was cut off", metadata: .about([:], kind: .eventsDropped))
        case .refused(let reason):
            logger.critical("the node ends", metadata: .about([:], kind: .daemonRefuses, ["reason": "\(reason)"]))
        }
    }

    private func warn(_ message: Logger.Message, _ kind: LogEventKind, _ reason: String) {
        let level: Logger.Level = kind == .keeperLost ? .error : .warning
        logger.log(level: level, message, metadata: .about([:], kind: kind, ["reason": "\(reason)"]))
    }

    /// Logged as what it stands for, so that attacks and defects can be waited for.
    private func noteEnd(of id: InstanceID, _ name: ModelName?, _ ending: InstanceEnding) {
        let kind: LogEventKind? = ending.isDenied ? .instanceDenied : ending.isCrash ? .instanceCrashed : nil
        let level: Logger.Level = kind == .instanceDenied ? .error : kind == .instanceCrashed ? .warning : .info
        logger.log(
            level: level, "an instance ended",
            metadata: .about([.instance: id, .model: name], kind: kind, ["reason": "\(ending.message)"]))
    }

    private func noteReady(_ id: InstanceID, _ name: ModelName, _ stages: StartStages) {
        var metadata = Logger.Metadata.about([.instance: id, .model: name])
        for stage in stages.named { metadata[stage.name] = "\(stage.microseconds)" }
        metadata["microseconds"] = "\(stages.total)"
        logger.info("an instance is ready", metadata: metadata)
    }
}

/// Tells the service manager when the node serves.
struct ReadinessNotice: NodeObserver {
    func note(_ occurrence: NodeOccurrence) {
        if case .keeperAttached(_, _, let models) = occurrence { ServiceNotification.ready("\(models) models") }
    }
}
