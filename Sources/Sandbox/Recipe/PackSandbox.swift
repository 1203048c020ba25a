// SPDX-License-Identifier: Apache-2.0

/// The sandbox of `flowserve pack`: entered before the first byte of a checkpoint is looked at.
package enum PackSandbox {
    /// Confines the process. It keeps descriptors 0 up to, not including, `descriptorCount`; it can read and write
    /// those, allocate memory, and end.
    ///
    /// - Returns: names of steps that are not in force here.
    package static func enter(descriptorCount: UInt32) throws(SandboxError) -> [String] {
        let filter = try CompiledFilter(.pack)
        var confinement = Confinement()
        try confinement.closeDescriptors(from: descriptorCount)
        try confinement.renouncePrivileges()
        // The artefact is as large as its checkpoint: no bound on file size, the store checked the disk before.
        try confinement.setLimits(descriptors: 16, fileSize: UInt.max)
        try confinement.denyFiles()
        try confinement.dropCapabilities()
        try confinement.allowOnly(filter)
        return confinement.missing
    }
}
