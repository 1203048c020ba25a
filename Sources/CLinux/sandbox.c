// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "clinux.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
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

int clinux_seccomp_install(const void *program, size_t bytes) {
    struct sock_fprog filter = {
        .len = (unsigned short)(bytes / sizeof(struct sock_filter)),
        .filter = (struct sock_filter *)program,
    };
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
}
