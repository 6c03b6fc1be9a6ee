/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows written as JSON by their schema.
 */
#include "api/schema.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "api/schemas.h"

static void writes(const struct schema *schema, const void *row, const char *wanted)
{
    struct buf out;
    buf_init(&out, 65536);
    schema_encode(schema, row, &out);
    assert_true(buf_ok(&out));
    buf_put_char(&out, '\0');
    assert_string_equal(out.ptr, wanted);
    buf_deinit(&out);
}

static void leaves_out_what_is_absent(void **state)
{
    const struct customer row = {.code = SLICE("C1"),
        .name = SLICE(""),
        .version = 7,
        .created_at = 1,
        .updated_at = 86400000};
    (void)state;
    writes(customer_schema(), &row,
        "{\"id\":\"00000000-0000-0000-0000-000000000000\",\"code\":\"C1\",\"name\":\"\","
        "\"sms_opt_out\":false,\"version\":7,\"created_at\":\"1970-01-01T00:00:00.001Z\","
        "\"updated_at\":\"1970-01-02T00:00:00.000Z\"}");
}

static void escapes_texts(void **state)
{
    const struct customer row = {.code = SLICE("\"\\/"),
        .name = SLICE("\x01\n\x7f<\xe6\xbc\xa2>"),
        .phone = SLICE("+254712345678"),
        .language = SLICE("sw"),
        .sms_opt_out = true};
    (void)state;
    writes(customer_schema(), &row,
        "{\"id\":\"00000000-0000-0000-0000-000000000000\",\"code\":\"\\\"\\\\/\","
        "\"name\":\"\\u0001\\n\\u007f<\xe6\xbc\xa2>\",\"phone\":\"+254712345678\",\"language\":"
        "\"sw\","
        "\"sms_opt_out\":true,\"version\":0}");
}

static void writes_an_order(void **state)
{
    const struct order row = {.customer = SLICE("C1"),
        .item = SLICE("Maize"),
        .amount_minor = 1234,
        .currency = SLICE("KWD"),
        .time = 1,
        .version = 1,
        .created_by = SLICE("me"),
        .message_state = MESSAGE_UNKNOWN};
    (void)state;
    writes(order_schema(), &row,
        "{\"id\":\"00000000-0000-0000-0000-000000000000\",\"customer\":\"C1\","
        "\"customer_id\":\"00000000-0000-0000-0000-000000000000\",\"item\":\"Maize\","
        "\"amount\":\"1.234\",\"currency\":\"KWD\",\"time\":\"1970-01-01T00:00:00.001Z\","
        "\"version\":1,\"created_by\":\"me\","
        "\"message\":{\"id\":\"00000000-0000-0000-0000-000000000000\",\"state\":\"unknown\"}}");
}

static void tells_the_story_of_a_message(void **state)
{
    static const struct {
        enum message_state state;
        const char *changes, *history;
    } rows[] = {
        {MESSAGE_SKIPPED, "", "[{\"state\":\"skipped\",\"at\":\"1970-01-01T00:00:00.001Z\"}]"},
        {MESSAGE_QUEUED, "", "[{\"state\":\"queued\",\"at\":\"1970-01-01T00:00:00.001Z\"}]"},
        {MESSAGE_DEAD, ",{\"state\":\"dead\"}",
            "[{\"state\":\"queued\",\"at\":\"1970-01-01T00:00:00.001Z\"},{\"state\":\"dead\"}]"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena arena;
        const struct message row = {
            .created_at = 1, .state = rows[i].state, .history = slice_of(rows[i].changes)};
        arena_init(&arena, 65536);
        struct slice text = schema_render(message_schema(), &row, &arena);
        assert_int_equal(text.ptr[text.len - 1], '\n');
        assert_non_null(strstr(text.ptr, rows[i].history));
        arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_out_what_is_absent),
        cmocka_unit_test(escapes_texts),
        cmocka_unit_test(writes_an_order),
        cmocka_unit_test(tells_the_story_of_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
