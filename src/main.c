/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: which command, its settings, and for `serve` the signals.
 *
 *   agizo serve | migrate | check-config | version      agizo --help
 *
 * SIGTERM and SIGINT end the service in order (within STOP_MS), a second one at once. SIGPIPE is ignored: a closed connection is an
 * error of its write. Exit status: 0 done, 1 failed, 2 used wrongly.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "api/service.h"
#include "net/outbound.h"
#include "obs/log.h"
#include "store/store.h"
#include "version.h"

/* Of the 10 s within which an ended service is gone. */
#define STOP_MS 8000
#define FAULT_MAX 4096
#define SETTINGS_MAX 65536

typedef int command_fn(const struct config *config);

struct signals {
    struct watch watch;
    struct loop *loop;
};

static void on_signal(struct watch *watch, uint32_t events)
{
    struct signals *signals = CONTAINER_OF(watch, struct signals, watch);
    struct signalfd_siginfo info;
    (void)events;
    if (read(watch->fd, &info, sizeof(info)) != sizeof(info)) return;
    watch_clear(watch);
    loop_stop(signals->loop);
}

/* From here on a further signal has its default effect: the process ends at once. */
static void unblock(const sigset_t *ending)
{
    pthread_sigmask(SIG_UNBLOCK, ending, NULL);
}

static void log_config(const struct config *config)
{
    struct buf text CLEANUP(buf_deinit);
    buf_init(&text, SETTINGS_MAX);
    config_format_redacted(config, &text);
    log_write(LOG_CONFIG, LOG_TEXT("settings", buf_slice(&text)));
}

static int serve(const struct config *config)
{
    struct loop *loop = loop_new();
    struct signals signals = {.loop = loop};
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    /* Before any thread: all inherit the mask, so that only the descriptor sees the signals. */
    pthread_sigmask(SIG_BLOCK, &ending, NULL);
    int signal_fd = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
    check(signal_fd >= 0);
    watch_init(&signals.watch, loop, on_signal);
    watch_set(&signals.watch, signal_fd, EPOLLIN);
    struct service *service = service_start(config, loop);
    /* Threads that did start may still be at work: nothing is taken down under them. */
    if (!service) _exit(1);
    log_config(config);
    log_write(LOG_SERVICE_STARTED, LOG_TEXT("version", SLICE(AGIZO_VERSION)),
        LOG_TEXT("listen", slice_of(config->listen)));
    loop_run(loop);
    log_event(LOG_SERVICE_STOPPING);
    unblock(&ending);
    bool clean = service_stop(service, STOP_MS);
    log_write(LOG_SERVICE_STOPPED, LOG_TEXT("requests", clean ? SLICE("answered") : SLICE("left")));
    close(signal_fd);
    loop_free(loop);
    return clean ? 0 : 1;
}

/* Migrations compose nothing: no hook is called. */
static int migrate(const struct config *config)
{
    const struct store_options options = {.database = config->database};
    return store_migrate(&options) == ERR_OK ? 0 : 1;
}

static int check_config(const struct config *config)
{
    struct buf text CLEANUP(buf_deinit);
    buf_init(&text, SETTINGS_MAX);
    config_format_redacted(config, &text);
    printf("%.*s\n", SLICE_ARG(buf_slice(&text)));
    return 0;
}

static int version(const struct config *config)
{
    (void)config;
    puts("agizo " AGIZO_VERSION);
    return 0;
}

static const struct {
    const char *name, *help;
    command_fn *run;
} commands[] = {
    {"serve", "run the service", serve},
    {"migrate", "apply the database migrations and exit", migrate},
    {"check-config", "print the settings that would be used, without secrets", check_config},
    {"version", "print the version", version},
};

static int usage(FILE *to, int status)
{
    struct buf settings CLEANUP(buf_deinit);
    buf_init(&settings, SETTINGS_MAX);
    fputs("usage: agizo COMMAND [--config FILE] [--SETTING=VALUE ...]\n\ncommands:\n", to);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        fprintf(to, "  %-14s %s\n", commands[i].name, commands[i].help);
    }
    fputs("\nsettings, from --key=value, the environment and the file, in that order:\n", to);
    config_format_help(&settings);
    fwrite(settings.ptr, 1, settings.len, to);
    return status;
}

static bool set_log_level(const char *name)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], name) != 0) continue;
        log_set_level((enum log_level)i);
        return true;
    }
    fprintf(stderr, "agizo: AGIZO_LOG_LEVEL: must be debug, info, warn or error\n");
    return false;
}

static int run(command_fn *command, char **args)
{
    struct config config CLEANUP(config_deinit) = {0};
    struct buf fault CLEANUP(buf_deinit);
    buf_init(&fault, FAULT_MAX);
    if (!config_read(&config, args, environ, &fault)) {
        fprintf(stderr, "agizo: %.*s\n", SLICE_ARG(buf_slice(&fault)));
        return 2;
    }
    if (!set_log_level(config.log_level)) return 2;
    return command(&config);
}

int main(int argc, char **argv)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    check(sigaction(SIGPIPE, &ignore, NULL) == 0);
    outbound_global_init();
    if (argc < 2) return usage(stderr, 2);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) return usage(stdout, 0);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(commands[i].name, argv[1]) == 0) return run(commands[i].run, argv + 2);
    }
    fprintf(stderr, "agizo: there is no command `%s`\n", argv[1]);
    return usage(stderr, 2);
}
