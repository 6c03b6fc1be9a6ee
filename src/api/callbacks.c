/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery reports and opt-outs, by the vendor's callback forms.
 *
 *   (secret) → (body) → read form → store → 200
 *
 * A report answered with anything but 2xx may come again, or never: so all that can be kept is kept and answered with 200, also words that
 * nobody has heard of, identifiers that we do not know, and reports that were here before. 503 while the store is away.
 *
 * Any copy of the service may take them. Worker's thread; everything lives in the request's arena.
 */
#include "api/callbacks.h"

#include "api/audit.h"
#include "core/clock.h"
#include "core/rate_limit.h"
#include "http/connection.h"
#include "http/form.h"
#include "http/media_type.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "sms/number.h"
#include "store/delivery.h"
#include "store/suppression.h"

#define FORM_MAX 16384
#define SECRET_MIN 22
#define SECRETS_MAX 2
/* What is kept of a callback's texts. */
#define TEXT_MAX 255
/* Who guesses gets so many answers a second, and so many at once. */
#define GUESSES_PER_SECOND 5
#define GUESSES_AT_ONCE 20

/* The vendor's words, by how much they count (store/delivery.h). "Success" and "Failed" are the last words; an absent subscriber may still
 * turn up. */
static const struct report_word {
    const char *word;
    enum report_rank rank;
    enum message_state state;
} words[] = {
    {"Sent", REPORT_SENT, MESSAGE_ACCEPTED}, {"Submitted", REPORT_SUBMITTED, MESSAGE_ACCEPTED},
    {"Buffered", REPORT_BUFFERED, MESSAGE_ACCEPTED},
    {"AbsentSubscriber", REPORT_ABSENT, MESSAGE_FAILED},
    {"Success", REPORT_FINAL, MESSAGE_DELIVERED}, {"Failed", REPORT_FINAL, MESSAGE_FAILED},
    {"Rejected", REPORT_FINAL, MESSAGE_FAILED}, {"Expired", REPORT_FINAL, MESSAGE_FAILED},
    {"other", REPORT_UNHEARD_OF, MESSAGE_ACCEPTED}, /* stands for all that is not above */
};

static bool secret_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool secret_valid(struct slice secret)
{
    for (size_t i = 0; i < secret.len; i++) {
        if (!secret_char(secret.ptr[i])) return false;
    }
    return secret.len >= SECRET_MIN;
}

bool callback_secrets_valid(const char *text)
{
    struct slice rest = slice_of(text);
    if (rest.len == 0) return true;
    for (int i = 0; i < SECRETS_MAX && slice_present(rest); i++) {
        if (!secret_valid(slice_cut(&rest, ','))) return false;
    }
    return !slice_present(rest);
}

struct rate_limit *callback_rate(void)
{
    return rate_limit_new(GUESSES_PER_SECOND, GUESSES_AT_ONCE);
}

/* Looks at both, whichever fits. */
static bool secret_known(const char *text, struct slice given)
{
    struct slice rest = slice_of(text);
    bool known = false;
    while (slice_present(rest)) known |= slice_equal_secret(slice_cut(&rest, ','), given);
    return known;
}

static enum step refuse(struct req *rq)
{
    struct rate_limit *limit = req_worker(rq)->api->callback_rate;
    if (!rate_limit_spend(limit, rq->connection->network, clock_mono_us())) {
        return req_fail(rq, ERR_RATE_LIMITED);
    }
    req_reply_field(rq, SLICE("WWW-Authenticate"), SLICE("Callback-Secret"));
    return req_fail(rq, ERR_INVALID_CALLBACK);
}

static enum step enter(struct req *rq, step_fn *next)
{
    const char *secrets = req_worker(rq)->api->config->sms_callback_secret;
    uint64_t length = 0;
    if (!*secrets) return req_fail(rq, ERR_NOT_FOUND);
    if (!secret_known(secrets, rq->arguments[0])) return refuse(rq);
    (void)slice_to_u64(req_field(rq, SLICE("Content-Length"), NULL), UINT64_MAX, &length);
    if (length > FORM_MAX) return req_fail(rq, ERR_TOO_LARGE);
    struct slice type = req_field(rq, SLICE("Content-Type"), NULL);
    if (!media_type_is(type, SLICE("application/x-www-form-urlencoded"))) {
        return req_fail(rq, ERR_UNSUPPORTED_MEDIA_TYPE);
    }
    return req_read_body(rq, next);
}

/* False when the reply has been made. */
static bool read_form(struct req *rq, struct form *form)
{
    enum err err = rq->body.len > FORM_MAX ? ERR_TOO_LARGE
                                           : form_parse(&rq->arena, buf_slice(&rq->body), form);
    return !err || req_fail(rq, err) != STEP_DONE;
}

