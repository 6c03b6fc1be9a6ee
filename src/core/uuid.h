/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UUIDs: version 7 for everything the service makes (RFC 9562 §5.7), any version when read.
 */
#pragma once

#include "core/buf.h"

#define UUID_TEXT_LEN 36

struct uuid {
    uint8_t bytes[16];
};

/* A new version 7 identifier; within one thread each is greater than the one before. */
struct uuid uuid_new(void);
/* The 36-character form, hexadecimal in any case. */
bool uuid_parse(struct slice text, struct uuid *out);
/* Lower case; exactly UUID_TEXT_LEN bytes, no NUL. */
void uuid_format(struct uuid id, char out[UUID_TEXT_LEN]);
void buf_put_uuid(struct buf *buf, struct uuid id);

static inline bool uuid_equal(struct uuid a, struct uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}
