/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway of Africa's Talking: one form-encoded POST per message, answers judged by sms/classify.c.
 *
 * One recipient per request and enqueue=1 (a quick answer) keep what a lost answer leaves open as small as it can be; there is no field
 * for a reference of ours, so a repeated request would be a second SMS. The balance call tells whether a stopped account works
 * again without sending anything.
 *
 * Runs on the dispatcher's loop. A request's texts live in its batch's arena; URL and headers here, for the life of the gateway.
 * Limits: answers up to ANSWER_MAX bytes. Refuses to open without a user name and key, or with a
 * key that cannot be a header's value.
 */
#include "obs/log.h"
#include "sms/gateway.h"

#define LIVE_URL "https://api.africastalking.com"
#define SANDBOX_URL "https://api.sandbox.africastalking.com"
#define CONNECT_TIMEOUT_MS 5000
/* An answer about one recipient has some 300 bytes. */
#define ANSWER_MAX 65536
/* User name and sender; the vendor allows senders of 11 characters. */
#define NAME_MAX_LEN 100
/* The form's field names and settings, percent-encoded. */
#define FORM_ROOM 1024
/* The gateway's own texts: URLs, headers. */
#define SETTINGS_MAX 8192

struct africastalking {
    struct gateway base;
    struct loop *loop;
    struct outbound *outbound;
    struct arena arena;
    const char *send_url, *balance_url;
    const char *headers[4];
    struct slice username, sender;
    int64_t timeout_ms;
};

static bool stands_for_itself(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '*';
}

/* As forms are written (WHATWG URL §5.2), and so by the vendor's SDKs: byte for byte the same body. */
static void put_encoded(struct buf *out, struct slice text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (stands_for_itself((char)c)) {
            buf_put_char(out, (char)c);
        } else if (c == ' ') {
            buf_put_char(out, '+');
        } else {
            buf_put_char(out, '%');
            buf_put_char(out, hex[c >> 4]);
            buf_put_char(out, hex[c & 15]);
        }
    }
}

static void put_field(struct buf *out, const char *name, struct slice value)
{
    if (out->len > 0) buf_put_char(out, '&');
    buf_put_text(out, name);
    buf_put_char(out, '=');
    put_encoded(out, value);
}

static struct slice write_form(const struct africastalking *gateway, struct gateway_send *send)
{
    struct buf form CLEANUP(buf_deinit);
    buf_init(&form, FORM_ROOM + 3 * (send->message->to.len + send->message->body.len));
    put_field(&form, "username", gateway->username);
    put_field(&form, "to", send->message->to);
    put_field(&form, "message", send->message->body);
    if (gateway->sender.len > 0) put_field(&form, "from", gateway->sender);
    put_field(&form, "bulkSMSMode", SLICE("1"));
    put_field(&form, "enqueue", SLICE("1"));
    check(buf_ok(&form));
    return arena_copy(send->arena, buf_slice(&form));
}

static struct outbound_call call_of(
    const struct africastalking *gateway, const char *url, struct arena *arena)
{
    return (struct outbound_call){
        .url = url,
        .headers = gateway->headers,
        .connect_timeout_ms =
            gateway->timeout_ms < CONNECT_TIMEOUT_MS ? gateway->timeout_ms : CONNECT_TIMEOUT_MS,
        .total_timeout_ms = gateway->timeout_ms,
        .body_max = ANSWER_MAX,
        .arena = arena,
    };
}

static op_fn sent, balance_read;

static void send_message(struct gateway *base, struct gateway_send *send, op_fn *done)
{
    struct africastalking *gateway = CONTAINER_OF(base, struct africastalking, base);
    op_start(&send->op, gateway->loop, done);
    send->call = call_of(gateway, gateway->send_url, send->arena);
    send->call.body = write_form(gateway, send);
    outbound_start(gateway->outbound, &send->call, sent);
}

static void sent(struct op *op)
{
    struct gateway_send *send = CONTAINER_OF(op, struct gateway_send, call.op);
    send->verdict = classify_send(&send->call, send->message->to);
    op_complete(&send->op, ERR_OK);
}

