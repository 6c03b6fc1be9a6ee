/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies decoded by their schema: values where they belong, and every fault by its pointer. What each kind of field takes is
 * tested over HTTP (tests/flow/input.test.mjs).
 */
#include "api/schemas.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "api/api.h"
#include "core/json.h"
#include "request_fixture.h"

static struct api api;
static struct api_worker worker = {.api = &api};

static bool decode(struct req *rq, const struct schema *schema, const char *body, void *out)
{
    request_init(rq);
    rq->app = &worker;
    buf_put_text(&rq->body, body);
    return req_decode(rq, schema, out);
}

static void keeps_values(void **state)
{
    struct customer row = {0};
    struct req rq;
    (void)state;
    assert_true(decode(&rq, customer_schema(),
        "{\"name\":\"Asha\",\"code\":\"C1\",\"phone\":\"0712 345 678\",\"language\":\"sw-KE\","
        "\"sms_opt_out\":true}",
        &row));
    assert_int_equal(rq.fault_count, 0);
    assert_int_equal(rq.phase, REQ_ENTER);
    assert_true(slice_equal(row.code, SLICE("C1")));
    assert_true(slice_equal(row.name, SLICE("Asha")));
    assert_true(slice_equal(row.phone, SLICE("+254712345678")));
    assert_true(slice_equal(row.language, SLICE("sw-KE")));
    assert_true(row.sms_opt_out);
    request_deinit(&rq);
}

static void takes_the_numbers_that_the_settings_name(void **state)
{
    static const char body[] = "{\"code\":\"C1\",\"name\":\"A\",\"phone\":\"+44 7911 123456\"}";
    struct customer row = {0};
    struct req rq;
    (void)state;
    assert_false(decode(&rq, customer_schema(), body, &row));
    assert_int_equal(rq.fault_count, 1);
    assert_true(slice_equal(rq.faults[0].pointer, SLICE("/phone")));
    request_deinit(&rq);
    api.numbers = NUMBER_ALL;
    assert_true(decode(&rq, customer_schema(), body, &row));
    assert_true(slice_equal(row.phone, SLICE("+447911123456")));
    request_deinit(&rq);
    api.numbers = NUMBER_LISTED;
}

static void leaves_alone_what_is_missing_or_null(void **state)
{
    struct customer row = {0};
    struct req rq;
    (void)state;
    assert_true(decode(&rq, customer_schema(),
        "{\"code\":\"C1\",\"name\":\"A\",\"phone\":null,\"sms_opt_out\":null}", &row));
    assert_false(slice_present(row.phone));
    assert_false(slice_present(row.language));
    assert_false(row.sms_opt_out);
    request_deinit(&rq);
}

/* Reads the problem document of a refused body. */
static json_t *problem(struct req *rq, int status, const char *code)
{
    const char *fault;
    assert_int_equal(rq->phase, REQ_REPLY);
    assert_int_equal(rq->reply.status, status);
    assert_true(slice_equal(rq->reply.media_type, SLICE("application/problem+json")));
    json_t *document = json_decode(buf_slice(&rq->reply.body), 8, &fault);
    assert_non_null(document);
    assert_string_equal(json_string_value(json_object_get(document, "code")), code);
    return document;
}

static void names_every_fault(void **state)
{
    static const char *const pointers[] = {
        "/customer", "/item", "/amount", "/time", "/external_ref"};
    struct order_input row = {0};
    struct req rq;
    (void)state;
    assert_false(decode(&rq, order_input_schema(),
        "{\"item\":\" \",\"amount\":true,\"time\":\"now\",\"external_ref\":7}", &row));
    json_t *document = problem(&rq, 422, "invalid");
    json_t *errors = json_object_get(document, "errors");
    assert_int_equal(json_array_size(errors), ARRAY_LEN(pointers));
    for (size_t i = 0; i < ARRAY_LEN(pointers); i++) {
        const json_t *pointer = json_object_get(json_array_get(errors, i), "pointer");
        assert_string_equal(json_string_value(pointer), pointers[i]);
    }
    json_decref(document);
    request_deinit(&rq);
}

