/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each answer of Africa's Talking means, row by row.
 */
#include "sms/classify.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NUMBER "+254712345678"
#define ENTRY(code, status, id)                                                                    \
    "{\"statusCode\":" code ",\"number\":\"" NUMBER "\",\"status\":\"" status                      \
    "\",\"cost\":\"KES 0.8000\",\"messageId\":\"" id "\",\"messageParts\":2}"
#define ANSWER(message, entries)                                                                   \
    "{\"SMSMessageData\":{\"Message\":\"" message "\",\"Recipients\":[" entries "]}}"

static struct arena arena;

static struct outbound_call answered(int status, const char *body)
{
    return (struct outbound_call){
        .result = OUTBOUND_ANSWERED,
        .status = status,
        .reply = slice_of(body),
        .retry_after_ms = -1,
        .arena = &arena,
    };
}

static struct verdict judge(int status, const char *body)
{
    struct outbound_call call = answered(status, body);
    return classify_send(&call, SLICE(NUMBER));
}

struct row {
    int status;
    const char *body;
    enum verdict_class class;
    unsigned flags;
};

static void expect_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct verdict verdict = judge(rows[i].status, rows[i].body);
        if (verdict.class != rows[i].class || verdict.flags != rows[i].flags) {
            fail_msg("HTTP %d %s: class %d flags %u", rows[i].status, rows[i].body,
                (int)verdict.class, verdict.flags);
        }
        assert_int_equal(slice_present(verdict.reason), verdict.class != VERDICT_ACCEPTED);
        assert_true(slice_present(verdict.provider_status));
    }
}

#define REFUSED(code, status) ANSWER("Sent to 0/1", ENTRY(code, status, "None"))

static void judges_each_code(void **state)
{
    static const struct row rows[] = {
        {201, ANSWER("Sent to 1/1", ENTRY("100", "Processed", "ATXid_1")), VERDICT_ACCEPTED, 0},
        {201, ANSWER("Sent to 1/1", ENTRY("101", "Success", "ATXid_1")), VERDICT_ACCEPTED, 0},
        {201, ANSWER("Sent to 1/1", ENTRY("102", "Queued", "ATXid_1")), VERDICT_ACCEPTED, 0},
        {200, ANSWER("Sent to 1/1", ENTRY("101", "Success", "ATXid_1")), VERDICT_ACCEPTED, 0},
        {201, REFUSED("401", "RiskHold"), VERDICT_ACCOUNT_STOP, VERDICT_REFUND},
        {201, REFUSED("402", "InvalidSenderId"), VERDICT_ACCOUNT_STOP, VERDICT_REFUND},
        {201, REFUSED("403", "InvalidPhoneNumber"), VERDICT_PERMANENT, 0},
        {201, REFUSED("404", "UnsupportedNumberType"), VERDICT_PERMANENT, 0},
        {201, REFUSED("405", "InsufficientBalance"), VERDICT_ACCOUNT_STOP, VERDICT_REFUND},
        {201, REFUSED("406", "UserInBlacklist"), VERDICT_PERMANENT_SUPPRESS, 0},
        {201, REFUSED("407", "CouldNotRoute"), VERDICT_RETRY_LIMITED, 0},
        {201, REFUSED("409", "DoNotDisturbRejection"), VERDICT_PERMANENT, 0},
        {201, REFUSED("500", "InternalServerError"), VERDICT_RETRY, 0},
        {201, REFUSED("501", "GatewayError"), VERDICT_RETRY, 0},
        {201, REFUSED("502", "RejectedByGateway"), VERDICT_RETRY_LIMITED, 0},
        {201, REFUSED("999", "Surprise"), VERDICT_PERMANENT, VERDICT_ALARM},
        {201, REFUSED("0", ""), VERDICT_PERMANENT, VERDICT_ALARM},
        {201, REFUSED("-101", "Success"), VERDICT_PERMANENT, VERDICT_ALARM},
    };
    (void)state;
    expect_rows(rows, ARRAY_LEN(rows));
    assert_int_equal(judge(201, REFUSED("407", "CouldNotRoute")).retries, 1);
    assert_int_equal(judge(201, REFUSED("407", "CouldNotRoute")).delay_ms, 3600000);
    assert_int_equal(judge(201, REFUSED("502", "RejectedByGateway")).retries, 2);
}

