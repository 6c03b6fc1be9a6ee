/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every row of the error table can be shown.
 */
#include "core/err.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool code_char(char c)
{
    return (c >= 'a' && c <= 'z') || c == '_';
}

static void every_row_is_complete(void **state)
{
    (void)state;
    for (enum err err = ERR_OK; err < ERR_COUNT; err++) {
        const struct err_info *info = err_info(err);
        assert_true(
            err == ERR_OK ? info->status == 200 : info->status >= 400 && info->status < 600);
        assert_true(info->code.len > 0 && info->title.len > 0);
        for (size_t i = 0; i < info->code.len; i++) assert_true(code_char(info->code.ptr[i]));
    }
}

static void codes_are_unique(void **state)
{
    (void)state;
    for (enum err a = ERR_OK; a < ERR_COUNT; a++) {
        for (enum err b = ERR_OK; b < a; b++) {
            assert_false(slice_equal(err_info(a)->code, err_info(b)->code));
        }
    }
}

static void success_is_zero(void **state)
{
    (void)state;
    assert_int_equal(ERR_OK, 0);
    assert_int_equal(err_info(ERR_NOT_FOUND)->status, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(codes_are_unique),
        cmocka_unit_test(success_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
