/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gateway of Africa's Talking puts on the wire, and which settings it refuses.
 *
 * The functions of net/outbound.h stand here: a call is kept, answered by the test, and completes on the test's loop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/check.h"
#include "sms/gateway.h"

static struct outbound_call *started;
static int opened;

struct outbound *outbound_new(struct loop *loop, long connections_max, const char *ca_file)
{
    (void)loop;
    assert_int_equal(connections_max, 32);
    assert_string_equal(ca_file, "/own.pem");
    opened++;
    return NULL;
}

void outbound_free(struct outbound *outbound)
{
    (void)outbound;
    opened--;
}

static struct loop *loop;

void outbound_start(struct outbound *outbound, struct outbound_call *call, op_fn *done)
{
    (void)outbound;
    op_start(&call->op, loop, done);
    started = call;
}

static struct config sample(void)
{
    return (struct config){
        .at_username = "sandbox",
        .at_api_key = "atsk_secret",
        .at_url = "",
        .sms_sender = "",
        .sms_in_flight = 32,
        .sms_timeout = 30,
        .ca_file = "/own.pem",
    };
}

struct flow {
    struct gateway *gateway;
    struct arena arena;
    struct message message;
    struct gateway_send send;
    struct gateway_probe probe;
};

static void open_flow(struct flow *flow, const struct config *config)
{
    *flow = (struct flow){
        .message = {.to = SLICE("+254712345678"), .body = SLICE("Habari & karibu: é\n+1=2~")}};
    loop = loop_new();
    arena_init(&flow->arena, 1 << 20);
    flow->gateway = africastalking_open(config, loop);
    assert_non_null(flow->gateway);
    flow->send.message = &flow->message;
    flow->send.arena = &flow->arena;
    flow->probe.arena = &flow->arena;
}

static void close_flow(struct flow *flow)
{
    flow->gateway->close(flow->gateway);
    assert_int_equal(opened, 0);
    arena_deinit(&flow->arena);
    loop_free(loop);
}

static void stop_loop(struct op *op)
{
    (void)op;
    loop_stop(loop);
}

static void answer(int status, const char *body)
{
    started->result = OUTBOUND_ANSWERED;
    started->status = status;
    started->reply = slice_of(body);
    started->retry_after_ms = -1;
    op_complete(&started->op, ERR_OK);
    loop_run(loop);
}

static void sends_a_form(void **state)
{
    struct flow flow;
    struct config config = sample();
    (void)state;
    config.sms_sender = "AGIZO";
    open_flow(&flow, &config);
    flow.gateway->send(flow.gateway, &flow.send, stop_loop);
    assert_string_equal(started->url, "https://api.sandbox.africastalking.com/version1/messaging");
    assert_true(slice_equal(started->body, SLICE("username=sandbox&to=%2B254712345678&message="
                                                 "Habari+%26+karibu%3A+%C3%A9%0A%2B1%3D2%7E"
                                                 "&from=AGIZO&bulkSMSMode=1&enqueue=1")));
    assert_string_equal(started->headers[0], "apikey: atsk_secret");
    assert_string_equal(started->headers[1], "Accept: application/json");
    assert_string_equal(
        started->headers[2], "Content-Type: application/x-www-form-urlencoded;charset=utf-8");
    assert_null(started->headers[3]);
    assert_int_equal(started->connect_timeout_ms, 5000);
    assert_int_equal(started->total_timeout_ms, 30000);
    assert_true(started->body_max > 0);
    answer(201, "{\"SMSMessageData\":{\"Message\":\"\",\"Recipients\":[{\"statusCode\":102,"
                "\"number\":\"+254712345678\",\"status\":\"Queued\",\"messageId\":\"ATXid_1\"}]}}");
    assert_int_equal(flow.send.verdict.class, VERDICT_ACCEPTED);
    assert_true(slice_equal(flow.send.verdict.provider_id, SLICE("ATXid_1")));
    close_flow(&flow);
}

/* What URLSearchParams makes of every printable character, a line's end, the euro sign and an emoji: the official SDK's body. */
static void encodes_like_the_official_sdk(void **state)
{
    struct flow flow;
    struct config config = sample();
    (void)state;
    open_flow(&flow, &config);
    flow.message.body =
        SLICE(" !\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~\t\r\n\xe2\x82\xac\xf0\x9f\x98\x80");
    flow.gateway->send(flow.gateway, &flow.send, stop_loop);
    assert_true(slice_equal(started->body,
        SLICE(
            "username=sandbox&to=%2B254712345678&message="
            "+%21%22%23%24%25%26%27%28%29*%2B%2C-.%2F09%3A%3B%3C%3D%3E%3F%40AZ%5B%5C%5D%5E_%60az%7B"
            "%7C%7D%7E%09%0D%0A%E2%82%AC%F0%9F%98%80&bulkSMSMode=1&enqueue=1")));
    answer(503, "");
    close_flow(&flow);
}

