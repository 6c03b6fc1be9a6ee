/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON in: whatever is accepted is shallow, UTF-8, and its texts come back from our own writer unchanged.
 */
#include "core/check.h"
#include "core/json.h"

#define DEPTH_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void write_and_read_back(struct slice text)
{
    const char *fault;
    CLEANUP(buf_deinit)
    struct buf out;
    buf_init(&out, 8 * text.len + 2);
    json_put_text(&out, text);
    CLEANUP(json_release)
    json_t *back = json_decode(buf_slice(&out), 1, &fault);
    check(buf_ok(&out) && slice_equal(json_text(back), text));
}

static void visit(json_t *value, int depth)
{
    const char *name;
    json_t *member;
    size_t index;
    check(depth <= DEPTH_MAX);
    if (json_is_string(value)) write_and_read_back(json_text(value));
    json_array_foreach(value, index, member) visit(member, depth + 1);
    json_object_foreach(value, name, member)
    {
        write_and_read_back(slice_of(name));
        visit(member, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *fault = NULL;
    struct slice text = {(const char *)data, len};
    CLEANUP(json_release)
    json_t *value = json_decode_exact(text, DEPTH_MAX, &fault);
    check((value == NULL) == (fault != NULL));
    if (!value) return 0;
    check(utf8_valid(text));
    visit(value, 0);
    return 0;
}
