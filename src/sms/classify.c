/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The classification of gateway answers, as tables.
 *
 *   call not answered ──────────────────────────────→ by how far it got
 *   answered → the status has a row of its own ─────→ that row
 *            → else the body is read → a refusal of the whole request → by its word
 *                                    → our recipient's entry ─────────→ by its code
 *                                    → unreadable ────────────────────→ unknown: it may have been taken
 *
 * Success is HTTP 201 with an entry of code 100 to 102 and a message id; 200 is judged alike. A refused entry has the message id "None";
 * one that would be sent again but carries a real id is not believed. An unknown code is never a silent success, and never a retry.
 *
 * Called on the dispatcher's loop; pure but for the call's arena. Wire facts: the official SDKs' sources.
 */
#include "sms/classify.h"

#include "core/json.h"

/* Brackets in a well-formed answer nest four deep; the rest is room for additions. */
#define DEPTH_MAX 16
/* More of a provider's word than this is cut. */
#define WORD_MAX 64
#define PARTS_BILLED_MAX 255
#define LATE_MS INT64_C(3600000)
/* A gateway that asks for more than an hour is asked again after one. */
#define RETRY_AFTER_MAX_MS INT64_C(3600000)

struct rule {
    int from, to; /* codes or HTTP statuses */
    enum verdict_class class;
    unsigned flags;
    int retries;
    int64_t delay_ms;
    const char *word; /* the provider's name of a code, also as the Message of a whole refusal */
    const char *reason;
};

/* Entries of Recipients[] by statusCode. */
static const struct rule codes[] = {
    {100, 102, VERDICT_ACCEPTED, .word = "", .reason = NULL},
    {401, 401, VERDICT_ACCOUNT_STOP, VERDICT_REFUND, .word = "RiskHold",
        .reason = "the provider holds the account's traffic"},
    {402, 402, VERDICT_ACCOUNT_STOP, VERDICT_REFUND, .word = "InvalidSenderId",
        .reason = "the sender name is not registered with the provider"},
    {403, 403, VERDICT_PERMANENT, .word = "InvalidPhoneNumber",
        .reason = "the provider does not know this number"},
    {404, 404, VERDICT_PERMANENT, .word = "UnsupportedNumberType",
        .reason = "the number cannot receive SMS"},
    {405, 405, VERDICT_ACCOUNT_STOP, VERDICT_REFUND, .word = "InsufficientBalance",
        .reason = "the provider account has no balance left"},
    {406, 406, VERDICT_PERMANENT_SUPPRESS, .word = "UserInBlacklist",
        .reason = "the recipient has opted out with the provider"},
    {407, 407, VERDICT_RETRY_LIMITED, .retries = 1, .delay_ms = LATE_MS, .word = "CouldNotRoute",
        .reason = "the provider found no route to the number"},
    {409, 409, VERDICT_PERMANENT, .word = "DoNotDisturbRejection",
        .reason = "the recipient's network refuses messages of this kind now"},
    {500, 500, VERDICT_RETRY, .word = "InternalServerError",
        .reason = "the provider failed inside"},
    {501, 501, VERDICT_RETRY, .word = "GatewayError", .reason = "the provider's gateway failed"},
    {502, 502, VERDICT_RETRY_LIMITED, .retries = 2, .word = "RejectedByGateway",
        .reason = "the provider's gateway rejected the message"},
};
static const struct rule unknown_code = {
    .class = VERDICT_PERMANENT,
    .flags = VERDICT_ALARM,
    .reason = "the provider refused with a code that is not known here",
};

