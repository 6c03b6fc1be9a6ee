/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cursor is base64url(place ‖ rows before it ‖ first 16 bytes of HMAC-SHA-256(secret, list ‖ filters ‖ place ‖ rows before it)).
 *
 * The secret is shared through the database, so a cursor made by one copy of the service is good at another. Filters are bound by
 * value, so a page size may change between pages, a filter may not. Worker's thread.
 */
#include "api/cursor.h"

#define MAC_LEN 16

struct sealed {
    int64_t at;
    struct uuid id;
    uint64_t before;
    uint8_t mac[MAC_LEN];
};
_Static_assert(sizeof(struct sealed) == 48, "a cursor has no padding");

static void sign(struct req *rq, const struct store_list *list, struct sealed *sealed)
{
    const struct slice parts[] = {
        {(const char *)&list->base.verb, sizeof(list->base.verb)},
        list->customer,
        {(const char *)&list->from, sizeof(list->from)},
        {(const char *)&list->to, sizeof(list->to)},
        {(const char *)&list->state, list->by_state ? sizeof(list->state) : 0},
        {(const char *)&list->order, list->by_order ? sizeof(list->order) : 0},
        list->subject,
        list->record,
        list->phone,
        list->words,
        list->currency,
        {(const char *)&list->least, sizeof(list->least)},
        {(const char *)&list->most, sizeof(list->most)},
        {(const char *)sealed, offsetof(struct sealed, mac)},
    };
    struct digest bound = digest_parts(parts, ARRAY_LEN(parts));
    struct digest mac = digest_hmac(store_secret(req_worker(rq)->api->store), digest_slice(&bound));
    memcpy(sealed->mac, mac.bytes, MAC_LEN);
}

struct slice cursor_format(
    struct req *rq, const struct store_list *list, const struct cursor *cursor)
{
    struct sealed sealed = {
        .at = cursor->place.at, .id = cursor->place.id, .before = cursor->before};
    struct buf text CLEANUP(buf_deinit);
    buf_init(&text, 2 * sizeof(sealed));
    sign(rq, list, &sealed);
    buf_put_base64url(&text, (struct slice){(const char *)&sealed, sizeof(sealed)});
    return arena_copy(&rq->arena, buf_slice(&text));
}

bool cursor_parse(
    struct req *rq, struct slice text, const struct store_list *list, struct cursor *out)
{
    struct sealed given, own;
    struct buf bytes CLEANUP(buf_deinit);
    buf_init(&bytes, sizeof(given));
    if (!base64url_decode(text, &bytes) || bytes.len != sizeof(given)) return false;
    memcpy(&given, bytes.ptr, sizeof(given));
    own = given;
    sign(rq, list, &own);
    struct slice mac = {(const char *)given.mac, MAC_LEN};
    if (!slice_equal_secret(mac, (struct slice){(const char *)own.mac, MAC_LEN})) return false;
    *out = (struct cursor){{given.at, given.id}, given.before};
    return true;
}
