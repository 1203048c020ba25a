// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "clinux.h"
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { MAXIMUM_EVENTS = 64 };

const uint32_t CLINUX_EPOLLIN = EPOLLIN, CLINUX_EPOLLOUT = EPOLLOUT, CLINUX_EPOLLHUP = EPOLLHUP,
               CLINUX_EPOLLERR = EPOLLERR, CLINUX_EPOLLRDHUP = EPOLLRDHUP;

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t key) {
    struct epoll_event event = {.events = events, .data = {.u64 = key}};
    return epoll_ctl(epoll, operation, fd, &event);
}

int clinux_epoll_wait(int epoll, uint64_t *keys, uint32_t *events, int room, int timeout_ms) {
    struct epoll_event ready[MAXIMUM_EVENTS];
    int count = epoll_wait(epoll, ready, room < MAXIMUM_EVENTS ? room : MAXIMUM_EVENTS, timeout_ms);
    for (int index = 0; index < count; index++) {
        keys[index] = ready[index].data.u64;
        events[index] = ready[index].events;
    }
    return count;
}

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_signalfd(const void *signals) { return signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK); }

int clinux_inotify_watch_directory(const char *path) {
    int descriptor = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (descriptor < 0) return -1;
    if (inotify_add_watch(descriptor, path, IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ATTRIB | IN_ONLYDIR) < 0) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}
