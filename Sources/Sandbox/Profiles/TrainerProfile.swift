// SPDX-License-Identifier: Apache-2.0

extension SystemCallProfile {
    /// A child that trains an adapter: an instance that also reads examples and writes checkpoints and the adapter, all
    /// in files that it was given open. It cannot make, name or remove a file.
    package static let trainer = instance.adding(
        [
            .allow("pread64", why: "examples, by position"),
            .allow("pwrite64", why: "adapter and checkpoints, by position"),
            .allow("ftruncate", why: "a checkpoint that is written again may be shorter"),
            .allow("fdatasync", why: "a checkpoint is on disk before it is reported"),
        ], name: "trainer")
}
