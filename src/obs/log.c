/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds a log line on the stack and hands it to stderr without ever waiting for it.
 *
 * A line that grows past LINE_MAX is cut inside the value that does not fit, ends with "cut":true and stays valid JSON; room for
 * that ending is kept back from the start. The sink is chosen at the first line by what stderr is:
 *   socket (the journal)     send(2) with MSG_DONTWAIT
 *   pipe, terminal           opened again through /proc, so that O_NONBLOCK is ours alone: the description behind stderr is shared
 *                            with whoever started us
 *   file, or not openable    write(2) behind a poll(2) that does not wait
 * A write that took only a part has torn its line; the next one starts with a line end to stand alone again.
 *
 * Any thread, no lock: lines up to PIPE_BUF are atomic in a pipe. Nothing is allocated.
 */
#include "obs/log.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/check.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/timestamp.h"
#include "obs/metrics.h"

/* With the line end that may go before it, still PIPE_BUF. */
#define LINE_MAX_LEN 4095
/* The longest ending of a cut line: a text's quote and this. */
#define CUT_ENDING ",\"cut\":true}\n"
#define ROOM_KEPT sizeof(CUT_ENDING)
#define FIELDS_MAX 16
/* A name and a 64-bit number with its punctuation. */
#define NUMBER_MAX 96

_Static_assert(LINE_MAX_LEN + 1 <= PIPE_BUF, "a line is one atomic write");

struct line {
    size_t len;
    bool cut;
    char bytes[LINE_MAX_LEN];
};

static const struct {
    enum log_level level;
    const char *text;
} events[] = {
#define LOG_EVENT(name, level, text) [LOG_##name] = {level, text},
#include "obs/log.def"
#undef LOG_EVENT
};

static atomic_int least = LOG_INFO;
static _Thread_local struct slice request, trace;

static struct {
    pthread_once_t once;
    int fd;
    enum { SINK_POLLED, SINK_NONBLOCKING, SINK_SOCKET } kind;
    atomic_bool torn;
} sink = {.once = PTHREAD_ONCE_INIT, .fd = STDERR_FILENO};

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&least, (int)level, memory_order_relaxed);
}

void log_set_request(struct slice request_id, struct slice trace_id)
{
    request = request_id;
    trace = trace_id;
}

static void choose_sink(void)
{
    struct stat status;
    if (fstat(STDERR_FILENO, &status) != 0) return;
    if (S_ISSOCK(status.st_mode)) sink.kind = SINK_SOCKET;
    if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode)) return;
    int own = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_APPEND | O_NOCTTY | O_CLOEXEC);
    if (own < 0) return;
    sink.fd = own;
    sink.kind = SINK_NONBLOCKING;
}

static ssize_t write_sink(const void *bytes, size_t len)
{
    struct pollfd ready = {.fd = sink.fd, .events = POLLOUT};
    if (sink.kind == SINK_SOCKET) return send(sink.fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sink.kind == SINK_POLLED && poll(&ready, 1, 0) != 1) return -1;
    return write(sink.fd, bytes, len);
}

static void emit(const struct line *line)
{
    char text[LINE_MAX_LEN + 1];
    size_t len = 0;
    pthread_once(&sink.once, choose_sink);
    if (atomic_exchange(&sink.torn, false)) text[len++] = '\n';
    memcpy(text + len, line->bytes, line->len);
    len += line->len;
    ssize_t written = write_sink(text, len);
    if (written == (ssize_t)len) return;
    /* What was torn before is still torn when nothing was written. */
    if (written > 0 || text[0] == '\n') atomic_store(&sink.torn, true);
    metrics_add(METRIC_LOG_DROPPED, 0, 0, 1);
}

/* Appends whole or not at all; after the first that does not fit, nothing fits. */
static bool put(struct line *line, struct slice bytes)
{
    if (line->cut || bytes.len > LINE_MAX_LEN - ROOM_KEPT - line->len) {
        line->cut = true;
        return false;
    }
    memcpy(line->bytes + line->len, bytes.ptr, bytes.len);
    line->len += bytes.len;
    return true;
}

/* Past the limit of put(): into the room kept back. */
static void put_ending(struct line *line, const char *text)
{
    size_t len = strlen(text);
    check(len <= LINE_MAX_LEN - line->len);
    memcpy(line->bytes + line->len, text, len);
    line->len += len;
}

/* The code point of the control at the front of a text, which begins with a whole sequence; -1 when it is none. Beside ASCII's they are
 * U+0080 to U+009F, U+2028 and U+2029: they end lines for some readers and steer terminals. */
