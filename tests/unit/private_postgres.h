/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PostgreSQL of the test's own: made in a temporary folder, reached on a socket there, ended and removed with the test.
 *
 * The server is our child and dies with us, also when the test is killed. As root it runs as the user `postgres`, because it
 * refuses root. It keeps nothing safe from a power cut (fsync off): that would only slow the tests down.
 */
#pragma once

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/check.h"
#include "core/slice.h"
#include "remove_folder.h"

struct private_postgres {
    char folder[64], data[80], programs[256];
    pid_t pid;
    int log_fd;
};

/* Starts one of the server's programs; `argv[0]` is its name. Its stderr goes to `log_fd`. */
static pid_t postgres_spawn(struct private_postgres *server, const char *const *argv, int log_fd)
{
    char path[512];
    const struct passwd *user = getpwnam("postgres");
    check(snprintf(path, sizeof(path), "%s/%s", server->programs, argv[0]) < (int)sizeof(path));
    pid_t pid = fork();
    check(pid >= 0);
    if (pid) return pid;
    if (getuid() == 0) {
        check(user && setgroups(0, NULL) == 0);
        check(setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0);
    }
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    dup2(open("/dev/null", O_RDWR), STDOUT_FILENO);
    dup2(log_fd, STDERR_FILENO);
    check(chdir("/") == 0);
    execv(path, (char *const *)(uintptr_t)argv);
    _exit(127);
}

static void postgres_find(struct private_postgres *server)
{
    glob_t found;
    check(glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) == 0);
    const char *newest = found.gl_pathv[found.gl_pathc - 1];
    snprintf(server->programs, sizeof(server->programs), "%s", newest);
    globfree(&found);
}

static void postgres_make(struct private_postgres *server)
{
    const struct passwd *user = getpwnam("postgres");
    int status = 0;
    snprintf(server->folder, sizeof(server->folder), "/tmp/agizo-postgres-XXXXXX");
    check(mkdtemp(server->folder));
    if (getuid() == 0) check(user && chown(server->folder, user->pw_uid, user->pw_gid) == 0);
    snprintf(server->data, sizeof(server->data), "%s/data", server->folder);
    const char *argv[] = {"initdb", "--no-sync", "--locale=C", "--encoding=UTF8",
        "--username=postgres", "--auth=trust", "-D", server->data, NULL};
    pid_t pid = postgres_spawn(server, argv, STDERR_FILENO);
    check(waitpid(pid, &status, 0) == pid && status == 0);
}

/* Reads the server's log until it takes connections. The rest of the log is dropped by the full pipe. */
static void postgres_await(struct private_postgres *server)
{
    char text[8192] = "";
    size_t len = 0;
    while (!strstr(text, "ready to accept connections")) {
        ssize_t got = read(server->log_fd, text + len, sizeof(text) - 1 - len);
        check(got > 0);
        len += (size_t)got;
    }
}

/* Starts the server, for the first time or again after postgres_kill(). */
static void postgres_run(struct private_postgres *server)
{
    int ends[2];
    check(pipe2(ends, O_CLOEXEC) == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    const char *argv[] = {"postgres", "-D", server->data, "-k", server->folder, "-c",
        "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB", NULL};
    server->pid = postgres_spawn(server, argv, ends[1]);
    close(ends[1]);
    server->log_fd = ends[0];
    postgres_await(server);
}

static void postgres_start(struct private_postgres *server)
{
    postgres_find(server);
    postgres_make(server);
    postgres_run(server);
}

/* At once, as in a crash; the data stay. */
static void postgres_kill(struct private_postgres *server)
{
    check(kill(server->pid, SIGQUIT) == 0 && waitpid(server->pid, NULL, 0) == server->pid);
    close(server->log_fd);
}

static void postgres_stop(struct private_postgres *server)
{
    postgres_kill(server);
    remove_folder(server->folder);
}
