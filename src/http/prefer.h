/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preferences of a request (RFC 7240): the field `Prefer`.
 */
#pragma once

#include "http/request.h"

/* The value of a preference by name: the first that is given counts, quotes are taken off, nothing in them is unescaped. Empty for one
 * without a value, absent when the preference is not there. */
struct slice req_preference(const struct req *rq, struct slice name);
