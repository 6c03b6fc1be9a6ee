/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statuses as labels of metrics.
 */
#include "http/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/err.h"

static void expect_label(int status)
{
    char text[16];
    snprintf(text, sizeof(text), "%d", status);
    unsigned label = reply_status_label(status);
    if (!label) fail_msg("%d has no label", status);
    assert_true(slice_equal(reply_status_text(label), slice_of(text)));
}

static void every_status_has_a_label(void **state)
{
    static const int good[] = {200, 201, 204, 303, 304};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) expect_label(good[i]);
    for (enum err err = ERR_OK + 1; err < ERR_COUNT; err++) expect_label(err_info(err)->status);
    assert_int_equal(reply_status_label(299), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