static void judges_a_value_once(void **state)
{
    struct order_input row = {0};
    struct req rq;
    (void)state;
    assert_false(decode(&rq, order_input_schema(),
        "{\"customer\":\"C1\",\"item\":\"a\",\"amount\":\"1\",\"currency\":\"K S\"}", &row));
    assert_int_equal(rq.fault_count, 1);
    assert_true(slice_equal(rq.faults[0].pointer, SLICE("/currency")));
    request_deinit(&rq);
}

static void names_unknown_members_by_pointer(void **state)
{
    struct customer row = {0};
    struct req rq;
    (void)state;
    assert_false(decode(&rq, customer_schema(), "{\"~a/b\":1,\"id\":\"x\"}", &row));
    json_decref(problem(&rq, 400, "unknown_member"));
    assert_int_equal(rq.fault_count, 2);
    assert_true(slice_equal(rq.faults[0].pointer, SLICE("/~0a~1b")));
    assert_true(slice_equal(rq.faults[1].pointer, SLICE("/id")));
    request_deinit(&rq);
}

static void names_only_so_many(void **state)
{
    struct customer row = {0};
    struct req rq;
    struct buf body;
    (void)state;
    buf_init(&body, 65536);
    buf_put_char(&body, '{');
    for (int i = 0; i < 100; i++) buf_printf(&body, "\"m%d\":1,", i);
    buf_put_text(&body, "\"x\":1}");
    buf_put_char(&body, '\0');
    assert_false(decode(&rq, customer_schema(), body.ptr, &row));
    json_decref(problem(&rq, 400, "unknown_member"));
    assert_int_equal(rq.fault_count, REQ_FAULTS_MAX);
    buf_deinit(&body);
    request_deinit(&rq);
}

static void refuses_what_is_no_object(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *code;
    } rows[] = {
        {"", 400, "malformed"},
        {"{", 400, "malformed"},
        {"{}{}", 400, "malformed"},
        {"{\"code\":1,\"code\":1}", 400, "malformed"},
        {"{\"code\":\"\\ud800\"}", 400, "malformed"},
        {"{\"code\":\"\xff\"}", 400, "malformed"},
        {"[]", 422, "invalid"},
        {"null", 422, "invalid"},
        {"7", 422, "invalid"},
        {"\"x\"", 422, "invalid"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct customer row = {0};
        struct req rq;
        assert_false(decode(&rq, customer_schema(), rows[i].body, &row));
        json_decref(problem(&rq, rows[i].status, rows[i].code));
        request_deinit(&rq);
    }
}

static void takes_numbers_as_they_are_written(void **state)
{
    static const struct {
        const char *amount;
        int64_t minor; /* -1: refused */
    } rows[] = {{"0", 0}, {"12", 1200}, {"12.5", 1250}, {"0.07", 7}, {"4.35", 435},
        {"100.00", 10000}, {"\"1.10\"", 110}, {"9999999999999.9", 999999999999990}, {"1e2", -1},
        {"1.005", -1}, {"-1", -1}, {"[]", -1}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char body[128];
        struct order_input row = {0};
        struct req rq;
        snprintf(body, sizeof(body), "{\"customer\":\"C1\",\"item\":\"a\",\"amount\":%s}",
            rows[i].amount);
        assert_int_equal(decode(&rq, order_input_schema(), body, &row), rows[i].minor >= 0);
        if (rows[i].minor >= 0) assert_int_equal(row.amount_minor, rows[i].minor);
        request_deinit(&rq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_values),
        cmocka_unit_test(takes_the_numbers_that_the_settings_name),
        cmocka_unit_test(leaves_alone_what_is_missing_or_null),
        cmocka_unit_test(names_every_fault),
        cmocka_unit_test(judges_a_value_once),
        cmocka_unit_test(names_unknown_members_by_pointer),
        cmocka_unit_test(names_only_so_many),
        cmocka_unit_test(refuses_what_is_no_object),
        cmocka_unit_test(takes_numbers_as_they_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
