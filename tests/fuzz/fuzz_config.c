/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file and the environment: no input upsets the reader, and every refusal says why. The input is a file; its
 * lines are the environment as well.
 */
#include "core/config.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/check.h"

#define VARIABLES_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void read_settings(char *const *args, char *const *environment)
{
    struct config config;
    CLEANUP(buf_deinit)
    struct buf fault;
    CLEANUP(buf_deinit)
    struct buf shown;
    buf_init(&fault, 1024);
    buf_init(&shown, 1 << 20);
    if (config_read(&config, args, environment, &fault)) {
        check(fault.len == 0);
        config_format_redacted(&config, &shown);
        check(buf_ok(&shown));
        config_deinit(&config);
    } else {
        check(fault.len > 0 && buf_ok(&fault));
    }
}

static void read_as_file(const uint8_t *data, size_t len)
{
    char argument[64];
    char *args[] = {argument, NULL}, *none[] = {NULL};
    int fd = memfd_create("config", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, data, len) == (ssize_t)len);
    snprintf(argument, sizeof(argument), "--config=/proc/self/fd/%d", fd);
    read_settings(args, none);
    close(fd);
}

static void read_as_words(const uint8_t *data, size_t len)
{
    char *words[VARIABLES_MAX + 1] = {NULL}, *none[] = {NULL};
    struct slice rest = {(const char *)data, len};
    for (size_t i = 0; i < VARIABLES_MAX && slice_present(rest); i++) {
        struct slice line = slice_cut(&rest, '\n');
        words[i] = memory_zeroed(line.len + 1);
        memcpy(words[i], line.ptr, line.len);
    }
    read_settings(none, words);
    read_settings(words, none);
    for (size_t i = 0; i < VARIABLES_MAX; i++) free(words[i]);
}

/* Whether reading it could touch a file of this machine: a secret's _FILE, or --config. */
static bool names_file(struct slice text)
{
    for (; text.len >= 4; text = slice_skip(text, 1)) {
        if (slice_equal_nocase((struct slice){text.ptr, 4}, SLICE("file"))) return true;
        if (slice_starts(text, SLICE("config"))) return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0 || names_file((struct slice){(const char *)data, len})) return 0;
    read_as_file(data, len);
    read_as_words(data, len);
    return 0;
}
