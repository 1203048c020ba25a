// SPDX-License-Identifier: Apache-2.0

extension SystemCallProfile {
    /// `flowserve pack`: reads one hostile checkpoint by descriptor and writes one artefact; no thread, no socket.
    package static let pack = SystemCallProfile(
        name: "pack",
        rules: SharedRules.memory + SharedRules.movableMappings + SharedRules.memoryAdvice + SharedRules.life
            + SharedRules.ownSignals + SharedRules.probes + [
                .allow("read", why: "the checkpoint"),
                .allow("pread64", why: "the checkpoint"),
                .allow("write", why: "artefact, progress, messages"),
                .allow("pwrite64", why: "the artefact's header comes last"),
                .allow("lseek", why: "size of the checkpoint"),
                .allow("ftruncate", why: "size of the artefact"),
                .allow("fsync", why: "the artefact is on disk before it is named"),
                .allow("fdatasync", why: "the artefact is on disk before it is named"),
                .allow(
                    "sendmsg", .equals(argument: 2, CallFlags.noSignal),
                    why: "the listener of this very filter, for the node daemon, before the checkpoint is read"),
            ])
}
