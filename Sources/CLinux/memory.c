// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "clinux.h"
#include <fcntl.h>
#include <sys/mman.h>

const unsigned CLINUX_MFD_CLOEXEC = MFD_CLOEXEC, CLINUX_MFD_ALLOW_SEALING = MFD_ALLOW_SEALING;
const int CLINUX_F_SEAL_SEAL = F_SEAL_SEAL, CLINUX_F_SEAL_SHRINK = F_SEAL_SHRINK, CLINUX_F_SEAL_GROW = F_SEAL_GROW;

int clinux_memfd_create(const char *name, unsigned flags) { return memfd_create(name, flags); }

int clinux_add_seals(int fd, int seals) { return fcntl(fd, F_ADD_SEALS, seals); }
