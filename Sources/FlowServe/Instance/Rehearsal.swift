// SPDX-License-Identifier: Apache-2.0
package import LinuxKernel
internal import Messages
internal import ServingModel

/// What a template does once so that its children find code, type metadata and tables used.
extension WarmModel {
    /// Serves a short prompt on the calling thread alone and frees what it took.
    ///
    /// Only a sample of each step is computed (`ModelRunner.isRehearsing`), so that it takes milliseconds for a model
    /// of any size; the tokens mean nothing. A model that cannot run is found before a task waits for it.
    package func rehearse() {
        runner.isRehearsing = true
        defer {
            runner.isRehearsing = false
            runner.releaseIdleMemory()
        }
        let engine = Engine(image: image, runner: runner, limits: EngineLimits(maximumTasks: 1, batch: limits))
        // A conversation may begin with more than one block of a system prompt, so it is only rendered.
        _ = try? PromptEncoding(tokenizer: image.tokenizer, template: image.template)
            .tokens(of: .chat(Conversation([ChatMessage(role: "user", content: "Hello.")])))

        var exchange = InstanceExchange()
        let sampling = SamplingParameters(
            temperature: 1, seed: 1, maximumTokens: 2, stop: ["\n\n"], ignoresEndOfSequence: true)
        let text = Prompt.text("Hello", parsesControlTokens: false)
        let submission = TaskSubmission(
            task: TaskID(rawValue: 1),
            work: runner.hasLogits
                ? .answer(text, sampling) : .embedding([text], EmbeddingParameters()))
        for part in ToInstance.submission(submission) { exchange.carryOut(part) }
        for submission in exchange.dequeueWork()?.submissions ?? [] { engine.submit(submission) }
        while engine.step() {}
        exchange.note(engine.takeEvents())
        exchange.pump { _ in .sent }
    }
}

extension InstanceMain {
    /// The part of a child's start that needs no model, over a channel to nowhere: announcement, first ping, end. It
    /// makes sockets, so a template calls it before it is confined.
    package static func rehearseChannel() throws(SystemCallError) {
        var ends = try PacketSocket.pair()
        let daemon = ends.takeFirst()
        let start = FromInstance.InstanceStart(
            bornAt: .now, sandboxMicroseconds: 0, mappingMicroseconds: 0, ranksMicroseconds: 0,
            missingSandboxSteps: [])
        let ping = ToInstance.ping(0).encoded()
        let sent = ping.withUnsafeBytes { bytes in
            Result { () throws(SystemCallError) in try daemon.send(bytes, waits: false) }
        }
        _ = try sent.get()
        let exchange = Monitor(InstanceExchange())
        let loop = try announce(start, exchange, InstanceChannel(ends.takeSecond()))
        // With the other end closed the loop ends after the ping.
        _ = consume daemon
        loop.run(untilWork: true)
    }
}
