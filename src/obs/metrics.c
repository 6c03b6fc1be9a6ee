/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One array of counters per writing thread, laid out at compile time; the exposition sums over the arrays.
 *
 * A metric has one series per combination of its label values, a series one or more cells: a counter its count, a histogram its
 * buckets (each counts only its own range; the exposition adds them up) and the sum of what was observed. Only the thread that
 * owns a shard writes it, so an add is a plain load and store that readers may watch (relaxed atomics), without a locked
 * instruction. Gauges are one shared cell per series, since the last writer wins whoever it is.
 *
 * Any thread writes; any thread reads. A shard outlives its thread, so that no count ever goes back.
 * Limits: writing threads live as long as the process (each costs about 50 KiB of mostly untouched memory).
 */
#include "obs/metrics.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/check.h"

enum kind { COUNTER, GAUGE, SECONDS, SIZES };

/* Upper bounds of the buckets: microseconds, and plain counts. One more bucket stands behind them for what is larger. */
static const uint64_t seconds_bounds[] = {500, 1000, 2500, 5000, 10000, 25000, 50000, 100000,
    250000, 500000, 1000000, 2500000, 5000000, 10000000};
static const uint64_t sizes_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

/* Cells of one series. */
enum {
    WIDTH_COUNTER = 1,
    WIDTH_GAUGE = 1,
    WIDTH_SECONDS = ARRAY_LEN(seconds_bounds) + 2,
    WIDTH_SIZES = ARRAY_LEN(sizes_bounds) + 2,
};

#define VALUES(label) (sizeof(label) > 1 ? METRIC_LABEL_MAX : 1)

/* Where the cells of each metric begin. */
enum {
#define METRIC(name, kind, text, first, second, help)                                              \
    OFFSET_##name,                                                                                 \
        END_##name = OFFSET_##name + (int)(VALUES(first) * VALUES(second) * WIDTH_##kind) - 1,
#include "obs/metrics.def"
#undef METRIC
    CELL_COUNT
};

static const struct row {
    enum kind kind;
    int offset, width;
    const char *text, *labels[2];
    unsigned values[2];
    const char *help;
} rows[] = {
#define METRIC(name, kind, text, first, second, help)                                              \
    {kind, OFFSET_##name, WIDTH_##kind, text, {first, second}, {VALUES(first), VALUES(second)},    \
        help},
#include "obs/metrics.def"
#undef METRIC
};

struct shard {
    struct shard *next;
    atomic_uint_fast64_t cells[CELL_COUNT];
};

#define NAMED_MAX 8

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards `shards` and `named` */
static struct shard *shards;
static struct {
    const char *label;
    metric_label_fn *fn;
} named[NAMED_MAX];
static _Thread_local struct shard *mine;

static struct {
    atomic_int_fast64_t value;
    atomic_bool set;
} gauges[METRIC_COUNT][METRIC_LABEL_MAX];

void metrics_label(const char *label, metric_label_fn *fn)
{
    size_t i = 0;
    pthread_mutex_lock(&mutex);
    while (i < NAMED_MAX && named[i].label && strcmp(named[i].label, label) != 0) i++;
    check(i < NAMED_MAX);
    named[i].label = label;
    named[i].fn = fn;
    pthread_mutex_unlock(&mutex);
}

static struct shard *add_shard(void)
{
    struct shard *shard = memory_zeroed(sizeof(*shard));
    pthread_mutex_lock(&mutex);
    shard->next = shards;
    shards = shard;
    pthread_mutex_unlock(&mutex);
    mine = shard;
    return shard;
}

static void add(size_t cell, uint64_t amount)
{
    atomic_uint_fast64_t *at = &(mine ? mine : add_shard())->cells[cell];
    uint64_t old = atomic_load_explicit(at, memory_order_relaxed);
    atomic_store_explicit(at, old + amount, memory_order_relaxed);
}

static size_t series_cell(const struct row *row, unsigned first, unsigned second)
{
    check(first < row->values[0] && second < row->values[1]);
    return (size_t)row->offset + (first * row->values[1] + second) * (size_t)row->width;
}

void metrics_add(enum metric metric, unsigned first, unsigned second, uint64_t amount)
{
    check(metric < METRIC_COUNT && rows[metric].kind == COUNTER);
    add(series_cell(&rows[metric], first, second), amount);
}

void metrics_set(enum metric metric, unsigned first, int64_t value)
{
    check(metric < METRIC_COUNT && rows[metric].kind == GAUGE && first < rows[metric].values[0]);
    atomic_store_explicit(&gauges[metric][first].value, value, memory_order_relaxed);
    atomic_store_explicit(&gauges[metric][first].set, true, memory_order_relaxed);
}

static const uint64_t *bounds_of(const struct row *row, size_t *count)
{
    *count = (size_t)row->width - 2;
    return row->kind == SECONDS ? seconds_bounds : sizes_bounds;
}

void metrics_observe(enum metric metric, unsigned first, uint64_t value)
{
    size_t count, bucket = 0;
    check(metric < METRIC_COUNT && rows[metric].kind >= SECONDS);
    const uint64_t *bounds = bounds_of(&rows[metric], &count);
    size_t cell = series_cell(&rows[metric], first, 0);
    while (bucket < count && value > bounds[bucket]) bucket++;
    add(cell + bucket, 1);
    add(cell + count + 1, value);
}

/* --- The exposition, https://prometheus.io/docs/instrumenting/exposition_formats/, text format 0.0.4 --- */

struct exposition {
    struct buf *out;
    const struct row *row;
    const uint64_t *cells; /* of the series that is written */
    struct slice labels;   /* `route="/v1/orders",status="201"`, empty when none */
};

