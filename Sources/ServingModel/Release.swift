// SPDX-License-Identifier: Apache-2.0

/// What this build is.
package enum Release {
    /// Semantic version, without a leading `v`.
    package static let version = "0.1.0"
}
