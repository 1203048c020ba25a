// SPDX-License-Identifier: Apache-2.0
package import ServingModel

extension StartStages {
    /// What each stage is, for people, in the stages' order.
    static let meanings = [
        (name: "scaler_pre", text: "control group, channel and memory made"),
        (name: "te_pre_load", text: "a confined process without a model"),
        (name: "te_load", text: "the model and its memory mapped"),
        (name: "te_post_load", text: "the engine ready to compute"),
        (name: "scaler_post", text: "its first answer at the node"),
    ]
}

/// A job's record as people read it: what it was, its phases, its attempts.
package enum JobReport {
    /// All of a record.
    package static func text(of job: JobRecord) -> String {
        var head = ListingTable([.text("JOB"), .text(job.id.description)])
        head.add(["MODEL", job.model.text])
        head.add(["KIND", job.kind.rawValue])
        head.add(["STATUS", job.status.rawValue + (job.finishReason.map { " (\($0.rawValue))" } ?? "")])
        if let failure = job.failure { head.add(["FAILURE", failure]) }
        head.add(["TOKENS", "\(job.promptTokens.map(String.init) ?? "-") prompt, \(job.completionTokens) answer"])
        return head.text + "\n" + phases(of: job.phases) + "\n" + tasks(of: job)
    }

    /// One line for each phase of the request's life, in their order.
    package static func phases(of phases: RequestPhases) -> String {
        var table = ListingTable([.text("PHASE"), .number("TIME"), .text("WHAT")])
        let stages = phases.startStages
        let starts = StartStages.meanings.enumerated().map { index, meaning in
            ("  \(meaning.name)", stages?.named[index].microseconds, meaning.text)
        }
        let rows: [(String, Int?, String)] =
            [
                ("queue", phases.queueMicroseconds, "from arrival to a node"),
                ("fork", phases.forkMicroseconds, "waiting for an instance; 0 where one was warm"),
            ] + (stages == nil ? [] : starts) + [
                ("prefill", phases.prefillMicroseconds, "reading the prompt, first token made"),
                ("first token", phases.firstTokenMicroseconds, "from arrival to the first token, all in all"),
                ("decode", phases.decodeMicroseconds, "from the first token to the last"),
            ]
        for (name, time, what) in rows { table.add([name, Figures.duration(microseconds: time), what]) }
        return table.text
    }

    private static func tasks(of job: JobRecord) -> String {
        var table = ListingTable([
            .text("TASK"), .text("NODE"), .text("INSTANCE"), .text("STATUS"), .number("FROM TOKEN"),
            .text("FAILURE"),
        ])
        for task in job.tasks {
            table.add([
                task.id.description, task.node.text, task.instance?.description ?? "-", task.status.rawValue,
                "\(task.firstIndex)", task.failure ?? "",
            ])
        }
        return table.text
    }
}
