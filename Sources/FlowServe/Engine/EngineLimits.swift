// SPDX-License-Identifier: Apache-2.0

/// The bounds of an engine, apart from those that the model and its memory set.
package struct EngineLimits: Sendable, Equatable {
    /// Tasks that are worked on or wait at the same time; more are refused as overloaded.
    package var maximumTasks: Int
    /// Bounds of the steps.
    package var batch: BatchLimits

    /// Bounds for so many tasks; steps have the usual ones where none are given.
    package init(maximumTasks: Int, batch: BatchLimits = BatchLimits()) {
        self.maximumTasks = maximumTasks
        self.batch = batch
    }
}
