// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// Where executors leave their records. Saving never waits and never fails towards the caller: an answer is not held
/// back by a disk.
package protocol JobRecording: Sendable {
    /// Notes the record as it stands; a later one of the same job replaces it.
    func save(_ record: JobRecord)
}
