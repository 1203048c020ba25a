// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import LinuxKernel

/// The sandbox of an instance, in two halves: what a template can do once for all its children, and what each child
/// must do itself.
///
/// The template's half comes before it reads a byte of its artefact, and confines the template as its children are
/// confined, the fork and the steps of a child apart. Whatever is inherited costs a child nothing.
package struct InstanceSandbox: Sendable {
    /// What is in force in the template, and therefore in its children.
    package let report: SandboxReport
    private let renunciation: CompiledFilter?
    private let keeper: Int32

    /// Descriptors that a template holds at once at most: its own, and those of an order for many children. A child has
    /// a handful.
    private static let descriptorLimit: UInt = 64

    /// Confines the calling process as a template: steps 1 to 8 and 10. It keeps the descriptors that it has.
    ///
    /// - Parameter children: the profile of the children.
    /// - Parameter identity: whom to become where this is root.
    /// - Parameter prefersListener: whether denied calls are to be held for the keeper, which then must get the listener.
    package static func enterTemplate(
        children: SystemCallProfile = .instance, identity: ProcessIdentity? = nil, prefersListener: Bool = true
    ) throws(SandboxError) -> ConfinedTemplate {
        let keeper = getppid()
        // A message to a log that is a file is lost under the limit on files; it must not end a process.
        signal(SIGXFSZ, SIG_IGN)
        let list = try CompiledAllowList(.template(of: children), prefersListener: prefersListener)
        let renunciation = try UnlistedCalls.ofAllowLists.map { unlisted throws(SandboxError) in
            (unlisted, try CompiledFilter(.renunciation(by: children, unlisted: unlisted), unlisted: .passed))
        }
        var confinement = Confinement()
        confinement.emptyBoundingSet()
        confinement.takeIdentity(identity)
        try confinement.renouncePrivileges()
        try confinement.endWithParent(keeper)
        try confinement.setLimits(ResourceLimits(descriptors: descriptorLimit, fileSize: 0))
        confinement.denyFiles()
        try confinement.dropCapabilities()
        let listener = confinement.allowOnly(list)
        let report = confinement.report
        let sandbox = InstanceSandbox(
            report: report, renunciation: renunciation.first { $0.0 == report.unlisted }?.1, keeper: keeper)
        return ConfinedTemplate(sandbox: sandbox, listener: listener)
    }

    /// The child's half: steps 5, 9 and 10. It keeps descriptors 0 up to, not including, `descriptorCount`.
    package func enterInstance(descriptorCount: UInt32) throws(SandboxError) {
        var confinement = Confinement()
        try confinement.endWithParent(keeper)
        try confinement.closeDescriptors(from: descriptorCount)
        guard let renunciation else { return }
        do throws(SystemCallError) {
            try renunciation.load()
        } catch {
            throw .step(name: ConfinementStep.systemCalls.rawValue, error)
        }
    }
}

/// A template behind its half of the sandbox.
package struct ConfinedTemplate {
    package let sandbox: InstanceSandbox
    /// To be given to the keeper at once and then closed here, with the last reference; nil where denied calls are ended
    /// by the kernel.
    package let listener: SharedDescriptor?
}
