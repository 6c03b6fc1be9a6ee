/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the token endpoint's answer strictly: status 200, JSON by its media type and by its text, a Bearer token, texts that can be
 * sent on. Everything else is told apart only as far as it matters: whether what we presented was refused.
 *
 * Providers differ in how they refuse (403, or no JSON at all), so any 400 or 403 that does not blame our client is taken as a refusal.
 * Pure; any thread. The JSON belongs to the reply.
 */
#include "auth/token_reply.h"

#include "auth/kept.h"
#include "core/json.h"

/* Members and what a provider adds of its own. */
#define DEPTH_MAX 8
#define LIFETIME_LEAST_MS INT64_C(30000)
#define LIFETIME_MOST_MS INT64_C(3600000)
/* When the provider does not tell (RFC 6749 §5.1 recommends that it does). */
#define LIFETIME_USUAL_MS INT64_C(300000)

enum answer answer_of(const struct outbound_call *call)
{
    if (call->result == OUTBOUND_ANSWERED) return ANSWER_GOOD;
    return call->timed_out ? ANSWER_LATE : ANSWER_FAULTY;
}

bool answer_is_json(const struct outbound_call *call)
{
    struct slice rest = call->media_type;
    return slice_equal_nocase(slice_trim(slice_cut(&rest, ';')), SLICE("application/json"));
}

/* RFC 6749 Appendix A: visible ASCII and space. What is absent is fine; `ok` is left alone. */
static struct slice read_token(const json_t *fields, const char *name, size_t max, bool *ok)
{
    struct slice token = json_text(json_object_get(fields, name));
    if (!json_object_get(fields, name)) return token;
    if (token.len == 0 || token.len > max) *ok = false;
    for (size_t i = 0; i < token.len; i++) {
        if (token.ptr[i] < ' ' || token.ptr[i] > '~') *ok = false;
    }
    return token;
}

static int64_t read_lifetime(const json_t *seconds)
{
    double value = json_number_value(seconds);
    if (!(value > 0)) return LIFETIME_USUAL_MS;
    if (value * 1000 > (double)LIFETIME_MOST_MS) return LIFETIME_MOST_MS;
    int64_t lifetime_ms = (int64_t)(value * 1000);
    return lifetime_ms < LIFETIME_LEAST_MS ? LIFETIME_LEAST_MS : lifetime_ms;
}

static const char *read_fields(struct token_reply *reply)
{
    bool ok = true;
    const json_t *fields = reply->fields;
    if (!json_is_object(fields)) return "the token reply is no JSON object";
    struct slice type = json_text(json_object_get(fields, "token_type"));
    if (!slice_equal_nocase(type, SLICE("Bearer"))) return "the token reply is of no type we use";
    reply->access_token = read_token(fields, "access_token", TOKEN_REPLY_MAX, &ok);
    reply->id_token = read_token(fields, "id_token", TOKEN_REPLY_MAX, &ok);
    reply->refresh_token = read_token(fields, "refresh_token", KEPT_TOKEN_MAX, &ok);
    reply->lifetime_ms = read_lifetime(json_object_get(fields, "expires_in"));
    if (!slice_present(reply->access_token)) return "the token reply has no access token";
    return ok ? NULL : "the token reply has a token that cannot be used";
}

static void fail(struct token_reply *reply, enum answer answer, const char *why)
{
    reply->answer = answer;
    reply->why = why;
}

/* RFC 6749 §5.2. */
static void read_refusal(struct token_reply *reply, int status)
{
    struct slice error = json_text(json_object_get(reply->fields, "error"));
    if (status == 401 || slice_equal(error, SLICE("invalid_client")) ||
        slice_equal(error, SLICE("unauthorized_client"))) {
        fail(reply, ANSWER_FAULTY, "the provider does not accept the client");
    } else if (status == 400 || status == 403) {
        fail(reply, ANSWER_REFUSED, "provider_refused");
    } else {
        fail(reply, ANSWER_FAULTY, "the provider answered with an error or a redirect");
    }
}

void token_reply_read(struct token_reply *reply, const struct outbound_call *call)
{
    const char *fault;
    *reply = (struct token_reply){.answer = answer_of(call)};
    if (reply->answer != ANSWER_GOOD) {
        reply->why = "the provider did not answer";
        return;
    }
    reply->fields = json_decode(call->reply, DEPTH_MAX, &fault);
    if (call->status != 200) {
        read_refusal(reply, call->status);
    } else if (!answer_is_json(call)) {
        fail(reply, ANSWER_FAULTY, "the token reply is not application/json");
    } else if ((fault = read_fields(reply))) {
        fail(reply, ANSWER_FAULTY, fault);
    }
}

void token_reply_deinit(struct token_reply *reply)
{
    json_decref(reply->fields);
    reply->fields = NULL;
}
