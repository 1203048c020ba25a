// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Logging
internal import Messages
internal import ServingModel
internal import Synchronization

/// The node's effects in the daemon: sockets by the reactor's thread, streams, the file of what is wanted, the log.
final class ReactorEffects: NodeEffects {
    let metrics = MetricsObserver()
    private let reactor: InstanceReactor
    private let launcher: KeeperLauncher
    private let catalog: ModelCatalog
    private let streams: EventStreams
    private let writer: DesiredStateWriter
    private let observers: [any NodeObserver]

    init(
        reactor: InstanceReactor, launcher: KeeperLauncher, catalog: ModelCatalog, directory: String, logger: Logger
    ) {
        self.reactor = reactor
        self.launcher = launcher
        self.catalog = catalog
        streams = EventStreams()
        writer = DesiredStateWriter(file: DesiredStateFile(directory: directory), logger: logger)
        observers = [NodeLog(logger: logger), metrics, ReadinessNotice()]
    }

    // MARK: What happens

    /// The thread on which everything is told.
    var executor: UnownedSerialExecutor { reactor.executor }

    /// Has what happens told to `listener`, on that thread.
    func follow(_ listener: @escaping ReactorListener) { reactor.follow(listener) }

    /// Has an `alarm` come at `time`, instead of any that was asked for before; nil: none.
    func setAlarm(_ time: MonotonicTime?) { reactor.setAlarm(time) }

    /// Nothing more is told; keeper and instances are let go of as they are.
    func stop() { reactor.stop() }

    // MARK: Keeper and instances

    func connectKeeper() {
        do throws(SystemCallError) {
            try WorkerThread.start { [reactor, launcher] in
                do throws(NodeDaemonError) {
                    reactor.attach(keeper: try launcher.connect())
                } catch {
                    reactor.report(.keeperNotFound(reason: "\(error)"))
                }
            }
        } catch {
            reactor.report(.keeperNotFound(reason: "\(error)"))
        }
    }

    func dropKeeper(killing process: Int32?) {
        if let process { Glibc.kill(process, SIGKILL) }
        reactor.detachKeeper()
    }

    func order(_ order: ToKeeper) { reactor.order(order) }

    func startTemplate(_ id: TemplateID, _ label: TemplateLabel) throws {
        let artefact = SharedDescriptor(try catalog.openArtefact(label.content))
        reactor.order(.startTemplate(id, model: label.keeperText), descriptor: artefact)
    }

    func send(_ frames: [ToInstance], to instance: InstanceID) { reactor.send(frames, to: instance) }

    func close(_ instance: InstanceID) { reactor.close(instance) }

    func startTime(of process: Int32) -> Double? { ProcessFacts.startTime(of: process) }

    // MARK: Schedulers

    /// What is published on `number` goes to `backlog` from now on.
    func begin(_ number: StreamNumber, _ backlog: EventBacklog) { streams.begin(number, backlog) }

    func publish(_ event: NodeEvent, to streams: [StreamNumber]) -> [StreamNumber] {
        self.streams.publish(event, to: streams)
    }

    func end(_ stream: StreamNumber) { streams.end(stream) }

    /// Ends all streams.
    func endStreams() { streams.endAll() }

    // MARK: What is kept and noted

    func keep(_ desired: DesiredStates) { writer.keep(desired) }

    /// What an earlier daemon was told to keep.
    func readDesired() -> [ModelName: DesiredState] { writer.read() }

    /// Returns when what was to be kept is on disk, or could not be written.
    func finishKeeping() async { await writer.finish() }

    func note(_ occurrence: NodeOccurrence) {
        for observer in observers { observer.note(occurrence) }
    }
}
