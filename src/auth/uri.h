/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When two URLs are one (RFC 3986 §6.2.2, §6.2.3).
 */
#pragma once

#include "core/buf.h"
#include "core/check.h"

/* Appends the normal form of an http or https URL, without query and fragment. False when it is none; `out` is then unusable. */
MUST_CHECK bool uri_put_normal(struct buf *out, struct slice url);
