// SPDX-License-Identifier: Apache-2.0
internal import Glibc

extension SystemCallProfile {
    private static let cloneThread: UInt64 = 0x0001_0000
    private static let setName: UInt64 = 15
    private static let setMappingName: UInt64 = 0x5356_4d41

    /// A model instance: computes, and talks over sockets that it was given.
    package static let instance = SystemCallProfile(
        name: "instance",
        rules: SharedRules.memory + SharedRules.memoryAdvice + SharedRules.life + SharedRules.probes + [
            .allow("read", why: "wake-up counter"),
            .allow("write", why: "wake-up counter, messages on stderr"),
            .allow("recvmsg", why: "frames from the daemon"),
            .allow("sendmsg", why: "frames to the daemon"),
            .allow("close", why: "descriptors that are done with"),
            .allow("epoll_create1", why: "waits for channel and wake-up"),
            .allow("epoll_ctl", why: "waits for channel and wake-up"),
            .allow("epoll_wait", why: "waits for channel and wake-up"),
            .allow("epoll_pwait", why: "the same call's name on other processors"),
            .allow("eventfd2", why: "wake-up counter"),
            .allow("poll", why: "waits for a writable channel"),
            .allow("ppoll", why: "the same call's name on other processors"),
            .allow("fstat", why: "stdio asks about stderr"),
            .allow(
                "clone", .masked(argument: 0, mask: cloneThread, value: cloneThread),
                why: "ranks are threads; without CLONE_THREAD it is a fork"),
            .refuse("clone3", ENOSYS, why: "its flags lie in memory; glibc falls back to clone, whose flags are seen"),
            .allow(
                "setpriority", .equals(argument: 0, 0), .equals(argument: 1, 0),
                why: "gives up the priority that its start had; without a capability it cannot raise it"),
            .allow("set_robust_list", why: "a thread's start"),
            .allow("rseq", why: "a thread's start"),
            .allow("sched_yield", why: "a rank that spins lets others run"),
            .allow("sched_getaffinity", why: "glibc sizes thread stacks and arenas"),
            .allow("prctl", .equals(argument: 0, setName), why: "names of threads"),
            .allow("prctl", .equals(argument: 0, setMappingName), why: "glibc names its mappings"),
        ])
}
