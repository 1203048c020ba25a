// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "clinux.h"
#include <errno.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Debian 12's headers know Landlock up to ABI 2, kernels more: the structure and the rights are written down here.
struct ruleset_attributes {
    uint64_t handled_access_fs, handled_access_net, scoped;
};
enum { CREATE_RULESET = 444, RESTRICT_SELF = 446, CREATE_RULESET_VERSION = 1 };

int clinux_landlock_abi(void) { return (int)syscall(CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION); }

int clinux_landlock_deny_all(int abi) {
    // File rights: 13 in ABI 1, then refer (2), truncate (3), ioctl on devices (5); network from 4; scopes from 6.
    int file_rights = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
    struct ruleset_attributes attributes = {
        .handled_access_fs = (1ull << file_rights) - 1,
        .handled_access_net = abi >= 4 ? 3 : 0,
        .scoped = abi >= 6 ? 3 : 0,
    };
    size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
    int ruleset = (int)syscall(CREATE_RULESET, &attributes, size, 0);
    if (ruleset < 0) return -1;
    int result = (int)syscall(RESTRICT_SELF, ruleset, 0);
    int saved = errno;
    close(ruleset);
    errno = saved;
    return result;
}

int clinux_seccomp_install(const void *program, size_t bytes, unsigned flags) {
    struct sock_fprog filter = {
        .len = (unsigned short)(bytes / sizeof(struct sock_filter)),
        .filter = (struct sock_filter *)program,
    };
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}

int clinux_seccomp_install_by_prctl(const void *program, size_t bytes) {
    struct sock_fprog filter = {
        .len = (unsigned short)(bytes / sizeof(struct sock_filter)),
        .filter = (struct sock_filter *)program,
    };
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

const unsigned CLINUX_SECCOMP_NEW_LISTENER = SECCOMP_FILTER_FLAG_NEW_LISTENER;

// A later kernel's structures may be longer than those of the headers here; it wants all of its own zeroed.
enum { ROOM_FOR_NOTIFICATION = 512 };
typedef union {
    struct seccomp_notif value;
    char room[ROOM_FOR_NOTIFICATION];
} notification_buffer;
typedef union {
    struct seccomp_notif_resp value;
    char room[ROOM_FOR_NOTIFICATION];
} response_buffer;

int clinux_seccomp_receive(int listener, struct clinux_intercepted_call *call) {
    notification_buffer notification;
    memset(&notification, 0, sizeof notification);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) != 0) return -1;
    call->id = notification.value.id;
    call->thread = (int32_t)notification.value.pid;
    call->number = notification.value.data.nr;
    call->architecture = notification.value.data.arch;
    for (int index = 0; index < 6; index++) call->arguments[index] = notification.value.data.args[index];
    return 0;
}

int clinux_seccomp_continue(int listener, uint64_t id) {
    response_buffer response;
    memset(&response, 0, sizeof response);
    response.value.id = id;
    response.value.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

int clinux_seccomp_is_waiting(int listener, uint64_t id) {
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

int clinux_seccomp_wake_at_once(int listener) {
    // SECCOMP_IOCTL_NOTIF_SET_FLAGS with SYNC_WAKE_UP, since Linux 6.6; younger than the headers here.
    return ioctl(listener, SECCOMP_IOW(4, uint64_t), 1ul);
}

int clinux_drop_identity(uint32_t user, uint32_t group) {
    if (setgroups(0, NULL) != 0) return -1;
    if (setresgid(group, group, group) != 0) return -1;
    return setresuid(user, user, user);
}