static void put_escaped(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\\' || c == '"' || c == '\n') buf_put_char(out, '\\');
        buf_put_char(out, c == '\n' ? 'n' : c);
    }
}

/* name<suffix>{labels,le="<bound>"} and the space before the value; `bound` may be absent. */
static void put_name(const struct exposition *e, const char *suffix, struct slice bound)
{
    buf_put_text(e->out, e->row->text);
    buf_put_text(e->out, suffix);
    if (e->labels.len > 0 || slice_present(bound)) {
        buf_put_char(e->out, '{');
        buf_put(e->out, e->labels);
        if (e->labels.len > 0 && slice_present(bound)) buf_put_char(e->out, ',');
        if (slice_present(bound)) buf_printf(e->out, "le=\"%.*s\"", SLICE_ARG(bound));
        buf_put_char(e->out, '}');
    }
    buf_put_char(e->out, ' ');
}

static void put_number(struct buf *out, enum kind kind, uint64_t value)
{
    if (kind == SECONDS) {
        buf_printf(out, "%llu.%06llu", (unsigned long long)(value / 1000000),
            (unsigned long long)(value % 1000000));
    } else {
        buf_put_u64(out, value);
    }
}

/* Prometheus wants the shortest usual form of a bound, e.g. 0.0005, 0.25, 10. */
static struct slice bound_text(enum kind kind, uint64_t bound, struct buf *text)
{
    buf_reset(text);
    put_number(text, kind, bound);
    struct slice whole = buf_slice(text);
    if (kind != SECONDS) return whole;
    while (whole.ptr[whole.len - 1] == '0') whole.len--;
    if (whole.ptr[whole.len - 1] == '.') whole.len--;
    return whole;
}

static void put_histogram(const struct exposition *e)
{
    size_t count;
    uint64_t total = 0;
    const uint64_t *bounds = bounds_of(e->row, &count);
    CLEANUP(buf_deinit)
    struct buf text;
    buf_init(&text, 64);
    for (size_t i = 0; i <= count; i++) {
        total += e->cells[i];
        put_name(
            e, "_bucket", i < count ? bound_text(e->row->kind, bounds[i], &text) : SLICE("+Inf"));
        buf_printf(e->out, "%llu\n", (unsigned long long)total);
    }
    put_name(e, "_sum", slice_absent());
    put_number(e->out, e->row->kind, e->cells[count + 1]);
    buf_put_char(e->out, '\n');
    put_name(e, "_count", slice_absent());
    buf_printf(e->out, "%llu\n", (unsigned long long)total);
}

static bool series_used(const struct exposition *e, unsigned first)
{
    if (e->row->values[0] == 1) return true;
    if (e->row->kind == GAUGE) return gauges[e->row - rows][first].set;
    for (int i = 0; i < e->row->width; i++) {
        if (e->cells[i] != 0) return true;
    }
    return false;
}

/* `label="text",`; false when the value's owner does not know it. A label nobody has named shows its number. */
static bool put_label(struct buf *out, const char *label, unsigned value)
{
    if (label[0] == '\0') return true;
    for (size_t i = 0; i < NAMED_MAX && named[i].label; i++) {
        if (strcmp(named[i].label, label) != 0) continue;
        struct slice text = named[i].fn(value);
        if (!slice_present(text)) return false;
        buf_printf(out, "%s%s=\"", out->len ? "," : "", label);
        put_escaped(out, text);
        buf_put_char(out, '"');
        return true;
    }
    buf_printf(out, "%s%s=\"%u\"", out->len ? "," : "", label, value);
    return true;
}

static void put_series(struct exposition *e, unsigned first, unsigned second)
{
    CLEANUP(buf_deinit)
    struct buf labels;
    buf_init(&labels, 4096);
    if (!series_used(e, first)) return;
    if (!put_label(&labels, e->row->labels[0], first)) return;
    if (!put_label(&labels, e->row->labels[1], second)) return;
    e->labels = buf_slice(&labels);
    if (e->row->kind >= SECONDS) {
        put_histogram(e);
        return;
    }
    put_name(e, "", slice_absent());
    if (e->row->kind == GAUGE) {
        buf_put_i64(e->out, gauges[e->row - rows][first].value);
    } else {
        buf_put_u64(e->out, e->cells[0]);
    }
    buf_put_char(e->out, '\n');
}

static void put_metric(struct buf *out, const struct row *row, const uint64_t *sums)
{
    static const char *const types[] = {"counter", "gauge", "histogram", "histogram"};
    struct exposition e = {.out = out, .row = row};
    buf_printf(
        out, "# HELP %s %s\n# TYPE %s %s\n", row->text, row->help, row->text, types[row->kind]);
    for (unsigned first = 0; first < row->values[0]; first++) {
        for (unsigned second = 0; second < row->values[1]; second++) {
            e.cells = sums + series_cell(row, first, second);
            put_series(&e, first, second);
        }
    }
}

void metrics_format(struct buf *out)
{
    CLEANUP(memory_release)
    uint64_t *sums = memory_zeroed(CELL_COUNT * sizeof(*sums));
    pthread_mutex_lock(&mutex);
    for (struct shard *shard = shards; shard; shard = shard->next) {
        for (size_t i = 0; i < CELL_COUNT; i++) {
            sums[i] += atomic_load_explicit(&shard->cells[i], memory_order_relaxed);
        }
    }
    for (size_t i = 0; i < METRIC_COUNT; i++) put_metric(out, &rows[i], sums);
    pthread_mutex_unlock(&mutex);
}
