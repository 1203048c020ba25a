// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import LinuxKernel
package import Messages

/// The whole life of a forked instance after its sandbox is complete.
///
/// Two threads and the ranks: the caller's thread is the engine and rank 0; a second one reads the channel, so that a
/// ping is answered and a cancellation is seen while a step runs. Nothing here opens a file or makes a socket.
package enum InstanceMain {
    /// Exit status for a defect: of the daemon that sent something malformed, or of this program.
    private static let internalFailure: Int32 = 70
    /// How long an instance without tasks keeps the memory of its last steps, so that requests which follow each other
    /// find it warm.
    private static let warmMilliseconds: UInt64 = 2000

    /// Serves tasks that come over `channel` until it closes or the daemon drains the instance.
    ///
    /// Sends `ready` with `start`, into which the time for the ranks' start is filled in. `keyValueMemory` is the
    /// instance's own mapping, aligned to 64 bytes.
    ///
    /// - Returns: the exit status: 0 after a drain or when the channel closed, 70 with a sentence on stderr when the
    ///   daemon sent something malformed or the engine could not start.
    package static func run(
        image: ServingModelImage, channel: consuming PacketSocket, keyValueMemory: UnsafeMutableRawBufferPointer,
        settings: InstanceSettings, start: FromInstance.InstanceStart
    ) -> Int32 {
        let limits = EngineLimits(maximumTasks: settings.maximumTasks)
        return run(
            image: image, channel: channel, keyValueMemory: keyValueMemory, rankCount: settings.rankCount,
            limits: limits, start: start)
    }

    /// The same with limits of the caller's choice.
    static func run(
        image: ServingModelImage, channel: consuming PacketSocket, keyValueMemory: UnsafeMutableRawBufferPointer,
        rankCount: Int, limits: EngineLimits, start: FromInstance.InstanceStart
    ) -> Int32 {
        do {
            let before = MonotonicTime.now
            let runner = try ModelRunner(
                artefact: image.artefact, keyValueMemory: keyValueMemory, rankCount: rankCount,
                maximumRows: limits.batch.rowsPerStep)
            try runner.startRanks()
            defer { runner.stop() }
            var start = start
            start.ranksMicroseconds = MonotonicTime.now.microseconds(since: before)
            let engine = Engine(image: image, runner: runner, limits: limits)
            return try serve(engine, InstanceChannel(channel), start)
        } catch {
            return fail("the instance could not start: \(error)")
        }
    }

    private static func serve(
        _ engine: Engine, _ channel: InstanceChannel, _ start: FromInstance.InstanceStart
    ) throws -> Int32 {
        let exchange = Monitor(InstanceExchange())
        exchange.withLock { exchange in
            exchange.announce(start)
            exchange.pump(channel.send)
        }
        let loop = try ChannelLoop(exchange, channel)
        let thread = try RankThread(rank: 0) { loop.run() }
        runSteps(engine, exchange, channel, wake: { loop.wake() })
        thread.join()
        switch exchange.withLock({ $0.stop }) {
        case .malformed(let problem): return fail("the node daemon sent a malformed frame: \(problem)")
        case .channelBroken(let problem): return fail("the channel to the node daemon is broken: \(problem)")
        case .channelClosed, .drained, nil: return 0
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
            guard let work = exchange.wait(until: { !isIdle || $0.hasWork }, then: { $0.takeWork() }) else { break }
            for submission in work.submissions { engine.submit(submission) }
            for (task, index) in work.acknowledgements { engine.acknowledge(task, index: index) }
            for task in work.cancellations { engine.cancel(task) }
            // An acceptance does not wait for the step.
            if !work.isEmpty { publish(engine.takeEvents(), exchange, channel, wake) }
            isIdle = !engine.step()
            isWarm = isWarm || !isIdle
            publish(engine.takeEvents(), exchange, channel, wake)
        }
        wake()
    }

    /// Notes what happened and sends it. The engine's thread sends by itself, without waiting: a switch to another thread
    /// for every token would take the processor from a rank.
    private static func publish(
        _ events: [EngineEvent], _ exchange: Monitor<InstanceExchange>, _ channel: InstanceChannel, _ wake: () -> Void
    ) {
        let wakes = exchange.withLock { exchange in
            exchange.note(events)
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
