/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the reasons. Stateless; any thread.
 */
#include "auth/refusal.h"

#include "core/check.h"

static const struct slice words[] = {
#define REFUSAL(name, word) [REFUSAL_##name] = {word, sizeof(word) - 1},
#include "auth/refusal.def"
#undef REFUSAL
};

struct slice refusal_word(enum refusal refusal)
{
    check(refusal < REFUSAL_COUNT);
    return words[refusal];
}
