// SPDX-License-Identifier: Apache-2.0

/// The bounds within which steps are planned.
package struct BatchLimits: Sendable, Equatable {
    /// Most rows (tokens of prompts and of answers) of one step. How many of them prompts take is a matter of how long
    /// steps turn out to be.
    package var rowsPerStep: Int
    /// Tokens of one answer that may be waiting for the reader's acknowledgement; then the sequence pauses.
    package var unacknowledgedTokens: Int

    package init(rowsPerStep: Int = 256, unacknowledgedTokens: Int = 1024) {
        precondition(rowsPerStep > 0 && unacknowledgedTokens > 0, "a batch without rows or a window never ends")
        self.rowsPerStep = rowsPerStep
        self.unacknowledgedTokens = unacknowledgedTokens
    }

    /// Rows that decoding sequences may take while prompts wait: a quarter of the step belongs to the prompts, so that
    /// a full house of answers never shuts a new one out.
    var decodeRowsBesidePrompts: Int { max(1, rowsPerStep - rowsPerStep / 4) }
}
