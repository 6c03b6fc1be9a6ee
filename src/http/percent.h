/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Percent-encoding (RFC 3986 §2.1), decoded exactly once.
 */
#pragma once

#include "core/arena.h"
#include "core/check.h"

/* Decodes into the arena. False for what RFC 3986 does not allow in a target, for a bad or %00 escape, and for bytes that are not
 * UTF-8; `out` is then left as it was. With `plus_is_space`, `+` is a space: the encoding of forms and queries. */
MUST_CHECK bool percent_decode(
    struct arena *arena, struct slice text, bool plus_is_space, struct slice *out);
