// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ServingModel

/// `deepflow run MODEL PROMPT`: asks and streams the answer.
package struct RunCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Ask a model and stream its answer, or chat with it.",
        discussion: """
            The prompt is the second argument, or standard input for '-' or where that is no terminal. Without one, a
            conversation begins: an empty line of \"\"\" begins and ends a text of several lines, /clear forgets,
            /bye or Ctrl-D ends, Ctrl-C ends an answer.

            Examples:
              deepflow run deepflow-guide
              deepflow run deepflow-guide "How do I add a model?"
              git diff | deepflow run my-model --system "Review this." -
            """)

    @Argument(help: "The model's name.")
    package var model: String
    @Argument(help: "The question; '-' reads it from standard input.")
    package var prompt: String?
    @Option(help: ArgumentHelp("Instructions before the question.", valueName: "text"))
    package var system: String?
    @Flag(help: "Continue the prompt as it stands, without the chat template.")
    package var raw = false
    @Option(parsing: .unconditional, help: ArgumentHelp("End after that many tokens.", valueName: "number"))
    package var maxTokens: Int?
    @Option(parsing: .unconditional, help: ArgumentHelp("0 is the likeliest answer, up to 2.", valueName: "number"))
    package var temperature: Double?
    @Option(parsing: .unconditional, help: ArgumentHelp("Choose among that many tokens only.", valueName: "number"))
    package var topK: Int?
    @Option(parsing: .unconditional, help: ArgumentHelp("The same seed gives the same answer.", valueName: "number"))
    package var seed: UInt64?
    @Option(help: ArgumentHelp("End before this text (repeatable).", valueName: "text"))
    package var stop: [String] = []
    @Flag(help: "Go on past the end-of-sequence token (to measure).")
    package var ignoreEos = false
    @Flag(help: "Print what the model reads, by its own template, and do not ask.")
    package var showPrompt = false
    @Flag(help: "Print the request's phases after the answer.")
    package var verbose = false
    @OptionGroup package var options: SchedulerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Refuses options that do not go together.
    package func validate() throws {
        if raw, system != nil { throw ValidationError("--system needs the chat template; leave out --raw") }
        if prompt == "-", StandardStreams.inputIsTerminal {
            throw ValidationError("standard input is a terminal; give the prompt as an argument")
        }
        if isConversation, raw || showPrompt || output.json {
            throw ValidationError("a conversation has no --raw, --show-prompt or --json; give a prompt")
        }
        try validateNumbers()
        try validateStop()
    }

    /// Lower bounds and ranges that hold for every server; upper bounds are the server's to know.
    private func validateNumbers() throws {
        if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens is at least 1, not \(maxTokens)") }
        let bounds = SamplingParameters.Limits.temperature
        if let temperature, !(Double(bounds.lowerBound)...Double(bounds.upperBound)).contains(temperature) {
            throw ValidationError("--temperature is 0 to 2, not \(temperature)")
        }
        if let topK, topK < 0 { throw ValidationError("--top-k is at least 0 (all tokens), not \(topK)") }
    }

    private func validateStop() throws {
        let limits = SamplingParameters.Limits.self
        guard stop.count <= limits.stopStrings else {
            throw ValidationError("--stop may be given \(limits.stopStrings) times, not \(stop.count)")
        }
        for text in stop where !(1...limits.stopBytes).contains(text.utf8.count) {
            throw ValidationError("--stop takes a text of 1 to \(limits.stopBytes) bytes, not \(text.utf8.count)")
        }
    }

    /// Nothing was given to ask, and somebody is there to be asked.
    private var isConversation: Bool { prompt == nil && StandardStreams.inputIsTerminal }

    /// Asks the model once, or holds a conversation with it.
    package func run() async throws {
        let server = try options.scheduler()
        if isConversation {
            let loop = ChatLoop(server: server, request: try makeRequest([]), showsPhases: verbose)
            return try await loop.run(instructions)
        }
        let request = try makeRequest(instructions)
        if showPrompt {
            return StandardStreams.write(try await RenderedPrompt.text(of: request, from: server))
        }
        let printer = AnswerPrinter(prints: !output.json, isTerminal: StandardStreams.outputIsTerminal)
        let asksPhases = verbose || output.json
        let isRaw = raw
        let report = try await InterruptGuard.run { () async throws(CommandError) in
            try await AnswerRun(server: server, isRaw: isRaw).ask(request, printer, withPhases: asksPhases)
        }
        if output.json { return try JSONOutput.write(report) }
        if verbose { StandardStreams.writeError("\n" + report.summary) }
    }

    private var instructions: [AnswerRequest.Turn] {
        system.map { [AnswerRequest.Turn(role: "system", content: $0)] } ?? []
    }

    /// The request for an answer to the prompt after these turns; without a prompt where there is a conversation.
    private func makeRequest(_ turns: [AnswerRequest.Turn]) throws(CommandError) -> AnswerRequest {
        var request = AnswerRequest(model: try TypedNames.model(model).text)
        if !isConversation {
            let prompt =
                if let prompt, prompt != "-" { prompt } else { try PromptInput.read() }
            if raw {
                request.prompt = prompt
            } else {
                request.messages = turns + [AnswerRequest.Turn(role: "user", content: prompt)]
            }
        }
        request.maximumTokens = maxTokens
        request.temperature = temperature
        request.topK = topK
        request.seed = seed
        request.stop = stop.isEmpty ? nil : stop
        request.ignoresEndOfSequence = ignoreEos ? true : nil
        return request
    }
}
