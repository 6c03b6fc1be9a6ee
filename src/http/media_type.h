/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The media type of a body.
 */
#pragma once

#include "core/slice.h"

/* True when a Content-Type field names this type, with at most a charset of utf-8 (RFC 9110 §8.3.1). False for an absent field. */
bool media_type_is(struct slice field, struct slice type);
