/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exposition, line by line, and counts from several threads.
 *
 * Metrics live as long as the process, so each test looks at metrics of its own.
 */
#include "obs/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"

static struct buf exposition;

/* The whole text, NUL-terminated. */
static const char *format(void)
{
    buf_reset(&exposition);
    metrics_format(&exposition);
    buf_put_char(&exposition, '\0');
    assert_true(buf_ok(&exposition));
    return exposition.ptr;
}

static void assert_line(const char *line)
{
    CLEANUP(buf_deinit)
    struct buf framed;
    buf_init(&framed, 4096);
    buf_printf(&framed, "\n%s\n", line);
    buf_put_char(&framed, '\0');
    if (!strstr(format(), framed.ptr)) fail_msg("no line %s in\n%s", line, exposition.ptr);
}

static struct slice route_text(unsigned value)
{
    if (value == 1) return SLICE("/v1/orders");
    if (value == 2) return SLICE("a \"quoted\\one\"\n");
    return slice_absent();
}

static struct slice status_text(unsigned value)
{
    return value == 3 ? SLICE("201") : slice_absent();
}

static void every_metric_has_help_and_type(void **state)
{
    (void)state;
#define COUNTER "counter"
#define GAUGE "gauge"
#define SECONDS "histogram"
#define SIZES "histogram"
#define METRIC(name, kind, text, first, second, help)                                              \
    if (METRIC_##name > 0) assert_line("# HELP " text " " help);                                   \
    assert_line("# TYPE " text " " kind);
#include "obs/metrics.def"
#undef METRIC
    assert_true(
        slice_starts(slice_of(format()), SLICE("# HELP agizo_http_requests_total Requests")));
}

static void counters_without_labels_are_always_there(void **state)
{
    (void)state;
    assert_line("agizo_store_reconnects_total 0");
    metrics_add(METRIC_STORE_RECONNECTS, 0, 0, 1);
    metrics_add(METRIC_STORE_RECONNECTS, 0, 0, 41);
    assert_line("agizo_store_reconnects_total 42");
}

static void labels_are_named_by_their_owner(void **state)
{
    (void)state;
    assert_null(strstr(format(), "agizo_http_requests_total{"));
    metrics_label("route", route_text);
    metrics_label("status", status_text);
    metrics_add(METRIC_HTTP_REQUESTS, 1, 3, 2);
    metrics_add(METRIC_HTTP_REQUESTS, 2, 3, 1);
    metrics_add(METRIC_HTTP_REQUESTS, 1, 5, 1); /* a status without a name */
    metrics_add(METRIC_HTTP_REQUESTS, 63, 3, 1);
    metrics_add(METRIC_TOKENS, 7, 0, 1); /* nobody has named "result" */
    assert_line("agizo_http_requests_total{route=\"/v1/orders\",status=\"201\"} 2");
    assert_line("agizo_http_requests_total{route=\"a \\\"quoted\\\\one\\\"\\n\",status=\"201\"} 1");
    assert_line("agizo_tokens_total{result=\"7\"} 1");
    const char *second =
        strstr(strstr(format(), "agizo_http_requests_total{") + 1, "agizo_http_requests_total{");
    assert_null(strstr(second + 1, "agizo_http_requests_total{"));
}

static void gauges_show_the_last_value(void **state)
{
    (void)state;
    assert_line("agizo_outbox_depth 0");
    metrics_set(METRIC_OUTBOX_DEPTH, 0, 12);
    metrics_set(METRIC_OUTBOX_DEPTH, 0, -5);
    assert_line("agizo_outbox_depth -5");
    assert_null(strstr(format(), "agizo_store_queue_depth{"));
    metrics_set(METRIC_STORE_QUEUE, 2, 0);
    assert_line("agizo_store_queue_depth{link=\"2\"} 0");
}

static void durations_fall_into_buckets(void **state)
{
    (void)state;
    metrics_observe(METRIC_SMS_SECONDS, 0, 0);
    metrics_observe(METRIC_SMS_SECONDS, 0, 500);
    metrics_observe(METRIC_SMS_SECONDS, 0, 501);
    metrics_observe(METRIC_SMS_SECONDS, 0, 10000000);
    metrics_observe(METRIC_SMS_SECONDS, 0, 10000001);
    assert_line("agizo_sms_send_seconds_bucket{le=\"0.0005\"} 2");
    assert_line("agizo_sms_send_seconds_bucket{le=\"0.001\"} 3");
    assert_line("agizo_sms_send_seconds_bucket{le=\"0.25\"} 3");
    assert_line("agizo_sms_send_seconds_bucket{le=\"5\"} 3");
    assert_line("agizo_sms_send_seconds_bucket{le=\"10\"} 4");
    assert_line("agizo_sms_send_seconds_bucket{le=\"+Inf\"} 5");
    assert_line("agizo_sms_send_seconds_sum 20.001002");
    assert_line("agizo_sms_send_seconds_count 5");
}

static void sizes_fall_into_buckets(void **state)
{
    (void)state;
    metrics_observe(METRIC_STORE_BATCH, 0, 1);
    metrics_observe(METRIC_STORE_BATCH, 0, 3);
    metrics_observe(METRIC_STORE_BATCH, 0, 512);
    metrics_observe(METRIC_STORE_BATCH, 0, 513);
    assert_line("agizo_store_batch_size_bucket{le=\"1\"} 1");
    assert_line("agizo_store_batch_size_bucket{le=\"2\"} 1");
    assert_line("agizo_store_batch_size_bucket{le=\"4\"} 2");
    assert_line("agizo_store_batch_size_bucket{le=\"512\"} 3");
    assert_line("agizo_store_batch_size_bucket{le=\"+Inf\"} 4");
    assert_line("agizo_store_batch_size_sum 1029");
    assert_line("agizo_store_batch_size_count 4");
}

static void labelled_histograms_carry_both_labels(void **state)
{
    (void)state;
    metrics_label("route", route_text);
    metrics_observe(METRIC_HTTP_SECONDS, 1, 700);
    assert_line("agizo_http_request_seconds_bucket{route=\"/v1/orders\",le=\"0.0005\"} 0");
    assert_line("agizo_http_request_seconds_bucket{route=\"/v1/orders\",le=\"0.001\"} 1");
    assert_line("agizo_http_request_seconds_sum{route=\"/v1/orders\"} 0.000700");
    assert_line("agizo_http_request_seconds_count{route=\"/v1/orders\"} 1");
}

#define THREADS 4
#define ADDS 100000

static void *add_many(void *argument)
{
    (void)argument;
    for (int i = 0; i < ADDS; i++) metrics_add(METRIC_STORE_SPLITS, 0, 0, 1);
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, NULL), 0);
    }
    (void)format(); /* reading beside the writers */
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_line("agizo_store_batch_splits_total 400000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_metric_has_help_and_type),
        cmocka_unit_test(counters_without_labels_are_always_there),
        cmocka_unit_test(labels_are_named_by_their_owner),
        cmocka_unit_test(gauges_show_the_last_value),
        cmocka_unit_test(durations_fall_into_buckets),
        cmocka_unit_test(sizes_fall_into_buckets),
        cmocka_unit_test(labelled_histograms_carry_both_labels),
        cmocka_unit_test(threads_lose_no_count),
    };
    buf_init(&exposition, 1 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_deinit(&exposition);
    return failed;
}
