/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters, gauges and histograms, in Prometheus' text format on the admin listener.
 *
 * Every metric is a row of obs/metrics.def. Writing is a relaxed add on memory of the writing thread; reading sums over threads.
 * A metric has up to two labels whose values are small integers; their texts come from a function of the row's owner
 * (metrics_label()), so that no table of routes or states has to be known here.
 */
#pragma once

#include "core/buf.h"

enum metric {
#define METRIC(name, kind, text, first, second, help) METRIC_##name,
#include "obs/metrics.def"
#undef METRIC
    METRIC_COUNT
};

/* Values of one label: below this. */
#define METRIC_LABEL_MAX 64

/* The text of a label's value, e.g. value 2 of label "route" → "/v1/orders"; absent skips the series. */
typedef struct slice metric_label_fn(unsigned value);

/* Names the values of a label of metrics.def, by the label's name; before the first read. */
void metrics_label(const char *label, metric_label_fn *fn);

/* Adds to a counter. Labels that the metric does not have are 0. */
void metrics_add(enum metric metric, unsigned first, unsigned second, uint64_t amount);
/* Sets a gauge; the last writer wins. */
void metrics_set(enum metric metric, unsigned first, int64_t value);
/* Counts a value into a histogram's buckets (microseconds for durations, plain counts for sizes). */
void metrics_observe(enum metric metric, unsigned first, uint64_t value);
/* Appends the whole exposition. */
void metrics_format(struct buf *out);
