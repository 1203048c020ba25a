// SPDX-License-Identifier: Apache-2.0

/// How urgent a task is: whoever decides about an order serves a lower class with what higher ones leave, ageing
/// excepted.
package enum ServiceClass: String, Hashable, Sendable, Codable, CaseIterable, Comparable {
    /// Somebody waits for each token.
    case interactive
    /// Somebody waits for the result, hours are fine.
    case batch
    /// Nobody waits.
    case background

    /// From the most urgent down.
    package var rank: Int {
        switch self {
        case .interactive: 0
        case .batch: 1
        case .background: 2
        }
    }

    /// By urgency: the most urgent first.
    package static func < (left: ServiceClass, right: ServiceClass) -> Bool { left.rank < right.rank }
}

/// What an instance is to do with a task.
package enum TaskMode: String, Hashable, Sendable, Codable, CaseIterable {
    /// Read the prompt and give the whole reply.
    case serve
    /// Read the prompt, give the first token, and hand the rest over.
    case handOver
    /// Prepare to take the task over from the instance that reads its prompt.
    case standBy
}

/// The token of one task in one step of an instance.
package struct TaskToken: Hashable, Sendable, Codable {
    package var task: TaskID
    package var token: GeneratedToken

    package init(task: TaskID, token: GeneratedToken) {
        self.task = task
        self.token = token
    }
}
