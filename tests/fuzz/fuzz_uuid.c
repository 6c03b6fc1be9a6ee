/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UUID texts in: whatever is accepted is the same text but for case.
 */
#include "core/check.h"
#include "core/uuid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice text = {(const char *)data, len};
    char back[UUID_TEXT_LEN];
    struct uuid id;
    if (!uuid_parse(text, &id)) return 0;
    uuid_format(id, back);
    check(slice_equal_nocase(text, (struct slice){back, sizeof(back)}));
    return 0;
}
