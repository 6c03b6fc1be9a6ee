/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phone numbers from anybody: what is accepted is E.164, and is read back as itself.
 */
#include "core/check.h"
#include "sms/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_reading(struct slice text, enum number_reach reach)
{
    char number[NUMBER_MAX], again[NUMBER_MAX];
    const char *fault;
    if (!number_parse(text, reach, number, &fault)) {
        check(fault != NULL);
        return;
    }
    size_t len = strlen(number);
    check(fault == NULL && number[0] == '+' && len >= 9 && len < NUMBER_MAX);
    check(strspn(number + 1, "0123456789") == len - 1);
    check(number_parse((struct slice){number, len}, reach, again, &fault));
    check(strcmp(number, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    check_reading(text, NUMBER_LISTED);
    check_reading(text, NUMBER_ALL);
    return 0;
}
