/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is sealed, in the hands of strangers: `c` before a cookie, `t` before sealed bytes (which must not open), `p` before a plain text (which
 * is sealed as a cookie, so that what stands behind the seal is reached), `k` before keys.
 */
#include "auth/kept.h"
#include "auth/ticket.h"
#include "core/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct seal seal = {.keys = {{7}, {8}}, .count = 2};

static bool opens(struct slice text)
{
    struct arena arena;
    struct ticket ticket;
    arena_init(&arena, 65536);
    bool opened = ticket_open(&ticket, &seal, text, &arena);
    arena_deinit(&arena);
    return opened;
}

static void judge_kept(struct slice sealed)
{
    struct arena arena;
    struct kept kept;
    const struct kept_owner owner = {SLICE("https://id.example"), SLICE("s")};
    arena_init(&arena, 1 << 20);
    check(!kept_open(&kept, &seal, owner, sealed, &arena));
    arena_deinit(&arena);
}

static void open_cookie(struct slice plain)
{
    CLEANUP(buf_deinit)
    struct buf sealed;
    CLEANUP(buf_deinit)
    struct buf text;
    buf_init(&sealed, 1 << 17);
    buf_init(&text, 1 << 18);
    seal_close(&seal, SLICE("sign-in"), plain, &sealed);
    buf_put_base64url(&text, buf_slice(&sealed));
    check(buf_ok(&text));
    (void)opens(buf_slice(&text));
    text.ptr[text.len / 2] = text.ptr[text.len / 2] == 'A' ? 'B' : 'A';
    check(!opens(buf_slice(&text)));
}

static void read_keys(struct slice text)
{
    struct seal own;
    CLEANUP(buf_deinit)
    struct buf sealed;
    CLEANUP(buf_deinit)
    struct buf plain;
    buf_init(&sealed, 256);
    buf_init(&plain, 256);
    if (!seal_read(&own, text)) return;
    check(own.count == 1 || own.count == SEAL_KEYS_MAX);
    seal_close(&own, SLICE("c"), SLICE("plain"), &sealed);
    check(seal_open(&own, SLICE("c"), buf_slice(&sealed), &plain));
    check(slice_equal(buf_slice(&plain), SLICE("plain")));
    check(!seal_open(&own, SLICE("d"), buf_slice(&sealed), &plain));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 65536) return 0;
    struct slice rest = {(const char *)data + 1, size - 1};
    switch (data[0]) {
    case 'c': check(!opens(rest)); break;
    case 't': judge_kept(rest); break;
    case 'p': open_cookie(rest); break;
    case 'k': read_keys(rest); break;
    default: break;
    }
    return 0;
}