static int control_of(struct slice text)
{
    const unsigned char *at = (const unsigned char *)text.ptr;
    if (at[0] < 0x20 || at[0] == 0x7f) return at[0];
    if (at[0] == 0xc2 && at[1] < 0xa0) return at[1];
    if (at[0] == 0xe2 && at[1] == 0x80 && (at[2] & 0xfe) == 0xa8) return 0x2000 | (at[2] & 0x3f);
    return -1;
}

/* One character of a text, escaped; a byte that is not UTF-8 becomes U+FFFD. Returns how many bytes it took. */
static size_t put_one(struct line *line, struct slice rest)
{
    char escaped[12]; /* the compiler allows for eight digits */
    unsigned char c = (unsigned char)rest.ptr[0];
    size_t len = utf8_sequence(rest);
    if (len == 0) {
        put(line, SLICE("\xef\xbf\xbd"));
        return 1;
    }
    int control = control_of(rest);
    if (c == '"' || c == '\\') {
        put(line, (struct slice){(char[]){'\\', (char)c}, 2});
    } else if (control >= 0) {
        snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned)control);
        put(line, slice_of(escaped));
    } else {
        put(line, (struct slice){rest.ptr, len});
    }
    return len;
}

static void put_text(struct line *line, const char *name, struct slice text)
{
    char opening[NUMBER_MAX];
    int len = snprintf(opening, sizeof(opening), ",\"%s\":\"", name);
    check(len > 0 && (size_t)len < sizeof(opening));
    if (!put(line, slice_of(opening))) return;
    while (text.len > 0 && !line->cut) text = slice_skip(text, put_one(line, text));
    /* The closing quote may use the kept room, once: a text that is cut is the last. */
    if (line->cut || !put(line, SLICE("\""))) put_ending(line, "\"");
}

static void put_number(struct line *line, const char *name, int64_t number)
{
    char text[NUMBER_MAX];
    int len = snprintf(text, sizeof(text), ",\"%s\":%lld", name, (long long)number);
    check(len > 0 && (size_t)len < sizeof(text));
    put(line, slice_of(text));
}

/* "+254712345678" → "+2547******78". Fewer digits stay readable the shorter the number is: at most half of it is shown. */
static void put_phone(struct line *line, const char *name, struct slice phone)
{
    char masked[32];
    size_t len = phone.len < sizeof(masked) ? phone.len : sizeof(masked);
    size_t head = phone.len >= 13 ? 5 : phone.len >= 9 ? 2 : 0;
    size_t tail = phone.len >= 9 && phone.len <= sizeof(masked) ? 2 : 0;
    memset(masked, '*', sizeof(masked));
    memcpy(masked, phone.ptr, head);
    if (tail) memcpy(masked + len - tail, phone.ptr + len - tail, tail);
    put_text(line, name, (struct slice){masked, len});
}

static void put_field(struct line *line, const struct log_field *field)
{
    if (field->kind == LOG_KIND_NUMBER) {
        put_number(line, field->name, field->number);
    } else if (!slice_present(field->text)) {
        return;
    } else if (field->kind == LOG_KIND_PHONE) {
        put_phone(line, field->name, field->text);
    } else {
        put_text(line, field->name, field->text);
    }
}

static void put_head(struct line *line, enum log_event event)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    char time[TIMESTAMP_LEN];
    timestamp_format(clock_wall_ms(), time);
    put(line, SLICE("{\"time\":\""));
    put(line, (struct slice){time, sizeof(time)});
    put(line, SLICE("\""));
    put_text(line, "level", slice_of(levels[events[event].level]));
    put_text(line, "event", slice_of(events[event].text));
    if (slice_present(request)) put_text(line, "request_id", request);
    if (slice_present(trace)) put_text(line, "trace_id", trace);
}

void log_fields(enum log_event event, const struct log_field *fields, size_t count)
{
    struct line line = {.len = 0, .cut = false};
    check(event < LOG_EVENT_COUNT && count <= FIELDS_MAX);
    if ((int)events[event].level < atomic_load_explicit(&least, memory_order_relaxed)) return;
    put_head(&line, event);
    for (size_t i = 0; i < count; i++) put_field(&line, &fields[i]);
    put_ending(&line, line.cut ? CUT_ENDING : "}\n");
    emit(&line);
}

void log_event(enum log_event event)
{
    log_fields(event, NULL, 0);
}
