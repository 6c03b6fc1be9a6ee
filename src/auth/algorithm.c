/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of algorithms and look-ups in it. Stateless; any thread.
 */
#include "auth/algorithm.h"

#include "core/check.h"

static const struct algorithm table[] = {
#define ALGORITHM(id, name, scheme, kind, digest)                                                  \
    [ALGORITHM_##id] = {                                                                           \
        ALGORITHM_##id, {name, sizeof(name) - 1}, SCHEME_##scheme, KEY_##kind, digest},
#include "auth/algorithm.def"
#undef ALGORITHM
};

const struct algorithm *algorithm_find(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (slice_equal(table[i].name, name)) return &table[i];
    }
    return NULL;
}

bool algorithm_same(const struct algorithm *a, const struct algorithm *b)
{
    return a == b || (a->scheme == SCHEME_EDDSA && b->scheme == SCHEME_EDDSA);
}

bool algorithm_set_parse(struct slice names, algorithm_set *out)
{
    *out = 0;
    while (slice_present(names)) {
        struct slice name = slice_cut(&names, ' ');
        if (name.len == 0) continue;
        const struct algorithm *algorithm = algorithm_find(name);
        if (!algorithm) return false;
        *out |= 1u << algorithm->id;
    }
    return *out != 0;
}
