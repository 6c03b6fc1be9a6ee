/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preferences as RFC 7240 writes them, and what nobody should have sent.
 */
#include "http/prefer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"

/* The value of `count` in a request with these fields; NULL when there is none. */
static const char *count_of(const char *first, const char *second)
{
    static char text[64];
    struct field fields[] = {
        {SLICE("Accept"), SLICE("count=wrong")},
        {SLICE("prefer"), slice_of(first)},
        {SLICE("Prefer"), slice_of(second)},
    };
    struct req rq = {.fields = fields, .field_count = second ? 3 : 2};
    struct slice value = req_preference(&rq, SLICE("count"));
    if (!slice_present(value)) return NULL;
    check(value.len < sizeof(text));
    memcpy(text, value.ptr, value.len);
    text[value.len] = '\0';
    return text;
}

static void reads_the_value(void **state)
{
    static const char *const fields[] = {"count=exact", "Count=exact", "count=\"exact\"",
        " count = exact ", "respond-async, count=exact", "count=exact; why=\"a, b\", wait=3",
        "return=minimal;x=1,count=exact,count=other", "x=\"count=no, \\\" count=no\", count=exact",
        ",,count=exact,", "\tcount\t=\texact"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const char *value = count_of(fields[i], NULL);
        if (!value || strcmp(value, "exact") != 0) fail_msg("%s", fields[i]);
    }
}

static void reads_all_fields_the_first_counts(void **state)
{
    (void)state;
    assert_string_equal(count_of("wait=3", "count=exact"), "exact");
    assert_string_equal(count_of("count=planned", "count=exact"), "planned");
    assert_string_equal(count_of("count", "count=exact"), "");
}

static void finds_none(void **state)
{
    static const char *const fields[] = {"", ",", "=", ";", "\"", "counts=exact", "count exact",
        "x; count=exact", "x=\"count=exact\"", "x=\"a, count=exact", "x=\"\\", "\"count\"=exact"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (count_of(fields[i], NULL)) fail_msg("%s", fields[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_value),
        cmocka_unit_test(reads_all_fields_the_first_counts),
        cmocka_unit_test(finds_none),
    };
    return cmocka_run_group_tests_name("prefer", tests, NULL, NULL);
}
