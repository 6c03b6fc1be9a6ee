/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading of `Prefer`: a list over all fields of that name, each preference with parameters behind semicolons (RFC 7240 §2).
 *
 * Nobody is refused over a preference: what cannot be read is none. Pure; any thread.
 */
#include "http/prefer.h"

/* slice_cut() that does not look into quoted texts. */
static struct slice cut_unquoted(struct slice *rest, char separator)
{
    bool quoted = false;
    struct slice whole = *rest;
    for (size_t i = 0; i < whole.len; i++) {
        if (whole.ptr[i] == '"') quoted = !quoted;
        if (quoted && whole.ptr[i] == '\\') i++;
        if (quoted || i >= whole.len || whole.ptr[i] != separator) continue;
        *rest = slice_skip(whole, i + 1);
        return (struct slice){whole.ptr, i};
    }
    *rest = slice_absent();
    return whole;
}

static struct slice unquote(struct slice text)
{
    bool quoted = text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"';
    return quoted ? (struct slice){text.ptr + 1, text.len - 2} : text;
}

static struct slice find(struct slice list, struct slice name)
{
    while (slice_present(list)) {
        struct slice preference = cut_unquoted(&list, ',');
        struct slice value = cut_unquoted(&preference, ';');
        struct slice given = slice_trim(slice_cut(&value, '='));
        if (!slice_equal_nocase(given, name)) continue;
        return slice_present(value) ? unquote(slice_trim(value)) : SLICE("");
    }
    return slice_absent();
}

struct slice req_preference(const struct req *rq, struct slice name)
{
    for (size_t i = 0; i < rq->field_count; i++) {
        if (!slice_equal_nocase(rq->fields[i].name, SLICE("Prefer"))) continue;
        struct slice value = find(rq->fields[i].value, name);
        if (slice_present(value)) return value;
    }
    return slice_absent();
}