/* Absent when there is no such field, or nothing in it. Cut to what is kept, between characters. */
static struct slice field(const struct form *form, struct slice name)
{
    struct slice value = slice_trim(form_value(form, name));
    if (value.len == 0) return slice_absent();
    if (value.len <= TEXT_MAX) return value;
    size_t len = TEXT_MAX;
    while (len > 0 && ((unsigned char)value.ptr[len] & 0xC0) == 0x80) len--;
    return (struct slice){value.ptr, len};
}

/* The number as E.164; absent when it is none. */
static struct slice phone_field(struct req *rq, const struct form *form)
{
    char number[NUMBER_MAX];
    const char *fault;
    struct slice text = field(form, SLICE("phoneNumber"));
    if (!slice_present(text)) return slice_absent();
    if (!number_parse(text, NUMBER_ALL, number, &fault)) return slice_absent();
    return arena_copy(&rq->arena, slice_of(number));
}

/* --- delivery --- */

static step_fn report_read, report_taken, optout_read, optout_taken;

enum step callback_delivery(struct req *rq)
{
    return enter(rq, report_read);
}

static unsigned find_word(struct slice status)
{
    unsigned i = 0;
    while (i + 1 < ARRAY_LEN(words) && !slice_equal(slice_of(words[i].word), status)) i++;
    return i;
}

struct slice callback_status_text(unsigned label)
{
    return label < ARRAY_LEN(words) ? slice_of(words[label].word) : slice_absent();
}

static enum step report_read(struct req *rq)
{
    struct store_report_take *take = req_state(rq, struct store_report_take);
    struct form form;
    if (!read_form(rq, &form)) return STEP_DONE;
    struct slice id = field(&form, SLICE("id")), status = field(&form, SLICE("status"));
    if (!slice_present(id) || !slice_present(status)) {
        return req_fail_with(rq, ERR_MALFORMED, SLICE("`id` and `status` must be given"));
    }
    const struct report_word *word = &words[find_word(status)];
    take->base.verb = STORE_REPORT_TAKE;
    take->report = (struct report){
        .id = uuid_new(),
        .provider_id = id,
        .status = status,
        .phone = phone_field(rq, &form),
        .network = field(&form, SLICE("networkCode")),
        .reason = field(&form, SLICE("failureReason")),
        .rank = word->rank,
        .state = word->state,
        .received_at = clock_wall_ms(),
    };
    return req_store(rq, &take->base, report_taken);
}

static const char *fate_of(const struct store_report_take *take)
{
    if (take->repeated) return "repeated";
    return take->matched ? "matched" : "waiting";
}

static enum step report_taken(struct req *rq)
{
    const struct store_report_take *take = rq->state;
    const struct report *report = &take->report;
    if (take->base.op.err) return req_fail(rq, take->base.op.err);
    metrics_add(METRIC_SMS_REPORTS, find_word(report->status), 0, 1);
    log_write(LOG_SMS_REPORT, LOG_TEXT("provider_id", report->provider_id),
        LOG_TEXT("status", report->status), LOG_TEXT("fate", slice_of(fate_of(take))));
    return req_reply(rq, 200, slice_absent());
}

/* --- opt-out --- */

enum step callback_optout(struct req *rq)
{
    return enter(rq, optout_read);
}

static enum step optout_read(struct req *rq)
{
    struct store_suppression_add *add = req_state(rq, struct store_suppression_add);
    struct form form;
    if (!read_form(rq, &form)) return STEP_DONE;
    struct slice phone = phone_field(rq, &form), sender = field(&form, SLICE("senderId"));
    if (!slice_present(phone)) {
        return req_fail_with(rq, ERR_MALFORMED, SLICE("`phoneNumber` must be a mobile number"));
    }
    add->base.verb = STORE_SUPPRESSION_ADD;
    add->row = (struct suppression){
        .id = uuid_new(),
        .phone = phone,
        .sender = slice_present(sender) ? sender : SLICE(""),
        .source = SLICE("optout"),
        .created_by = SLICE("africastalking"),
        .created_at = clock_wall_ms(),
    };
    add->entry = req_entry(rq, AUDIT_SUPPRESSION_ADDED, phone);
    return req_store(rq, &add->base, optout_taken);
}

static enum step optout_taken(struct req *rq)
{
    const struct store_suppression_add *add = rq->state;
    if (add->base.op.err) return req_fail(rq, add->base.op.err);
    return req_reply(rq, 200, slice_absent());
}