/* HTTP statuses that decide without their body; the first that fits. */
static const struct rule statuses[] = {
    {401, 401, VERDICT_ACCOUNT_STOP, VERDICT_REFUND,
        .reason = "the provider does not accept the user name and key"},
    {403, 403, VERDICT_ACCOUNT_STOP, VERDICT_REFUND,
        .reason = "the provider does not accept the user name and key"},
    {408, 408, VERDICT_UNKNOWN, .reason = "the provider timed out while it read the request"},
    {409, 409, VERDICT_PERMANENT,
        .reason = "the recipient's network refuses messages of this kind now"},
    {429, 429, VERDICT_RETRY, VERDICT_SLOW | VERDICT_REFUND,
        .reason = "the provider asks to send more slowly"},
    {503, 503, VERDICT_RETRY, VERDICT_SLOW | VERDICT_REFUND,
        .reason = "the provider is not available"},
    {300, 499, VERDICT_PERMANENT, VERDICT_ALARM, .reason = "the provider refused the request"},
};
/* What no number says. */
static const struct rule unreadable = {
    .class = VERDICT_UNKNOWN,
    .reason = "the provider's answer could not be read; it may have taken the message",
};
static const struct rule doubtful = {
    .class = VERDICT_UNKNOWN,
    .reason = "the provider's answer contradicts itself; it may have taken the message",
};
static const struct rule whole_refusal = {
    .class = VERDICT_PERMANENT,
    .flags = VERDICT_ALARM,
    .reason = "the provider refused the request as a whole",
};
static const struct rule not_sent = {
    .class = VERDICT_RETRY,
    .flags = VERDICT_SLOW,
    .reason = "the provider could not be reached",
};
static const struct rule lost = {
    .class = VERDICT_UNKNOWN,
    .reason = "no answer came after the request went out; the provider may have taken the message",
};

static const struct rule *find_rule(const struct rule *rules, size_t count, int64_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (number >= rules[i].from && number <= rules[i].to) return &rules[i];
    }
    return NULL;
}

/* A refusal with "again at once" would be knocked at without a pause: it counts as not said. */
static int64_t retry_after_ms(const struct outbound_call *call)
{
    if (call->retry_after_ms <= 0) return -1;
    return call->retry_after_ms < RETRY_AFTER_MAX_MS ? call->retry_after_ms : RETRY_AFTER_MAX_MS;
}

static struct verdict from_rule(const struct rule *rule, const struct outbound_call *call)
{
    return (struct verdict){
        .class = rule->class,
        .flags = rule->flags,
        .retries = rule->retries,
        .delay_ms = rule->delay_ms,
        .retry_after_ms = retry_after_ms(call),
        .reason = slice_of(rule->reason),
    };
}

/* A provider's text, cut at a character; absent when it is no text or empty. */
static struct slice keep_text(struct arena *arena, const json_t *value)
{
    struct slice text = json_text(value);
    if (text.len == 0) return slice_absent();
    if (text.len > WORD_MAX) {
        text.len = WORD_MAX;
        while (text.len > 0 && ((unsigned char)text.ptr[text.len] & 0xc0) == 0x80) text.len--;
    }
    return arena_copy(arena, text);
}

static bool is_none(const json_t *id)
{
    return slice_equal(json_text(id), SLICE("None"));
}

/* Whether the message id fits the verdict: accepted with one; refused, when it would be sent again, without. */
static bool id_agrees(enum verdict_class class, const json_t *id)
{
    switch (class) {
    case VERDICT_ACCEPTED: return json_text(id).len > 0 && !is_none(id);
    case VERDICT_RETRY:
    case VERDICT_RETRY_LIMITED:
    case VERDICT_ACCOUNT_STOP: return is_none(id);
    default: return true;
    }
}

/* "403 InvalidPhoneNumber" */
static struct slice status_text(struct arena *arena, int64_t code, const json_t *entry)
{
    struct slice word = keep_text(arena, json_object_get(entry, "status"));
    return arena_format(arena, "%lld %.*s", (long long)code, SLICE_ARG(word));
}

static struct verdict judge_entry(const json_t *entry, const struct outbound_call *call)
{
    const json_t *code = json_object_get(entry, "statusCode"),
                 *id = json_object_get(entry, "messageId");
    if (!json_is_integer(code)) return from_rule(&unreadable, call);
    const struct rule *rule = find_rule(codes, ARRAY_LEN(codes), json_integer_value(code));
    if (!rule) rule = &unknown_code;
    if (!id_agrees(rule->class, id)) rule = &doubtful;
    struct verdict verdict = from_rule(rule, call);
    verdict.provider_status = status_text(call->arena, json_integer_value(code), entry);
    verdict.cost = keep_text(call->arena, json_object_get(entry, "cost"));
    if (!is_none(id)) verdict.provider_id = keep_text(call->arena, id);
    json_int_t parts = json_integer_value(json_object_get(entry, "messageParts"));
    if (parts > 0 && parts <= PARTS_BILLED_MAX) verdict.parts = (int)parts;
    return verdict;
}

