// SPDX-License-Identifier: Apache-2.0
internal import Glibc

extension SystemCallProfile {
    /// A child that was forked before its model is known. It waits for the model's descriptors, maps them, renounces
    /// what only this needed, and is an instance.
    package static let prewarmedChild = instance.adding(specialising, name: "pre-warmed child")

    /// What a pre-warmed child can do and an instance cannot.
    static let specialising: [SystemCallRule] = [
        .allow(
            "recvmsg", .equals(argument: 2, CallFlags.receiveDescriptors),
            why: "descriptors of a fork or of a model come with its order"),
        .allow(
            "seccomp", .equals(argument: 0, CallFlags.setFilter), .equals(argument: 1, 0),
            why: "a child's own filter, which only takes away"),
    ]
}

/// Arguments that rules compare with.
enum CallFlags {
    /// MSG_CMSG_CLOEXEC: descriptors that arrive are closed by an exec.
    static let receiveDescriptors: UInt64 = 0x4000_0000
    static let noSignal = UInt64(MSG_NOSIGNAL)
    /// SECCOMP_SET_MODE_FILTER.
    static let setFilter: UInt64 = 1
    static let setParentDeathSignal: UInt64 = 1
    static let getThreadAddress: UInt64 = 40
}
