// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What distinguishes one kind of job from another; each kind is a folder beside this file.
///
/// A plan is a value, made by whoever takes the request. The job's driver asks it when it sends a task, when it counts a
/// reply, and when nobody reads the reply any more.
package protocol JobPlan: Sendable {
    /// The name of the kind in records.
    var kind: JobKind { get }
    /// What an instance is to do.
    var work: TaskWork { get }
    /// Whether the reply's tokens are an answer of the model: then they are counted as its work, and an attempt that goes on
    /// elsewhere is told them.
    var isAnswer: Bool { get }
    /// Tokens that will be read and written, estimated: what placement weighs the job by.
    var estimatedTokens: Int { get }
    /// What becomes of the job when its last reader has left.
    var whenUnread: UnreadReply { get }
}

/// What becomes of a job that nobody reads any more.
package enum UnreadReply: Hashable, Sendable {
    /// It is ended: its reply is for the one who asked, and who has gone.
    case cancel
    /// It goes on: the reply is kept, and somebody will come for it.
    case goOn
}

/// What holds for the kinds that somebody waits for.
extension JobPlan {
    package var isAnswer: Bool { false }
    package var estimatedTokens: Int { promptEstimate }
    package var whenUnread: UnreadReply { .cancel }

    /// Tokens of the prompt. Until an instance has counted them, four bytes are a token.
    var promptEstimate: Int { work.byteCount / 4 }
}

/// Kinds whose reply is an answer of the model.
package protocol AnswerPlan: JobPlan {
    /// How its tokens are chosen.
    var sampling: SamplingParameters { get }
}

extension AnswerPlan {
    package var isAnswer: Bool { true }
    /// An answer without a bound is taken for a middling one.
    package var estimatedTokens: Int { promptEstimate + min(sampling.maximumTokens ?? 512, 1 << 20) }
}
