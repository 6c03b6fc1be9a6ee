/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms from strangers: what is accepted is decoded, bounded and has each name once.
 */
#include "core/check.h"
#include "core/json.h"
#include "http/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct form *form, size_t size)
{
    check(form->count <= HTTP_PARAMETERS_MAX);
    for (size_t i = 0; i < form->count; i++) {
        const struct parameter *field = &form->fields[i];
        check(utf8_valid(field->name) && utf8_valid(field->value));
        check(!memchr(field->name.ptr, '\0', field->name.len));
        check(!field->value.len || !memchr(field->value.ptr, '\0', field->value.len));
        check(field->name.len + field->value.len <= size);
        check(form_value(form, field->name).ptr == field->value.ptr);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct form form;
    arena_init(&arena, HTTP_ARENA_MAX);
    struct slice text = arena_copy(&arena, (struct slice){(const char *)data, size});
    if (form_parse(&arena, text, &form) == ERR_OK) judge(&form, size);
    arena_deinit(&arena);
    return 0;
}
