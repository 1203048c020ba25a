// SPDX-License-Identifier: Apache-2.0

/// The bounds within which steps are planned.
package struct BatchLimits: Sendable, Equatable {
    /// Most tokens of one step, those of prompts and those of answers. How many of them prompts take is a matter of how
    /// long steps turn out to be.
    package var tokensPerStep: Int
    /// Tokens of one answer that may be waiting for the reader's acknowledgement; then the sequence pauses.
    package var unacknowledgedTokens: Int

    package init(tokensPerStep: Int = 256, unacknowledgedTokens: Int = 1024) {
        precondition(tokensPerStep > 0 && unacknowledgedTokens > 0, "a batch without tokens or a window never ends")
        self.tokensPerStep = tokensPerStep
        self.unacknowledgedTokens = unacknowledgedTokens
    }

    /// Tokens that decoding sequences may take while prompts wait: a quarter of the step belongs to the prompts, so
    /// that a full house of answers never shuts a new one out.
    var decodeTokensBesidePrompts: Int { max(1, tokensPerStep - tokensPerStep / 4) }
}
