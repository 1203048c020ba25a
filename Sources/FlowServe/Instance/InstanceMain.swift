// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import LinuxKernel
package import Messages

/// The whole life of a forked instance after its sandbox is complete.
///
/// Until the first task the caller's thread reads the channel. From then on there are two threads and the ranks: the
/// caller's is the engine and rank 0; a second one reads the channel, so that a ping is answered and a cancellation is
/// seen while a step runs. Nothing here opens a file or makes a socket.
package enum InstanceMain {
    /// Exit status for a defect: of the daemon that sent something malformed, or of this program.
    private static let internalFailure: Int32 = 70
    /// How long an instance without tasks keeps the memory of its last steps, so that requests which follow each other
    /// find it warm.
    private static let warmMilliseconds: UInt64 = 2000

    /// Serves tasks that come over `channel` until it closes or the daemon drains the instance.
    ///
    /// Sends `ready` with `start`, into which the time for the engine is filled in, and answers pings at once; the ranks
    /// and the second thread begin with the first task, so that an instance which only waits is one thread.
    /// `keyValueMemory` is the instance's own mapping, aligned to 64 bytes.
    ///
    /// - Returns: the exit status: 0 after a drain or when the channel closed, 70 with a sentence on stderr when the
    ///   daemon sent something malformed or the engine could not start.
    package static func run(
        model: WarmModel, channel: consuming PacketSocket, keyValueMemory: UnsafeMutableRawBufferPointer,
        settings: InstanceSettings, start: FromInstance.InstanceStart
    ) -> Int32 {
        do {
            let before = MonotonicTime.now
            let engine = try model.makeEngine(keyValueMemory: keyValueMemory, settings: settings)
            var start = start
            start.ranksMicroseconds = MonotonicTime.now.microseconds(since: before)
            let exchange = Monitor(InstanceExchange())
            let channel = InstanceChannel(channel)
            let loop = try announce(start, exchange, channel)
            loop.run(untilWork: true)
            // Until here it had the priority of its template, so that it is soon there; computing is another matter.
            ProcessPriority.setOwn(ProcessPriority.work)
            if exchange.withLock({ $0.stop == nil }) {
                try model.runner.startRanks(count: settings.rankCount)
                defer { model.runner.stop() }
                exchange.withLock { $0.watch(model.runner.progress) }
                let thread = try PosixThread(stackBytes: PosixThread.smallStack) { loop.run() }
                runSteps(engine, exchange, channel, wake: { loop.wake() })
                thread.join()
            }
            return status(of: exchange.withLock(\.stop))
        } catch {
            return fail("the instance could not start: \(error)")
        }
    }

    /// Says that the instance is ready, and makes the loop that reads what comes.
    static func announce(
        _ start: FromInstance.InstanceStart, _ exchange: Monitor<InstanceExchange>, _ channel: InstanceChannel
    ) throws(SystemCallError) -> ChannelLoop {
        exchange.withLock { exchange in
            exchange.announce(start)
            exchange.pump(channel.send)
        }
        return try ChannelLoop(exchange, channel)
    }

    private static func status(of stop: InstanceExchange.Stop?) -> Int32 {
        switch stop {
        case .malformed(let problem): fail("the node daemon sent a malformed frame: \(problem)")
        case .channelBroken(let problem): fail("the channel to the node daemon is broken: \(problem)")
        case .channelClosed, .drained, nil: 0
        }
    }

    /// Steps as long as there is something to compute, and sleeps until there is.
    private static func runSteps(
        _ engine: Engine, _ exchange: Monitor<InstanceExchange>, _ channel: InstanceChannel, wake: () -> Void
    ) {
        var isIdle = true
        var isWarm = false
        while true {
            if isWarm, isIdle, engine.taskCount == 0,
                !exchange.wait(milliseconds: warmMilliseconds, until: \.hasWork)
            {
                engine.releaseIdleMemory()
                isWarm = false
            }
            guard let work = exchange.wait(until: { !isIdle || $0.hasWork }, then: { $0.dequeueWork() }) else { break }
            for submission in work.submissions { engine.submit(submission) }
            for (task, index) in work.acknowledgements { engine.acknowledge(task, index: index) }
            for task in work.cancellations { engine.cancel(task) }
            // An acceptance does not wait for the step.
            if !work.isEmpty { publish(engine.takeEvents(), exchange, channel, wake) }
            isIdle = !engine.step()
            isWarm = isWarm || !isIdle
            publish(engine.takeEvents(), isIdle: isIdle, exchange, channel, wake)
        }
        wake()
    }

    /// Notes what happened and sends it. The engine's thread sends by itself, without waiting: a switch to another thread
    /// for every token would take the processor from a rank.
    private static func publish(
        _ events: [EngineEvent], isIdle: Bool = false, _ exchange: Monitor<InstanceExchange>,
        _ channel: InstanceChannel, _ wake: () -> Void
    ) {
        let wakes = exchange.withLock { exchange in
            exchange.note(events, isIdle: isIdle)
            exchange.pump(channel.send)
            return exchange.needsAttention
        }
        if wakes { wake() }
    }

    private static func fail(_ sentence: String) -> Int32 {
        let line = "flowserve: \(sentence)\n"
        _ = Array(line.utf8).withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
        return internalFailure
    }
}
