/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of a provider about an opaque token: `2` before a body with status 200, `4` before one with status 400, `t` before a token.
 *
 * Beyond crashes it looks for answers that let somebody in without an active token of ours, or for longer than they may.
 */
#include "auth/introspection.h"
#include "auth/introspection_answer.h"
#include "core/json.h"

#define NOW ((int64_t)1800000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct token_rules rules = {
    .issuer = {"https://id.example", 18},
    .audience = {"agizo", 5},
    .roles_claim = {"a.roles", 7},
};

static void check_good(struct slice body, const struct identity *identity)
{
    const char *fault;
    CLEANUP(json_release)
    json_t *fields = json_decode(body, 64, &fault);
    check(json_is_true(json_object_get(fields, "active")) && json_object_get(fields, "aud"));
    check(identity->subject.len > 0 && identity->client_id.len > 0);
    check(identity->expires_at > NOW && identity->expires_at <= NOW + INTROSPECTION_KEEP_MS);
    check(!(identity->permissions >> PERMISSION_COUNT));
}

static void read_answer(int status, struct slice body)
{
    struct arena arena;
    arena_init(&arena, 65536);
    const struct outbound_call call = {
        .result = OUTBOUND_ANSWERED,
        .status = status,
        .media_type = SLICE("application/json"),
        .reply = body,
        .arena = &arena,
    };
    struct introspection_answer answer = introspection_answer_read(&call, &rules, NOW);
    check(!answer.client_refused || answer.fault);
    if (!answer.fault && !answer.refusal) {
        check(status == 200);
        check_good(body, &answer.identity);
    }
    arena_deinit(&arena);
}

static void judge_token(struct slice token)
{
    size_t dots = 0;
    for (size_t i = 0; i < token.len; i++) dots += token.ptr[i] == '.';
    if (dots == 2) check(!introspection_wants(token));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 65536) return 0;
    struct slice rest = {(const char *)data + 1, size - 1};
    switch (data[0]) {
    case '2': read_answer(200, rest); break;
    case '4': read_answer(400, rest); break;
    case 't': judge_token(rest); break;
    default: break;
    }
    return 0;
}