/* The entry of our one recipient: the only one, or the only one with our number. */
static const json_t *find_entry(const json_t *recipients, struct slice to)
{
    const json_t *found = NULL;
    if (json_array_size(recipients) == 1) return json_array_get(recipients, 0);
    for (size_t i = 0; i < json_array_size(recipients); i++) {
        const json_t *entry = json_array_get(recipients, i);
        if (!slice_equal(json_text(json_object_get(entry, "number")), to)) continue;
        if (found) return NULL;
        found = entry;
    }
    return found;
}

static bool sends_again(enum verdict_class class)
{
    return class == VERDICT_RETRY || class == VERDICT_RETRY_LIMITED;
}

/* No entries: the request as a whole was refused, and Message may name a code's word. A failure inside the provider is believed
 * only from an entry, whose message id shows that nothing was taken. */
static struct verdict judge_whole(const json_t *message, const struct outbound_call *call)
{
    const struct rule *rule = &whole_refusal;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (codes[i].class == VERDICT_ACCEPTED) continue;
        if (slice_equal(json_text(message), slice_of(codes[i].word))) rule = &codes[i];
    }
    if (sends_again(rule->class)) rule = &doubtful;
    struct verdict verdict = from_rule(rule, call);
    verdict.provider_status = keep_text(call->arena, message);
    return verdict;
}

static struct verdict judge_body(const struct outbound_call *call, struct slice to)
{
    const char *fault;
    json_t *body CLEANUP(json_release)
    = json_decode(call->reply, DEPTH_MAX, &fault);
    const json_t *data = json_object_get(body, "SMSMessageData");
    const json_t *recipients = json_object_get(data, "Recipients");
    if (!json_is_array(recipients)) return from_rule(&unreadable, call);
    if (json_array_size(recipients) == 0) {
        return judge_whole(json_object_get(data, "Message"), call);
    }
    const json_t *entry = find_entry(recipients, to);
    return entry ? judge_entry(entry, call) : from_rule(&unreadable, call);
}

static struct verdict judge(const struct outbound_call *call, struct slice to)
{
    if (call->result == OUTBOUND_NOT_SENT) return from_rule(&not_sent, call);
    if (call->result == OUTBOUND_UNKNOWN) return from_rule(&lost, call);
    const struct rule *rule = find_rule(statuses, ARRAY_LEN(statuses), call->status);
    return rule ? from_rule(rule, call) : judge_body(call, to);
}

struct verdict classify_send(const struct outbound_call *call, struct slice to)
{
    struct verdict verdict = judge(call, to);
    if (call->result == OUTBOUND_ANSWERED && !slice_present(verdict.provider_status)) {
        verdict.provider_status = arena_format(call->arena, "HTTP %d", call->status);
    }
    return verdict;
}

/* "KES 1785.50": a currency, a blank, a number above zero. */
static bool has_money(struct slice balance)
{
    (void)slice_cut(&balance, ' ');
    if (balance.len == 0 || balance.ptr[0] == '-') return false;
    for (size_t i = 0; i < balance.len; i++) {
        if (balance.ptr[i] >= '1' && balance.ptr[i] <= '9') return true;
    }
    return false;
}

bool classify_balance(const struct outbound_call *call, const char **why)
{
    const char *fault;
    *why = "the provider does not answer the balance call";
    if (call->result != OUTBOUND_ANSWERED) return false;
    *why = "the provider does not accept the user name and key";
    if (call->status != 200) return false;
    json_t *body CLEANUP(json_release)
    = json_decode(call->reply, DEPTH_MAX, &fault);
    const json_t *data = json_object_get(body, "UserData");
    if (!data) data = json_object_get(body, "userData");
    *why = "the provider account has no balance left";
    return has_money(json_text(json_object_get(data, "balance")));
}
