// SPDX-License-Identifier: Apache-2.0
package import ServingModel

extension TokenExtra {
    /// Bytes of the frame that carries it.
    package var frameBytes: Int {
        let pieces = calls.reduce(4) { $0 + 13 + ($1.name?.utf8.count ?? 0) + $1.arguments.utf8.count }
        guard let logprob else { return 4 + reasoning.utf8.count + pieces + 1 }
        return 4 + reasoning.utf8.count + pieces + 5
            + logprob.top.reduce(12 + logprob.chosen.bytes.count) { $0 + 12 + $1.bytes.count }
    }
}

extension GeneratedToken {
    /// Bytes that the token takes in a frame, that of its task included.
    package var frameBytes: Int { 8 + 4 + 4 + 4 + text.utf8.count + 1 + (extra?.frameBytes ?? 0) }
}

extension FrameWriter {
    mutating func put(_ token: GeneratedToken) {
        put(UInt32(token.index))
        put(token.id)
        put(token.text)
        put(extra: token.extra)
    }

    /// A byte that says whether there is more, then that.
    mutating func put(extra: TokenExtra?) {
        put(UInt8(extra == nil ? 0 : 1))
        guard let extra else { return }
        put(extra.reasoning)
        put(UInt32(extra.calls.count))
        for piece in extra.calls {
            put(UInt32(piece.call))
            put(UInt8(piece.name == nil ? 0 : 1))
            put(piece.name ?? "")
            put(piece.arguments)
        }
        put(UInt8(extra.logprob == nil ? 0 : 1))
        guard let logprob = extra.logprob else { return }
        put(logprob.chosen)
        put(UInt32(logprob.top.count))
        for candidate in logprob.top { put(candidate) }
    }

    private mutating func put(_ candidate: TokenLogprob.Candidate) {
        put(candidate.id)
        put(candidate.logarithm)
        put(bytes: candidate.bytes)
    }
}

extension FrameReader {
    mutating func takeToken() throws(FrameError) -> GeneratedToken {
        let index = try takeCount("index", limit: TaskSubmission.Limits.promptTokens)
        let id = try take(Int32.self, "token")
        let text = try takeText("text", limit: FromInstance.Limits.tokenTextBytes)
        return GeneratedToken(index: index, id: id, text: text, extra: try takeExtra())
    }

    mutating func takeExtra() throws(FrameError) -> TokenExtra? {
        guard try takeTruth("extra") else { return nil }
        let limits = FromInstance.Limits.self
        var extra = TokenExtra(reasoning: try takeText("reasoning", limit: limits.outcomeTextBytes))
        for _ in 0..<(try takeCount("call pieces", limit: limits.callPieces)) {
            let call = try takeCount("call", limit: limits.calls)
            let isNamed = try takeTruth("named")
            let name = try takeText("tool name", limit: limits.toolNameBytes)
            let arguments = try takeText("arguments", limit: limits.outcomeTextBytes)
            extra.calls.append(ToolCallPiece(call: call, name: isNamed ? name : nil, arguments: arguments))
        }
        guard try takeTruth("logprob") else { return extra }
        let chosen = try takeCandidate()
        var top: [TokenLogprob.Candidate] = []
        for _ in 0..<(try takeCount("likely tokens", limit: SamplingParameters.Limits.logprobs)) {
            top.append(try takeCandidate())
        }
        extra.logprob = TokenLogprob(chosen: chosen, top: top)
        return extra
    }

    private mutating func takeCandidate() throws(FrameError) -> TokenLogprob.Candidate {
        let id = try take(Int32.self, "likely token")
        let logarithm = try takeFloat("logprob")
        // JSON has no infinity, and a token that was chosen has some logprob.
        guard logarithm.isFinite else { throw .outOfRange(field: "logprob") }
        let bytes = try takeBytes("likely bytes", limit: FromInstance.Limits.likelyBytes)
        return TokenLogprob.Candidate(id: id, logarithm: logarithm, bytes: bytes)
    }

    mutating func takeVector() throws(FrameError) -> EmbeddedInput {
        let index = try takeCount("index", limit: EmbeddingParameters.Limits.inputs)
        let tokenCount = try takeCount("tokens of the input", limit: TaskSubmission.Limits.promptTokens)
        var vector: [Float] = []
        for _ in 0..<(try takeCount("numbers", limit: EmbeddingParameters.Limits.dimensions)) {
            let number = try takeFloat("number")
            guard number.isFinite else { throw .outOfRange(field: "number") }
            vector.append(number)
        }
        return EmbeddedInput(index: index, tokenCount: tokenCount, vector: vector)
    }
}
