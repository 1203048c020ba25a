// SPDX-License-Identifier: Apache-2.0

extension SystemCallProfile {
    /// A model instance: computes, and talks over sockets that it was given.
    package static let instance = SystemCallProfile(
        name: "instance",
        rules: SharedRules.memory + SharedRules.fixedMappings + SharedRules.memoryAdvice + SharedRules.life
            + SharedRules.threads + SharedRules.packets + SharedRules.waiting + SharedRules.probes + [
                .allow(
                    "setpriority", .equals(argument: 0, 0), .equals(argument: 1, 0),
                    why: "gives up the priority that its start had; without a capability it cannot raise it"),
                .ask("tgkill", why: "abort() raises SIGABRT; the keeper lets a process signal itself alone"),
            ])
}
