// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// An answer as a whole: what `run --json` prints.
package struct AnswerReport: Hashable, Sendable, Codable {
    package var model: String
    /// For `job show`; nil where the server named none.
    package var job: String?
    package var text: String
    /// What the model thought before it answered; nil where it did not.
    package var reasoning: String?
    /// `stop`, `length`; nil while the answer goes on.
    package var finishReason: String?
    package var promptTokens: Int?
    package var completionTokens: Int?
    package var phases: RequestPhases?

    package init(model: String, job: String?) {
        self.model = model
        self.job = job
        text = ""
    }

    /// Takes the next part of the answer in.
    package mutating func add(_ part: ReceivedPart) {
        text += part.text
        if !part.reasoning.isEmpty { reasoning = (reasoning ?? "") + part.reasoning }
        if let reason = part.finishReason { finishReason = reason }
        if let tokens = part.promptTokens { promptTokens = tokens }
        if let tokens = part.completionTokens { completionTokens = tokens }
    }

    /// The phases and one line of totals, for people.
    package var summary: String {
        var lines = phases.map { JobReport.phases(of: $0) } ?? ""
        let counts = "\(promptTokens.map(String.init) ?? "-") prompt tokens, \(completionTokens ?? 0) answer tokens"
        lines += "\n" + counts + (speed.map { ", \($0) tokens/s" } ?? "") + "\n"
        return lines + (job.map { "job \($0)\n" } ?? "")
    }

    /// Tokens after the first per second of decoding.
    private var speed: Int? {
        guard let time = phases?.decodeMicroseconds, time > 0, let tokens = completionTokens, tokens > 1 else {
            return nil
        }
        return Int(Double(tokens - 1) * 1e6 / Double(time))
    }
}
