/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trace Context: the examples and the refusals of the W3C's text.
 */
#include "obs/trace.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"

static void reads_the_trace_id(void **state)
{
    static const char *const good[] = {
        "00-" ID "-00f067aa0ba902b7-01",
        "00-" ID "-00f067aa0ba902b7-00",
        "01-" ID "-00f067aa0ba902b7-01",
        "fe-" ID "-00f067aa0ba902b7-01-what-comes-later",
        "cc-" ID "-00f067aa0ba902b7-01-",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(slice_equal(trace_parse(slice_of(good[i])), SLICE(ID)));
    }
}

static void refuses_everything_else(void **state)
{
    static const char *const bad[] = {
        "",
        "00",
        "ff-" ID "-00f067aa0ba902b7-01",
        "FE-" ID "-00f067aa0ba902b7-01",
        "0-" ID "-00f067aa0ba902b7-01-",
        "00-" ID "-00f067aa0ba902b7-1",
        "00-" ID "-00f067aa0ba902b7-01-",
        "00-" ID "-00f067aa0ba902b7-01-x",
        "00-" ID "-00f067aa0ba902b7-011",
        "01-" ID "-00f067aa0ba902b7-01.x",
        "00-" ID "-00f067aa0ba902b7-0g",
        "00-" ID "-00f067aa0ba902B7-01",
        "00-" ID "-0000000000000000-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00_" ID "-00f067aa0ba902b7-01",
        "00-" ID "_00f067aa0ba902b7-01",
        "00-" ID "-00f067aa0ba902b7_01",
        " 00-" ID "-00f067aa0ba902b7-01",
        "00-" ID "-00f067aa0ba902b7-01 ",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(slice_present(trace_parse(slice_of(bad[i]))));
    }
    assert_false(slice_present(trace_parse(slice_absent())));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_trace_id),
        cmocka_unit_test(refuses_everything_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
