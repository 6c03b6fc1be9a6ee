/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idempotency-Key fields: what is accepted is a key, and the same key whether quoted or not.
 */
#include "../unit/request_fixture.h"

#include "api/idempotency.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct identity identity = {.issuer = {"https://id.example", 18}, .subject = {"s", 1}};

static bool read_key(struct slice text, struct store_key *key)
{
    struct req rq;
    struct field field = {SLICE("idempotency-key"), text};
    request_init(&rq);
    rq.method = SLICE("POST");
    rq.target = rq.path = SLICE("/v1/orders");
    rq.identity = &identity;
    rq.fields = &field;
    rq.field_count = 1;
    bool good = req_idempotency_key(&rq, key);
    check(key->present && (good || (rq.phase == REQ_REPLY && rq.reply.status == 400)));
    request_deinit(&rq);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct store_key key, again;
    struct slice text = {size ? (const char *)data : "", size};
    if (!read_key(text, &key)) return 0;
    bool quoted = text.ptr[0] == '"';
    check(size >= 1 && size <= 257 && !memchr(text.ptr + quoted, '"', size - 2 * quoted));
    char *other = memory_zeroed(size + 2);
    if (quoted) {
        memcpy(other, text.ptr + 1, size - 2);
    } else {
        other[0] = other[size + 1] = '"';
        memcpy(other + 1, text.ptr, size);
    }
    check(read_key((struct slice){other, quoted ? size - 2 : size + 2}, &again));
    check(digest_equal_secret(&key.id, &again.id));
    free(other);
    return 0;
}
