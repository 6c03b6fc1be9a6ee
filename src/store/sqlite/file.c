/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Creates and locks the database file.
 *
 * A second service on one file would write and checkpoint beside the first, which group commit and the bug named in connection.c
 * both forbid; so it refuses to start. The lock is an flock(2) on a file of its own: SQLite's locks on the database file would be
 * dropped by any close() of that file in this process. The kernel releases it however the process ends; the empty file stays,
 * because removing it would let two processes lock two different files of one name.
 * Called once, by the thread that opens the store.
 */
#include "store/sqlite/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/slice.h"
#include "obs/log.h"

static void refuse(const char *path, const char *why, int error)
{
    log_write(LOG_STORE_FAULT, LOG_TEXT("path", slice_of(path)), LOG_TEXT("why", slice_of(why)),
        LOG_TEXT("error", error ? slice_of(strerrordesc_np(error)) : slice_absent()));
}

static int create(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) refuse(path, "the file cannot be opened", errno);
    return fd;
}

static int lock(const char *path)
{
    char name[PATH_MAX];
    int len = snprintf(name, sizeof(name), "%s.lock", path);
    check(len >= 0);
    if ((size_t)len >= sizeof(name)) {
        refuse(path, "the path is too long", 0);
        return -1;
    }
    int fd = create(name);
    if (fd < 0) return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    refuse(path, "another process of the service has this database", errno);
    close(fd);
    return -1;
}

int file_take(const char *path)
{
    /* SQLite gives names that begin with a colon, and the empty one, meanings of their own. */
    if (path[0] == '\0' || path[0] == ':') {
        refuse(path, "not the path of a file", 0);
        return -1;
    }
    int lock_fd = lock(path);
    if (lock_fd < 0) return -1;
    int fd = create(path);
    if (fd < 0) {
        close(lock_fd);
        return -1;
    }
    close(fd);
    return lock_fd;
}
