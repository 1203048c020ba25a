// SPDX-License-Identifier: Apache-2.0
import Testing

/// Fails the test once for every violation, each with its own line of explanation.
func expectNone(_ violations: [Violation], sourceLocation: SourceLocation = #_sourceLocation) {
    for violation in violations { Issue.record("\(violation.description)", sourceLocation: sourceLocation) }
}