static void keeps_what_the_gateway_says(void **state)
{
    (void)state;
    struct verdict verdict = judge(201, ANSWER("", ENTRY("102", "Queued", "ATXid_77")));
    assert_true(slice_equal(verdict.provider_id, SLICE("ATXid_77")));
    assert_true(slice_equal(verdict.provider_status, SLICE("102 Queued")));
    assert_true(slice_equal(verdict.cost, SLICE("KES 0.8000")));
    assert_int_equal(verdict.parts, 2);
    verdict = judge(201, REFUSED("403", "InvalidPhoneNumber"));
    assert_false(slice_present(verdict.provider_id));
    assert_true(slice_equal(verdict.provider_status, SLICE("403 InvalidPhoneNumber")));
}

static void cuts_long_words_between_characters(void **state)
{
    (void)state;
    struct verdict verdict = judge(
        201, ANSWER("", "{\"statusCode\":102,\"messageId\":\"ATXid_"
                        "123456789012345678901234567890123456789012345678901234567é89\",\"cost\":7,"
                        "\"messageParts\":70000}"));
    assert_int_equal(verdict.class, VERDICT_ACCEPTED);
    assert_int_equal(verdict.provider_id.len, 63);
    assert_false(slice_present(verdict.cost));
    assert_int_equal(verdict.parts, 0);
}

/* A message id says that it was taken; "None" that it was not. What they contradict is not believed. */
static void doubts_contradictions(void **state)
{
    static const struct row rows[] = {
        {201, ANSWER("", ENTRY("500", "InternalServerError", "ATXid_1")), VERDICT_UNKNOWN, 0},
        {201, ANSWER("", ENTRY("501", "GatewayError", "ATXid_1")), VERDICT_UNKNOWN, 0},
        {201, ANSWER("", ENTRY("501", "GatewayError", "")), VERDICT_UNKNOWN, 0},
        {201, ANSWER("", "{\"statusCode\":500}"), VERDICT_UNKNOWN, 0},
        {201, ANSWER("", ENTRY("502", "RejectedByGateway", "ATXid_1")), VERDICT_UNKNOWN, 0},
        {201, ANSWER("", ENTRY("405", "InsufficientBalance", "ATXid_1")), VERDICT_UNKNOWN, 0},
        {201, ANSWER("", ENTRY("101", "Success", "None")), VERDICT_UNKNOWN, 0},
        {201, ANSWER("", "{\"statusCode\":101}"), VERDICT_UNKNOWN, 0},
        {201, ANSWER("", ENTRY("403", "InvalidPhoneNumber", "ATXid_1")), VERDICT_PERMANENT, 0},
    };
    (void)state;
    expect_rows(rows, ARRAY_LEN(rows));
}

static void judges_refusals_of_the_whole_request(void **state)
{
    static const struct row rows[] = {
        {201, ANSWER("InvalidSenderId", ""), VERDICT_ACCOUNT_STOP, VERDICT_REFUND},
        {201, ANSWER("InsufficientBalance", ""), VERDICT_ACCOUNT_STOP, VERDICT_REFUND},
        {201, ANSWER("UserInBlacklist", ""), VERDICT_PERMANENT_SUPPRESS, 0},
        {201, ANSWER("Sent to 0/1 Total Cost: 0", ""), VERDICT_PERMANENT, VERDICT_ALARM},
        {201, ANSWER("", ""), VERDICT_PERMANENT, VERDICT_ALARM},
        {201, "{\"SMSMessageData\":{\"Recipients\":[]}}", VERDICT_PERMANENT, VERDICT_ALARM},
        {200, ANSWER("InvalidSenderId", ""), VERDICT_ACCOUNT_STOP, VERDICT_REFUND},
        /* Without an entry nothing says that the message was not taken. */
        {201, ANSWER("InternalServerError", ""), VERDICT_UNKNOWN, 0},
        {500, ANSWER("GatewayError", ""), VERDICT_UNKNOWN, 0},
        {201, ANSWER("RejectedByGateway", ""), VERDICT_UNKNOWN, 0},
    };
    (void)state;
    expect_rows(rows, ARRAY_LEN(rows));
    assert_true(slice_equal(
        judge(201, ANSWER("InvalidSenderId", "")).provider_status, SLICE("InvalidSenderId")));
}

