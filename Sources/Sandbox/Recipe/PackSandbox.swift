// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import LinuxKernel

/// The sandbox of `flowserve pack`: entered before the first byte of a checkpoint is looked at.
package enum PackSandbox {
    /// The last of the ids that root gives away: a packer has no children to share it with.
    private static let identity = ProcessIdentity.own(.max)

    /// Metadata of a large vocabulary as it is read, many times over.
    private static let privateMemory: UInt = 16 << 30

    /// Confines the process. It keeps descriptors 0 up to, not including, `descriptorCount`; it can read and write
    /// those, allocate memory, and end.
    ///
    /// - Parameter fileSize: bytes that it may make a file long.
    /// - Parameter prefersListener: whether somebody waits for the listener in the result.
    package static func enter(
        descriptorCount: UInt32, fileSize: UInt, prefersListener: Bool = false
    ) throws(SandboxError) -> ConfinedPacker {
        let parent = getppid()
        let list = try CompiledAllowList(.pack, prefersListener: prefersListener)
        var confinement = Confinement()
        confinement.emptyBoundingSet()
        confinement.takeIdentity(identity)
        try confinement.renouncePrivileges()
        try confinement.endWithParent(parent)
        try confinement.setLimits(
            ResourceLimits(descriptors: 16, fileSize: fileSize, privateMemory: privateMemory))
        confinement.denyFiles()
        try confinement.dropCapabilities()
        try confinement.closeDescriptors(from: descriptorCount)
        let listener = confinement.allowOnly(list)
        return ConfinedPacker(report: confinement.report, listener: listener)
    }
}

/// A packer in its sandbox.
package struct ConfinedPacker {
    package let report: SandboxReport
    /// To be given away before the checkpoint is read, and then closed here with the last reference.
    package let listener: SharedDescriptor?
}
