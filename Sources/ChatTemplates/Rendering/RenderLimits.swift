// SPDX-License-Identifier: Apache-2.0

/// What one rendering may take; a template comes from a stranger.
package struct RenderLimits: Sendable {
    /// Evaluated parts, with large texts counted by their size.
    package var steps: Int
    /// Bytes of the rendered text, and of any text on the way.
    package var outputBytes: Int

    /// Limits as given; the defaults suit every template in use.
    package init(steps: Int = 2_000_000, outputBytes: Int = 1 << 24) {
        self.steps = steps
        self.outputBytes = outputBytes
    }
}