static void leaves_an_empty_sender_out(void **state)
{
    struct flow flow;
    struct config config = sample();
    (void)state;
    config.sms_timeout = 2;
    open_flow(&flow, &config);
    flow.gateway->send(flow.gateway, &flow.send, stop_loop);
    assert_null(memmem(started->body.ptr, started->body.len, "from=", 5));
    assert_int_equal(started->connect_timeout_ms, 2000);
    answer(401, "The supplied authentication is invalid");
    assert_int_equal(flow.send.verdict.class, VERDICT_ACCOUNT_STOP);
    close_flow(&flow);
}

static void asks_for_the_balance(void **state)
{
    struct flow flow;
    struct config config = sample();
    (void)state;
    config.at_username = "duka la jirani";
    open_flow(&flow, &config);
    flow.gateway->probe(flow.gateway, &flow.probe, stop_loop);
    assert_string_equal(
        started->url, "https://api.africastalking.com/version1/user?username=duka+la+jirani");
    assert_false(slice_present(started->body));
    assert_string_equal(started->headers[0], "apikey: atsk_secret");
    answer(200, "{\"UserData\":{\"balance\":\"KES 10.00\"}}");
    assert_true(flow.probe.usable);
    close_flow(&flow);
}

static void takes_its_address_from_the_settings(void **state)
{
    struct flow flow;
    struct config config = sample();
    (void)state;
    config.at_url = "http://127.0.0.1:8082/at//";
    open_flow(&flow, &config);
    flow.gateway->send(flow.gateway, &flow.send, stop_loop);
    assert_string_equal(started->url, "http://127.0.0.1:8082/at/version1/messaging");
    answer(503, "");
    close_flow(&flow);
}

static void refuses_settings_that_cannot_work(void **state)
{
    static const char long_name[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    struct config rows[9];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) rows[i] = sample();
    rows[0].at_username = "";
    rows[1].at_api_key = "";
    rows[2].at_api_key = "key\r\nX-Injected: 1";
    rows[3].at_api_key = "two words";
    rows[4].at_url = "ftp://host";
    rows[5].at_url = "https://host/?a=b";
    rows[6].at_url = "api.africastalking.com";
    rows[7].sms_sender = long_name;
    rows[8].at_username = long_name;
    loop = loop_new();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_null(africastalking_open(&rows[i], loop));
        assert_int_equal(opened, 0);
    }
    loop_free(loop);
}

static void the_log_gateway_accepts_everything(void **state)
{
    struct flow flow;
    struct config config = sample();
    (void)state;
    open_flow(&flow, &config);
    struct gateway *gateway = log_gateway_open(&config, loop);
    assert_true(uuid_parse(SLICE("0199abcd-0000-7000-8000-00000000cafe"), &flow.message.id));
    gateway->send(gateway, &flow.send, stop_loop);
    loop_run(loop);
    assert_int_equal(flow.send.verdict.class, VERDICT_ACCEPTED);
    assert_true(slice_equal(
        flow.send.verdict.provider_id, SLICE("log-0199abcd-0000-7000-8000-00000000cafe")));
    gateway->close(gateway);
    close_flow(&flow);
}

static void the_log_gateway_is_always_usable(void **state)
{
    struct flow flow;
    struct config config = sample();
    (void)state;
    open_flow(&flow, &config);
    struct gateway *gateway = log_gateway_open(&config, loop);
    gateway->probe(gateway, &flow.probe, stop_loop);
    loop_run(loop);
    assert_true(flow.probe.usable);
    gateway->close(gateway);
    close_flow(&flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_a_form),
        cmocka_unit_test(encodes_like_the_official_sdk),
        cmocka_unit_test(leaves_an_empty_sender_out),
        cmocka_unit_test(asks_for_the_balance),
        cmocka_unit_test(takes_its_address_from_the_settings),
        cmocka_unit_test(refuses_settings_that_cannot_work),
        cmocka_unit_test(the_log_gateway_accepts_everything),
        cmocka_unit_test(the_log_gateway_is_always_usable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
