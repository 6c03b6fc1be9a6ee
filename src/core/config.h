/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings: from --key=value, the environment, a `key = value` file and the defaults, in that order of precedence.
 *
 * Rows stand in core/config.def. Read once at boot; afterwards the struct is shared read-only by all threads.
 */
#pragma once

#include "core/buf.h"

struct config {
#define TEXT(field, name, preset, help) const char *field;
#define SECRET(field, name, preset, help) const char *field;
#define COUNT(field, name, preset, least, most, help) int64_t field;
#define SECONDS(field, name, preset, least, most, help) int64_t field;
#include "core/config.def"
#undef TEXT
#undef SECRET
#undef COUNT
#undef SECONDS
};

/* Reads the settings. `args` are the words behind the command (`--config=FILE` or `--config FILE`, `--listen=…`); `environment` as
 * environ(7). On failure false, with one line that names the setting, never a secret's value, in `fault`. */
bool config_read(
    struct config *config, char *const *args, char *const *environment, struct buf *fault);
void config_deinit(struct config *config);
/* Appends one JSON object with every setting; secrets as "set" or "". */
void config_format_redacted(const struct config *config, struct buf *out);
/* Appends one line of help per setting. */
void config_format_help(struct buf *out);
