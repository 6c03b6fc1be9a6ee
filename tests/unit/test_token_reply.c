/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of token endpoints: good ones, refusals in every shape seen, and what is no answer.
 */
#include "auth/token_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/buf.h"

#define JSON "application/json"

static struct token_reply read_text(int status, const char *media_type, const char *text)
{
    struct token_reply reply;
    const struct outbound_call call = {.result = OUTBOUND_ANSWERED,
        .status = status,
        .media_type = slice_of(media_type),
        .reply = slice_of(text)};
    token_reply_read(&reply, &call);
    return reply;
}

static void assert_answer(enum answer answer, int status, const char *media_type, const char *text)
{
    struct token_reply reply = read_text(status, media_type, text);
    assert_int_equal(reply.answer, answer);
    assert_int_equal(reply.why == NULL, answer == ANSWER_GOOD);
    token_reply_deinit(&reply);
}

static void takes_good_ones(void **state)
{
    (void)state;
    struct token_reply reply = read_text(200, "Application/JSON; charset=utf-8",
        "{\"token_type\":\"bearer\",\"access_token\":\"a\",\"id_token\":\"i\",\"refresh_token\":"
        "\"r\","
        "\"expires_in\":600,\"more\":{\"x\":[1]}}");
    assert_int_equal(reply.answer, ANSWER_GOOD);
    assert_true(slice_equal(reply.access_token, SLICE("a")));
    assert_true(slice_equal(reply.id_token, SLICE("i")));
    assert_true(slice_equal(reply.refresh_token, SLICE("r")));
    assert_int_equal(reply.lifetime_ms, 600000);
    token_reply_deinit(&reply);
    reply = read_text(200, JSON, "{\"token_type\":\"Bearer\",\"access_token\":\"a\"}");
    assert_int_equal(reply.answer, ANSWER_GOOD);
    assert_false(slice_present(reply.id_token));
    assert_false(slice_present(reply.refresh_token));
    assert_int_equal(reply.lifetime_ms, 300000);
    token_reply_deinit(&reply);
}

static void bounds_the_lifetime(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {{"600", 600000}, {"86400", 3600000}, {"1e300", 3600000}, {"1", 30000},
        {"0", 300000}, {"-5", 300000}, {"\"600\"", 300000}, {"null", 300000}, {"45.5", 45500}};
    struct buf text;
    (void)state;
    buf_init(&text, 1024);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_reset(&text);
        buf_printf(&text, "{\"token_type\":\"Bearer\",\"access_token\":\"a\",\"expires_in\":%s}%c",
            rows[i].text, '\0');
        struct token_reply reply = read_text(200, JSON, text.ptr);
        assert_int_equal(reply.answer, ANSWER_GOOD);
        assert_int_equal(reply.lifetime_ms, rows[i].ms);
        token_reply_deinit(&reply);
    }
    buf_deinit(&text);
}

/* RP-29. */
static void refuses_what_is_no_token_reply(void **state)
{
    static const char *const texts[] = {"", "<html></html>", "[]", "\"a\"", "{}",
        "{\"access_token\":\"a\"}", "{\"token_type\":\"Bearer\"}",
        "{\"token_type\":\"DPoP\",\"access_token\":\"a\"}",
        "{\"token_type\":\"mac\",\"access_token\":\"a\"}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"\"}",
        "{\"token_type\":\"Bearer\",\"access_token\":7}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"a\\r\\nX: 1\"}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"a\",\"access_token\":\"b\"}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"\\u00e9\"}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"a\",\"id_token\":{}}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"a\",\"id_token\":\"\"}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"a\",\"refresh_token\":\"\\u0001\"}"};
    static const char good[] = "{\"token_type\":\"Bearer\",\"access_token\":\"a\"}";
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_answer(ANSWER_FAULTY, 200, JSON, texts[i]);
    }
    struct token_reply reply = read_text(200, JSON, "[]");
    assert_string_equal(reply.why, "the token reply is no JSON object");
    token_reply_deinit(&reply);
    assert_answer(ANSWER_GOOD, 200, JSON, good);
    assert_answer(ANSWER_FAULTY, 200, "text/html", good);
    assert_answer(ANSWER_FAULTY, 200, "application/jsonp", good);
    assert_answer(ANSWER_FAULTY, 200, NULL, good);
    assert_answer(ANSWER_FAULTY, 201, JSON, good);
    assert_answer(ANSWER_FAULTY, 307, JSON, good);
}

static enum answer with_length(const char *name, int len)
{
    struct buf text;
    struct token_reply reply;
    buf_init(&text, 65536);
    buf_printf(&text, "{\"token_type\":\"Bearer\",%s\"%s\":\"",
        strcmp(name, "access_token") == 0 ? "" : "\"access_token\":\"a\",", name);
    for (int i = 0; i < len; i++) buf_put_char(&text, 'a');
    buf_put(&text, SLICE("\"}\0"));
    reply = read_text(200, JSON, text.ptr);
    enum answer answer = reply.answer;
    token_reply_deinit(&reply);
    buf_deinit(&text);
    return answer;
}

/* What is kept for a session has less room than what is read once. */
static void refuses_tokens_that_are_too_long(void **state)
{
    static const struct {
        const char *name;
        int max;
    } rows[] = {{"access_token", 32768}, {"id_token", 32768}, {"refresh_token", 8192}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(with_length(rows[i].name, rows[i].max), ANSWER_GOOD);
        assert_int_equal(with_length(rows[i].name, rows[i].max + 1), ANSWER_FAULTY);
    }
}

/* RP-16, RP-30. */
static void tells_a_refusal_from_a_fault(void **state)
{
    (void)state;
    assert_answer(ANSWER_REFUSED, 400, JSON, "{\"error\":\"invalid_grant\"}");
    assert_answer(ANSWER_REFUSED, 403, "text/plain", "no");
    assert_answer(ANSWER_REFUSED, 400, NULL, "");
    assert_answer(ANSWER_FAULTY, 401, JSON, "{\"error\":\"invalid_client\"}");
    assert_answer(ANSWER_FAULTY, 400, JSON, "{\"error\":\"invalid_client\"}");
    assert_answer(ANSWER_FAULTY, 400, JSON, "{\"error\":\"unauthorized_client\"}");
    assert_answer(ANSWER_FAULTY, 404, "text/html", "<html>");
    assert_answer(ANSWER_FAULTY, 429, JSON, "{}");
    assert_answer(ANSWER_FAULTY, 500, JSON, "{\"error\":\"invalid_grant\"}");
    assert_answer(ANSWER_FAULTY, 503, NULL, "");
}

static void tells_late_from_away(void **state)
{
    struct token_reply reply;
    (void)state;
    token_reply_read(
        &reply, &(struct outbound_call){.result = OUTBOUND_UNKNOWN, .timed_out = true});
    assert_int_equal(reply.answer, ANSWER_LATE);
    token_reply_read(&reply, &(struct outbound_call){.result = OUTBOUND_UNKNOWN});
    assert_int_equal(reply.answer, ANSWER_FAULTY);
    token_reply_read(&reply, &(struct outbound_call){.result = OUTBOUND_NOT_SENT});
    assert_int_equal(reply.answer, ANSWER_FAULTY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_good_ones),
        cmocka_unit_test(bounds_the_lifetime),
        cmocka_unit_test(refuses_what_is_no_token_reply),
        cmocka_unit_test(refuses_tokens_that_are_too_long),
        cmocka_unit_test(tells_a_refusal_from_a_fault),
        cmocka_unit_test(tells_late_from_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
