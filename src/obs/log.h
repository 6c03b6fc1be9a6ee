/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines: one JSON object per line on stderr.
 *
 * Every event is a row of obs/log.def (name, level); a line carries the event's fields and, while a request is handled, its request
 * id. Secrets are never fields; phone numbers go through LOG_PHONE, which keeps the country code and the last two digits.
 * Any thread. A line is one write(2); a sink that blocks or fails costs the line, which is counted (metric log_dropped).
 */
#pragma once

#include "core/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum log_event {
#define LOG_EVENT(name, level, text) LOG_##name,
#include "obs/log.def"
#undef LOG_EVENT
    LOG_EVENT_COUNT
};

enum log_kind { LOG_KIND_TEXT, LOG_KIND_NUMBER, LOG_KIND_PHONE };

struct log_field {
    const char *name;
    enum log_kind kind;
    struct slice text;
    int64_t number;
};

#define LOG_TEXT(name, slice) ((struct log_field){(name), LOG_KIND_TEXT, (slice), 0})
#define LOG_NUMBER(name, value)                                                                    \
    ((struct log_field){(name), LOG_KIND_NUMBER, {NULL, 0}, (int64_t)(value)})
#define LOG_PHONE(name, slice) ((struct log_field){(name), LOG_KIND_PHONE, (slice), 0})

/* log_write(LOG_X, LOG_TEXT("why", reason), …): at most 16 fields. */
#define log_write(event, ...)                                                                      \
    log_fields((event), (const struct log_field[]){__VA_ARGS__},                                   \
        sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
void log_fields(enum log_event event, const struct log_field *fields, size_t count);
/* An event without fields. */
void log_event(enum log_event event);

/* Lines below this level are not written; LOG_INFO at start. */
void log_set_level(enum log_level level);
/* The request that this thread handles now, and the trace it belongs to (obs/trace.h); absent when none. Borrowed until replaced. */
void log_set_request(struct slice request_id, struct slice trace_id);
