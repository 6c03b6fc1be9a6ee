/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of a token endpoint: `2` before a body with status 200, `3` 307, `4` 400, `1` 401, `f` 403, `5` 502.
 *
 * Beyond crashes it looks for answers that are taken without a token in them, for times out of bounds, and for tokens that could not be
 * kept for a session.
 */
#include "auth/kept.h"
#include "auth/token_reply.h"
#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct seal seal = {.keys = {{7}}, .count = 1};

static void judge_token(struct slice token, size_t max)
{
    if (!slice_present(token)) return;
    check(token.len > 0 && token.len <= max && utf8_valid(token));
    for (size_t i = 0; i < token.len; i++) check(token.ptr[i] >= ' ' && token.ptr[i] <= '~');
}

static void judge_kept(const struct token_reply *reply, struct arena *arena)
{
    struct kept back;
    const struct kept kept = {reply->refresh_token, reply->id_token, slice_absent()};
    const struct kept_owner owner = {SLICE("https://id.example"), SLICE("s")};
    struct slice sealed = kept_seal(&kept, &seal, owner, arena);
    check(kept_open(&back, &seal, owner, sealed, arena));
    check(slice_equal(back.refresh_token, kept.refresh_token));
    check(slice_equal(back.id_token, kept.id_token));
    check(slice_present(back.id_token) == slice_present(kept.id_token));
}

static void judge(const struct token_reply *reply, int status, struct arena *arena)
{
    check((reply->why == NULL) == (reply->answer == ANSWER_GOOD));
    check(reply->answer != ANSWER_LATE);
    check(reply->answer != ANSWER_REFUSED || status == 400 || status == 403);
    if (reply->answer != ANSWER_GOOD) return;
    check(status == 200 && slice_present(reply->access_token));
    check(reply->lifetime_ms >= 30000 && reply->lifetime_ms <= 3600000);
    judge_token(reply->access_token, TOKEN_REPLY_MAX);
    judge_token(reply->id_token, TOKEN_REPLY_MAX);
    judge_token(reply->refresh_token, KEPT_TOKEN_MAX);
    if (reply->id_token.len <= KEPT_TOKEN_MAX)
        judge_kept(reply, arena); /* a longer one is not kept */
}

static void read_reply(int status, struct slice body)
{
    struct arena arena;
    struct token_reply reply;
    arena_init(&arena, 1 << 20);
    const struct outbound_call call = {
        .result = OUTBOUND_ANSWERED,
        .status = status,
        .media_type = SLICE("application/json"),
        .reply = body,
        .arena = &arena,
    };
    token_reply_read(&reply, &call);
    judge(&reply, status, &arena);
    token_reply_deinit(&reply);
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 65536) return 0;
    struct slice body = {(const char *)data + 1, size - 1};
    switch (data[0]) {
    case '2': read_reply(200, body); break;
    case '3': read_reply(307, body); break;
    case '4': read_reply(400, body); break;
    case '1': read_reply(401, body); break;
    case 'f': read_reply(403, body); break;
    case '5': read_reply(502, body); break;
    default: break;
    }
    return 0;
}