static void probe_account(struct gateway *base, struct gateway_probe *probe, op_fn *done)
{
    struct africastalking *gateway = CONTAINER_OF(base, struct africastalking, base);
    op_start(&probe->op, gateway->loop, done);
    probe->call = call_of(gateway, gateway->balance_url, probe->arena);
    outbound_start(gateway->outbound, &probe->call, balance_read);
}

static void balance_read(struct op *op)
{
    struct gateway_probe *probe = CONTAINER_OF(op, struct gateway_probe, call.op);
    probe->usable = classify_balance(&probe->call, &probe->why);
    op_complete(&probe->op, ERR_OK);
}

static void close_gateway(struct gateway *base)
{
    struct africastalking *gateway = CONTAINER_OF(base, struct africastalking, base);
    outbound_free(gateway->outbound);
    arena_deinit(&gateway->arena);
    free(gateway);
}

static bool printable(const char *text)
{
    for (; *text; text++) {
        if (*text <= ' ' || *text > '~') return false;
    }
    return true;
}

/* NULL, or what the settings lack. */
static const char *find_fault(const struct config *config)
{
    const char *url = config->at_url;
    if (!*config->at_username) return "AGIZO_AT_USERNAME is not set";
    if (!*config->at_api_key) return "AGIZO_AT_API_KEY is not set";
    if (strlen(config->at_username) > NAME_MAX_LEN) return "AGIZO_AT_USERNAME is too long";
    if (strlen(config->sms_sender) > NAME_MAX_LEN) return "AGIZO_SMS_SENDER is too long";
    if (!printable(config->at_api_key)) return "AGIZO_AT_API_KEY holds a blank or other character";
    if (!*url) return NULL;
    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
        return "AGIZO_AT_URL is not an http or https URL";
    return strpbrk(url, " ?#") ? "AGIZO_AT_URL holds more than scheme, host and path" : NULL;
}

static struct slice base_url(const struct config *config)
{
    bool sandbox = strcmp(config->at_username, "sandbox") == 0;
    struct slice url = slice_of(*config->at_url ? config->at_url
                                : sandbox       ? SANDBOX_URL
                                                : LIVE_URL);
    while (url.len > 0 && url.ptr[url.len - 1] == '/') url.len--;
    return url;
}

static const char *balance_url(struct arena *arena, struct slice base, struct slice username)
{
    struct buf query CLEANUP(buf_deinit);
    buf_init(&query, SETTINGS_MAX);
    put_field(&query, "username", username);
    return arena_format(
        arena, "%.*s/version1/user?%.*s", SLICE_ARG(base), SLICE_ARG(buf_slice(&query)))
        .ptr;
}

struct gateway *africastalking_open(const struct config *config, struct loop *loop)
{
    const char *fault = find_fault(config);
    if (fault) {
        log_write(LOG_SERVICE_FAILED, LOG_TEXT("why", slice_of(fault)));
        return NULL;
    }
    struct africastalking *gateway = memory_zeroed(sizeof(*gateway));
    struct slice base = base_url(config);
    arena_init(&gateway->arena, SETTINGS_MAX);
    gateway->base = (struct gateway){send_message, probe_account, close_gateway};
    gateway->loop = loop;
    gateway->outbound = outbound_new(loop, (long)config->sms_in_flight, config->ca_file);
    gateway->username = slice_of(config->at_username);
    gateway->sender = slice_of(config->sms_sender);
    gateway->timeout_ms = config->sms_timeout * 1000;
    gateway->send_url =
        arena_format(&gateway->arena, "%.*s/version1/messaging", SLICE_ARG(base)).ptr;
    gateway->balance_url = balance_url(&gateway->arena, base, gateway->username);
    gateway->headers[0] = arena_format(&gateway->arena, "apikey: %s", config->at_api_key).ptr;
    gateway->headers[1] = "Accept: application/json";
    gateway->headers[2] = "Content-Type: application/x-www-form-urlencoded;charset=utf-8";
    return &gateway->base;
}
