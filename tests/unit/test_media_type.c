/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Media types: the one that is wanted, in UTF-8.
 */
#include "http/media_type.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"

static void judges(void **state)
{
    static const struct {
        const char *field;
        bool is_json;
    } rows[] = {
        {"application/json", true},
        {" Application/JSON ", true},
        {"application/json;charset=utf-8", true},
        {"application/json ; charset=UTF-8", true},
        {"application/json; charset=\"utf-8\"", true},
        {NULL, false},
        {"", false},
        {"application/json;", false},
        {"application/json; charset=latin1", false},
        {"application/json; a=b", false},
        {"application/jsonx", false},
        {"text/plain", false},
        {"application/json, application/json", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool is = media_type_is(slice_of(rows[i].field), SLICE("application/json"));
        assert_int_equal(is, rows[i].is_json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
