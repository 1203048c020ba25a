// SPDX-License-Identifier: Apache-2.0

/// The bounds within which steps are planned.
package struct BatchLimits: Sendable, Equatable {
    /// Most tokens of one step, those of prompts and those of answers. How many of them prompts take is a matter of how
    /// long steps turn out to be.
    package var tokensPerStep: Int
    /// Tokens of one answer that may be waiting for the reader's acknowledgement; then the sequence pauses.
    package var unacknowledgedTokens: Int
    /// Steps after which a sequence that gets no memory gets it from all others, and then keeps it for as many.
    package var memoryTurnSteps: Int

    /// Bounds; the defaults are those of a serving instance.
    package init(tokensPerStep: Int = 256, unacknowledgedTokens: Int = 1024, memoryTurnSteps: Int = 64) {
        precondition(tokensPerStep > 0 && unacknowledgedTokens > 0, "a batch without tokens or a window never ends")
        precondition(memoryTurnSteps > 0, "a turn lasts a step at least")
        self.tokensPerStep = tokensPerStep
        self.unacknowledgedTokens = unacknowledgedTokens
        self.memoryTurnSteps = memoryTurnSteps
    }

    /// Tokens that decoding sequences may take while prompts wait: a quarter of the step belongs to the prompts, so that
    /// a full house of answers never shuts a new one out.
    var decodeTokensBesidePrompts: Int { max(1, tokensPerStep - tokensPerStep / 4) }
}
