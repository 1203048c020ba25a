// SPDX-License-Identifier: Apache-2.0

/// The bounds within which steps are planned.
package struct BatchLimits: Sendable, Equatable {
    /// Rows (tokens of prompts and of answers) of one step. More make a long prompt faster and the pause that it causes
    /// in other answers longer.
    package var rowsPerStep: Int
    /// Tokens of one answer that may be waiting for the reader's acknowledgement; then the sequence pauses.
    package var unacknowledgedTokens: Int

    package init(rowsPerStep: Int = 64, unacknowledgedTokens: Int = 1024) {
        precondition(rowsPerStep > 0 && unacknowledgedTokens > 0, "a batch without rows or a window never ends")
        self.rowsPerStep = rowsPerStep
        self.unacknowledgedTokens = unacknowledgedTokens
    }

    /// Rows that decoding sequences may take while prompts wait: a quarter of the step belongs to the prompts, so that
    /// a full house of answers never shuts a new one out.
    var decodeRowsBesidePrompts: Int { max(1, rowsPerStep - rowsPerStep / 4) }
}
