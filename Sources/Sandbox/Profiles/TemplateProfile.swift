// SPDX-License-Identifier: Apache-2.0
internal import Glibc

extension SystemCallProfile {
    /// A template whose children have the profile `children`: what they can do, the fork, and the calls by which a child
    /// completes its own sandbox. Each of those has its arguments fixed, so that almost everything else that an attacker
    /// tries under the same name is unlisted, and therefore named.
    package static func template(of children: SystemCallProfile) -> SystemCallProfile {
        let more = (startOfChild + specialising).filter { !children.rules.contains($0) }
        return children.adding(more, name: "template of \(children.name)")
    }

    /// What a child with `profile` takes away from itself when its start is over.
    ///
    /// With a listener, `ask` rules are the keeper's affair for good: it tells the template from its children. Without
    /// one they end the child here. A rule of this filter outranks the template's, hence it is never named.
    package static func renunciation(
        by profile: SystemCallProfile, unlisted: UnlistedCalls
    ) -> SystemCallProfile {
        let kept = Set(profile.rules)
        let given = startOfChild + specialising
        var rules = given.filter { !kept.contains($0) && !(unlisted == .held && $0.action == .ask) }
        for index in rules.indices { rules[index].action = .end }
        if unlisted == .ended {
            rules.append(.end("tgkill", .otherProcess(argument: 0), why: "abort() signals the own process, no other"))
        }
        return SystemCallProfile(name: "renunciation by \(profile.name)", rules: rules)
    }

    /// Whether clone(2) with these flags is the fork of a template.
    static func isFork(flags: UInt64) -> Bool { flags == forkFlags }

    /// CLONE_PARENT, CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID: the only fork there is.
    private static let forkFlags: UInt64 = 0x0000_8000 | 0x0100_0000 | 0x0020_0000
    /// Standard output, standard error and the channel.
    private static let arranged: [UInt64] = [1, 2, 3]

    private static let startOfChild: [SystemCallRule] =
        [
            .ask("clone", .equals(argument: 0, forkFlags), why: "the fork; the keeper allows as many as it ordered"),
            .allow(
                "sendmsg", .equals(argument: 2, CallFlags.noSignal),
                why: "the listener of this very filter, for the keeper, once"),
            .allow(
                "prctl", .equals(argument: 0, CallFlags.getThreadAddress), why: "a fork keeps glibc's thread id right"),
            .allow("get_robust_list", .equals(argument: 0, 0), why: "a fork registers it anew in the child"),
            .allow(
                "sched_setaffinity", .equals(argument: 0, 0), why: "a child stays in the NUMA node that it was given"),
            .allow("getppid", why: "a child finds out whether its keeper died before it began to watch"),
            .allow(
                "prctl", .equals(argument: 0, CallFlags.setParentDeathSignal),
                .equals(argument: 1, UInt64(SIGKILL)), why: "a child does not outlive its keeper"),
            .allow(
                "close_range", .equals(argument: 0, 4), .equals(argument: 1, UInt64(UInt32.max)),
                .equals(argument: 2, 0), why: "a child closes all that is not its own"),
        ]
        + arranged.flatMap { number -> [SystemCallRule] in
            [
                .allow("dup2", .equals(argument: 1, number), why: "a child puts its descriptors in their places"),
                .allow(
                    "dup3", .equals(argument: 1, number), .equals(argument: 2, 0),
                    why: "the same call's name on other processors"),
            ]
        }
}
