/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict reading of forms: each name once, so that nobody in front of us can have seen another value than we see.
 *
 * Pure but for the arena; worker's thread.
 */
#include "http/form.h"

#include "http/percent.h"

struct slice form_value(const struct form *form, struct slice name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (slice_equal(form->fields[i].name, name)) return form->fields[i].value;
    }
    return slice_absent();
}

static enum err parse_field(struct arena *arena, struct slice pair, struct form *form)
{
    struct parameter field = {.value = SLICE("")};
    if (form->count == HTTP_PARAMETERS_MAX) return ERR_UNKNOWN_PARAMETER;
    struct slice name = slice_cut(&pair, '=');
    if (!percent_decode(arena, name, true, &field.name)) return ERR_MALFORMED;
    if (slice_present(pair) && !percent_decode(arena, pair, true, &field.value)) {
        return ERR_MALFORMED;
    }
    if (slice_present(form_value(form, field.name))) return ERR_BAD_PARAMETER;
    form->fields[form->count++] = field;
    return ERR_OK;
}

enum err form_parse(struct arena *arena, struct slice text, struct form *form)
{
    form->fields = arena_alloc(arena, HTTP_PARAMETERS_MAX * sizeof(struct parameter));
    form->count = 0;
    while (slice_present(text)) {
        struct slice pair = slice_cut(&text, '&');
        enum err err = pair.len > 0 ? parse_field(arena, pair, form) : ERR_OK;
        if (err) return err;
    }
    return ERR_OK;
}
