/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cookie fields from strangers: what is found stands in the field, and only one that is whole becomes a session's id.
 */
#include "../unit/request_fixture.h"

#include "api/session_cookie.h"
#include "http/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct digest id;
    struct slice value;
    request_init(&rq);
    struct slice text = arena_copy(&rq.arena, (struct slice){(const char *)data, size});
    struct field field = {SLICE("Cookie"), text};
    rq.fields = &field;
    rq.field_count = 1;
    size_t count = cookie_find(&rq, SESSION_COOKIE, &value);
    check((count > 0) == slice_present(value));
    if (count) check(value.ptr >= text.ptr && value.ptr + value.len <= text.ptr + text.len);
    if (session_cookie_read(&rq, &id) == ERR_OK) check(count == 1 && value.len == 43);
    request_deinit(&rq);
    return 0;
}
