/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set holds exactly what it was made of, whatever the byte.
 */
#include "core/charset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void holds_what_it_was_made_of(void **state)
{
    static const char members[] = "0123456789!?"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz@~";
    static const struct charset set = {
        CHARSET_DIGITS | CHARSET_BIT('!') | CHARSET_BIT('?'),
        CHARSET_LETTERS | CHARSET_BIT('@') | CHARSET_BIT('~'),
    };
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        bool member = memchr(members, byte, sizeof(members) - 1) != NULL;
        assert_int_equal(charset_has(&set, (char)byte), member);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_it_was_made_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