static void finds_our_recipient_among_several(void **state)
{
#define OTHER                                                                                      \
    "{\"statusCode\":403,\"number\":\"+254700000000\",\"status\":\"x\",\"messageId\":\"None\"}"
    static const struct row rows[] = {
        {201, ANSWER("", OTHER "," ENTRY("101", "Success", "ATXid_1")), VERDICT_ACCEPTED, 0},
        {201, ANSWER("", ENTRY("101", "Success", "ATXid_1") "," OTHER), VERDICT_ACCEPTED, 0},
        {201, ANSWER("", OTHER "," OTHER), VERDICT_UNKNOWN, 0},
        {201,
            ANSWER("",
                ENTRY("101", "Success", "ATXid_1") "," ENTRY("403", "InvalidPhoneNumber", "None")),
            VERDICT_UNKNOWN, 0},
    };
    (void)state;
    expect_rows(rows, ARRAY_LEN(rows));
}

static void an_unreadable_success_is_unknown(void **state)
{
    static const struct row rows[] = {
        {201, "", VERDICT_UNKNOWN, 0},
        {201, "<html><body>OK</body></html>", VERDICT_UNKNOWN, 0},
        {200, "<html><body>OK</body></html>", VERDICT_UNKNOWN, 0},
        {201, "<AfricasTalkingResponse><SMSMessageData/></AfricasTalkingResponse>", VERDICT_UNKNOWN,
            0},
        {201, "{\"SMSMessageData\":{\"Message\":\"Sent to 1/1\",\"Recipients\":[{\"statusCode\":10",
            VERDICT_UNKNOWN, 0},
        {201, "null", VERDICT_UNKNOWN, 0},
        {201, "[]", VERDICT_UNKNOWN, 0},
        {201, "{}", VERDICT_UNKNOWN, 0},
        {201, "{\"SMSMessageData\":null}", VERDICT_UNKNOWN, 0},
        {201, "{\"SMSMessageData\":{\"Recipients\":{}}}", VERDICT_UNKNOWN, 0},
        {201, ANSWER("", "null"), VERDICT_UNKNOWN, 0},
        {201, ANSWER("", "{}"), VERDICT_UNKNOWN, 0},
        {201, ANSWER("", "{\"statusCode\":\"101\",\"messageId\":\"ATXid_1\"}"), VERDICT_UNKNOWN, 0},
        {201, ANSWER("", "{\"statusCode\":101.5,\"messageId\":\"ATXid_1\"}"), VERDICT_UNKNOWN, 0},
        {204, "", VERDICT_UNKNOWN, 0},
    };
    (void)state;
    expect_rows(rows, ARRAY_LEN(rows));
}

static void judges_http_statuses(void **state)
{
    static const struct row rows[] = {
        {301, "", VERDICT_PERMANENT, VERDICT_ALARM},
        {400, "Request is missing required form field 'to'", VERDICT_PERMANENT, VERDICT_ALARM},
        {401, "The supplied authentication is invalid", VERDICT_ACCOUNT_STOP, VERDICT_REFUND},
        {403, "", VERDICT_ACCOUNT_STOP, VERDICT_REFUND},
        {404, "", VERDICT_PERMANENT, VERDICT_ALARM},
        {405, "", VERDICT_PERMANENT, VERDICT_ALARM},
        {408, "", VERDICT_UNKNOWN, 0},
        {409, "", VERDICT_PERMANENT, 0},
        {413, "", VERDICT_PERMANENT, VERDICT_ALARM},
        {415, "", VERDICT_PERMANENT, VERDICT_ALARM},
        {429, "", VERDICT_RETRY, VERDICT_SLOW | VERDICT_REFUND},
        {500, "", VERDICT_UNKNOWN, 0},
        {500, "<html>oops</html>", VERDICT_UNKNOWN, 0},
        {501, "", VERDICT_UNKNOWN, 0},
        {502, "<html>Bad Gateway</html>", VERDICT_UNKNOWN, 0},
        {503, "", VERDICT_RETRY, VERDICT_SLOW | VERDICT_REFUND},
        {504, "", VERDICT_UNKNOWN, 0},
        {599, "", VERDICT_UNKNOWN, 0},
        /* A body that can be read counts. */
        {500, REFUSED("500", "InternalServerError"), VERDICT_RETRY, 0},
        {502, REFUSED("403", "InvalidPhoneNumber"), VERDICT_PERMANENT, 0},
        {504, ANSWER("", ENTRY("101", "Success", "ATXid_1")), VERDICT_ACCEPTED, 0},
    };
    (void)state;
    expect_rows(rows, ARRAY_LEN(rows));
    assert_true(slice_equal(judge(503, "").provider_status, SLICE("HTTP 503")));
}

