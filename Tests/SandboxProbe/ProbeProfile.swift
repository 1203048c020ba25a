// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Sandbox

/// The processes in whose place the probe is put.
enum ProbeProfile: String, CaseIterable {
    case instance, prewarmed, trainer, template, pack

    /// The profile of a template's children; those of the last two cases are instances.
    var children: SystemCallProfile {
        switch self {
        case .prewarmed: .prewarmedChild
        case .trainer: .trainer
        case .instance, .template, .pack: .instance
        }
    }

    /// What must become of a call here: as in an instance, with these differences.
    func expectation(of call: TriedCall) -> Expectation {
        switch self {
        case .instance: call.inInstance
        case .prewarmed: Self.specialising[call.label] ?? call.inInstance
        case .trainer: Self.training[call.label] ?? call.inInstance
        case .template: Self.forking[call.label] ?? call.inInstance
        case .pack: Self.packing[call.label] ?? Self.packed(call)
        }
    }

    private static let specialising: [String: Expectation] = [
        "recvmsg as a template": .carriedOut(EBADF), "seccomp(SET_MODE_FILTER)": .carriedOut(EFAULT),
    ]

    private static let training: [String: Expectation] = [
        "pread64": .carriedOut(EBADF), "pwrite64": .carriedOut(EBADF), "ftruncate": .carriedOut(EBADF),
        "fdatasync": .carriedOut(EBADF),
    ]

    /// A template has the calls by which its children start, the fork apart: nobody has ordered one.
    private static let forking: [String: Expectation] = [
        "dup2 onto the channel": .carriedOut(EBADF), "dup3 onto the channel": .carriedOut(EBADF),
        "prctl(PR_SET_PDEATHSIG, SIGKILL)": .carriedOut(0), "prctl(PR_GET_TID_ADDRESS)": .carriedOut(EFAULT),
        "sched_setaffinity": .carriedOut(EINVAL), "get_robust_list": .carriedOut(EFAULT), "getppid": .carriedOut(0),
        "close_range as at the start": .carriedOut(0), "seccomp(SET_MODE_FILTER)": .carriedOut(EFAULT),
        "recvmsg as a template": .carriedOut(EBADF), "sendmsg as a template": .carriedOut(EBADF),
    ]

    private static let packing: [String: Expectation] = [
        "pread64": .carriedOut(EBADF), "pwrite64": .carriedOut(EBADF), "lseek": .carriedOut(EBADF),
        "ftruncate": .carriedOut(EBADF), "fsync": .carriedOut(EBADF), "fdatasync": .carriedOut(EBADF),
        "sendmsg as a template": .carriedOut(EBADF), "mremap": .carriedOut(EINVAL), TriedCall.foreign: .ended,
    ]

    /// A packer has neither threads nor sockets, and nothing that it could renounce.
    private static func packed(_ call: TriedCall) -> Expectation {
        let others: Set = [
            "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "eventfd2", "sendto", "recvfrom",
            "set_robust_list", "sched_yield", "sched_getaffinity", "prctl(PR_SET_NAME)", "clone3", "setpriority",
        ]
        return others.contains(call.label) || call.inInstance == .ended ? .named : call.inInstance
    }
}
