// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Glibc
internal import LanguageModels
internal import Messages
internal import ServingModel

extension ServingModelImage {
    /// Serves a short prompt on the calling thread alone, in memory of its own, and frees everything again.
    ///
    /// A template calls it once before its first fork: code, type metadata and tables that a child's first request needs
    /// have been used then, and a model that cannot run is found before anybody waits for it. The weights are read as
    /// often as tokens are made, twice.
    package func rehearse() throws(ServingModelImageError) {
        let bytes = KVGeometry(configuration: artefact.configuration).bytesPerBlock
        guard
            let start = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            start != MAP_FAILED
        else { throw .rehearsalMemory(bytes: bytes, errno: errno) }
        defer { munmap(start, bytes) }
        do throws(ModelRunnerError) {
            try rehearse(in: UnsafeMutableRawBufferPointer(start: start, count: bytes))
        } catch {
            throw .model(error)
        }
    }

    private func rehearse(in keyValueMemory: UnsafeMutableRawBufferPointer) throws(ModelRunnerError) {
        let limits = EngineLimits(maximumTasks: 1, batch: BatchLimits(rowsPerStep: 8))
        let runner = try ModelRunner(
            artefact: artefact, keyValueMemory: keyValueMemory, rankCount: 1, maximumRows: limits.batch.rowsPerStep)
        let engine = Engine(image: self, runner: runner, limits: limits)
        // A conversation may begin with more than one block of a system prompt, so it is only rendered.
        _ = try? PromptEncoding(tokenizer: tokenizer, template: template)
            .tokens(of: .chat(Conversation([ChatMessage(role: "user", content: "Hello.")])))

        var exchange = InstanceExchange()
        let sampling = SamplingParameters(
            temperature: 1, seed: 1, maximumTokens: 2, stop: ["\n\n"], ignoresEndOfSequence: true)
        let submission = TaskSubmission(
            task: TaskID(rawValue: 1), work: .answer(.text("Hello", parsesControlTokens: false), sampling))
        for order in ToInstance.submission(submission) { exchange.take(order) }
        for submission in exchange.takeWork()?.submissions ?? [] { engine.submit(submission) }
        while engine.step() {}
        exchange.note(engine.takeEvents())
        exchange.pump { _ in .sent }
    }
}