static void passes_retry_after_on(void **state)
{
    (void)state;
    struct outbound_call call = answered(429, "");
    call.retry_after_ms = 7000;
    assert_int_equal(classify_send(&call, SLICE(NUMBER)).retry_after_ms, 7000);
    call.retry_after_ms = INT64_C(31536000000);
    assert_int_equal(classify_send(&call, SLICE(NUMBER)).retry_after_ms, 3600000);
    assert_int_equal(judge(503, "").retry_after_ms, -1);
    /* "At once" from a gateway that just refused: our own back-off, else we would knock without a pause. */
    call.retry_after_ms = 0;
    assert_int_equal(classify_send(&call, SLICE(NUMBER)).retry_after_ms, -1);
}

static void judges_calls_without_an_answer(void **state)
{
    (void)state;
    struct outbound_call call = answered(0, NULL);
    call.result = OUTBOUND_NOT_SENT;
    struct verdict verdict = classify_send(&call, SLICE(NUMBER));
    assert_int_equal(verdict.class, VERDICT_RETRY);
    assert_int_equal(verdict.flags, VERDICT_SLOW);
    assert_false(slice_present(verdict.provider_status));
    call.result = OUTBOUND_UNKNOWN;
    verdict = classify_send(&call, SLICE(NUMBER));
    assert_int_equal(verdict.class, VERDICT_UNKNOWN);
    assert_int_equal(verdict.flags, 0);
}

static void reads_the_balance(void **state)
{
    static const struct {
        int status;
        const char *body;
        bool usable;
    } rows[] = {
        {200, "{\"UserData\":{\"balance\":\"KES 1785.50\"}}", true},
        {200, "{\"userData\":{\"balance\":\"KES 0.01\"}}", true},
        {200, "{\"UserData\":{\"balance\":\"KES 0.00\"}}", false},
        {200, "{\"UserData\":{\"balance\":\"KES -12.00\"}}", false},
        {200, "{\"UserData\":{\"balance\":\"1785\"}}", false},
        {200, "{\"UserData\":{}}", false},
        {200, "<html/>", false},
        {401, "The supplied authentication is invalid", false},
        {500, "{\"UserData\":{\"balance\":\"KES 1785.50\"}}", false},
    };
    const char *why;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct outbound_call call = answered(rows[i].status, rows[i].body);
        assert_int_equal(classify_balance(&call, &why), rows[i].usable);
    }
    struct outbound_call call = answered(200, rows[0].body);
    call.result = OUTBOUND_UNKNOWN;
    assert_false(classify_balance(&call, &why));
    assert_non_null(strstr(why, "does not answer"));
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_each_code),
        cmocka_unit_test(keeps_what_the_gateway_says),
        cmocka_unit_test(cuts_long_words_between_characters),
        cmocka_unit_test(doubts_contradictions),
        cmocka_unit_test(judges_refusals_of_the_whole_request),
        cmocka_unit_test(finds_our_recipient_among_several),
        cmocka_unit_test(an_unreadable_success_is_unknown),
        cmocka_unit_test(judges_http_statuses),
        cmocka_unit_test(passes_retry_after_on),
        cmocka_unit_test(judges_calls_without_an_answer),
        cmocka_unit_test(reads_the_balance),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
