// SPDX-License-Identifier: Apache-2.0
package import LinuxKernel
package import Messages
package import Sandbox

/// How a template begins: in its sandbox, before anything that nobody vouches for is read.
package enum TemplateConfinement {
    /// Confines the process and tells the keeper on `channel` what is in force. The listener of the filter goes along,
    /// and no copy of it stays here: whoever holds it could let denied calls through.
    ///
    /// - Parameter arguments: those of the command line after the verb, see `TemplateOptions`.
    package static func enter(
        _ options: TemplateOptions, channel: borrowing PacketSocket
    ) throws -> InstanceSandbox {
        let template: ConfinedTemplate
        do {
            template = try InstanceSandbox.enterTemplate(
                children: options.children, identity: options.identity, prefersListener: options.prefersListener)
        } catch {
            // A log that is a file may be out of its reach already.
            _ = try? FromTemplate.failed(message: "\(error)").encoded().withUnsafeBytes {
                try channel.send($0, descriptors: [])
            }
            throw error
        }
        let message = FromTemplate.confined(SandboxState(template.sandbox.report)).encoded()
        let listener = template.listener.map { [$0.rawValue] } ?? []
        _ = try message.withUnsafeBytes { try channel.send($0, descriptors: listener) }
        return template.sandbox
    }
}

/// What a keeper tells a template on its command line.
package struct TemplateOptions: Sendable {
    /// `--identity USER:GROUP`: whom to become where this is root.
    package var identity: ProcessIdentity?
    /// The profile of its children.
    package var children = SystemCallProfile.instance
    /// Whether denied calls are held for the keeper.
    package var prefersListener = true

    package init() {}

    /// nil where the arguments are not a keeper's.
    package init?(arguments: some Collection<String>) {
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--identity":
                guard let value = rest.popFirst(), let identity = ProcessIdentity(value) else { return nil }
                self.identity = identity
            default: return nil
            }
        }
    }
}

extension SandboxState {
    /// The report of a confined process as it travels to keeper and daemon.
    package init(_ report: SandboxReport) {
        let deniedCalls: DeniedCalls =
            switch report.unlisted {
            case .held: .named
            case .ended: .unnamed
            case .passed, nil: .allowed
            }
        self.init(
            deniedCalls: deniedCalls, identity: report.identity,
            missing: report.missing.map { "\($0.step.rawValue): \($0.reason)" }, remarks: report.remarks)
    }
}
