// SPDX-License-Identifier: Apache-2.0

/// The sandbox of an instance, in two halves: what a template can do once for all its children, and what each child
/// must do itself.
package struct InstanceSandbox: Sendable {
    private let filter: CompiledFilter
    /// Steps that are not in force, for the children's reports.
    package let missing: [String]

    /// The template's half, after it has opened everything that it needs: privileges, Landlock and capabilities are
    /// inherited, so a child gets them for nothing. The filter is compiled here, which takes ten times as long as
    /// loading it.
    package static func enterTemplate() throws(SandboxError) -> InstanceSandbox {
        let filter = try CompiledFilter(.instance)
        var confinement = Confinement()
        try confinement.renouncePrivileges()
        try confinement.denyFiles()
        try confinement.dropCapabilities()
        return InstanceSandbox(filter: filter, missing: confinement.missing)
    }

    /// The child's half. It keeps descriptors 0 up to, not including, `descriptorCount`.
    package func enterInstance(descriptorCount: UInt32) throws(SandboxError) {
        var confinement = Confinement()
        try confinement.closeDescriptors(from: descriptorCount)
        try confinement.setLimits(descriptors: 32, fileSize: 0)
        try confinement.allowOnly(filter)
    }
}
