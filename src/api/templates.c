/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates: list, read, change, put back. Worker's thread.
 *
 *   list, get:   (gate) → asked → reply              put, remove:   (gate) → asked → (If-Match) → changed → reply
 *
 * Each reads all templates first: there are few, and a change names the version that it replaces. A template that is not stored is the
 * built-in one, version 0. An answer about one tells what it comes to: parts and estimated cost of a short and a long sample order, and
 * how it would read in the alphabet of SMS where typographic characters cost it that. `?dry_run=true` tells, and changes nothing.
 */
#include "api/templates.h"

#include "api/audit.h"
#include "api/schema.h"
#include "api/template_watch.h"
#include "core/clock.h"
#include "core/currency.h"
#include "core/json.h"
#include "sms/budget.h"
#include "sms/sms.h"
#include "sms/text.h"

#define LANGUAGE_LEAST 2
#define LANGUAGE_MOST 3
/* Of a change without a condition that others came in between of. */
#define TRIES_MAX 20

struct editing {
    struct store_templates_get get;
    struct store_template_put put;
    struct store_template_remove remove;
    enum message_event event;
    struct slice language;
    struct template_input input;
    int tries;
};

static step_fn listed, found, put_asked, put_done, remove_asked, removed;

/* --- which --- */

/* False when the path names no event, or nothing that is a language. */
static bool read_path(const struct req *rq, struct editing *editing)
{
    struct slice language = editing->language = rq->arguments[1];
    if (language.len < LANGUAGE_LEAST || language.len > LANGUAGE_MOST) return false;
    for (size_t i = 0; i < language.len; i++) {
        if (language.ptr[i] < 'a' || language.ptr[i] > 'z') return false;
    }
    return message_event_parse(rq->arguments[0], &editing->event);
}

static bool is_of(const struct template *row, const struct editing *editing)
{
    return row->event == editing->event && slice_equal(row->language, editing->language);
}

/* The stored one, else the built-in one, else false. */
static bool find(const struct editing *editing, struct template *out)
{
    for (size_t i = 0; i < editing->get.count; i++) {
        *out = editing->get.rows[i];
        if (is_of(out, editing)) return true;
    }
    for (size_t i = 0; texts_builtin(i, out); i++) {
        if (is_of(out, editing)) return true;
    }
    return false;
}

static enum step ask(struct req *rq, step_fn *next)
{
    struct editing *editing = req_state(rq, struct editing);
    editing->get.base.verb = STORE_TEMPLATES_GET;
    return req_store(rq, &editing->get.base, next);
}

/* --- what it comes to --- */

static void put_cost(struct req *rq, int parts, struct buf *out)
{
    struct slice currency;
    int64_t price;
    const char *text = req_worker(rq)->api->config->sms_part_price;
    if (!price_parse(slice_of(text), &currency, &price) || price == 0) return;
    buf_put_text(out, ",\"cost\":\"");
    buf_put(out, currency);
    if (currency.len > 0) buf_put_char(out, ' ');
    buf_put_money(out, price * parts, SMS_PRICE_DIGITS);
    buf_put_char(out, '"');
}

static void put_sample(struct req *rq, const struct text_choice *choice,
    const struct sms_sample *sample, struct buf *out)
{
    static const char *const names[] = {"short", "long"};
    struct message message = {0};
    sms_preview(req_worker(rq)->api->composer, choice, sample, &rq->arena, &message);
    buf_printf(out, "{\"sample\":\"%s\",\"text\":", names[sample->size]);
    json_put_text(out, message.body);
    buf_printf(out, ",\"encoding\":\"%s\",\"parts\":%d",
        message.encoding == MESSAGE_GSM7 ? "gsm-7" : "ucs-2", message.parts);
    put_cost(rq, message.parts, out);
    buf_put_char(out, '}');
}

static struct slice samples_of(struct req *rq, const struct template *row)
{
    const char *fault;
    const struct sms_composer *composer = req_worker(rq)->api->composer;
    struct text_choice choice = texts_find(composer->texts, row->event, row->language, &rq->arena);
    struct sms_sample sample = {.language = row->language, .time = clock_wall_ms()};
    struct buf out CLEANUP(buf_deinit);
    buf_init(&out, HTTP_BODY_MAX);
    if (!text_compile(row->text, &rq->arena, &choice.full, &fault)) return slice_absent();
    buf_put_char(&out, '[');
    put_sample(rq, &choice, &sample, &out);
    buf_put_char(&out, ',');
    sample.size = SMS_SAMPLE_LONG;
    put_sample(rq, &choice, &sample, &out);
    buf_put_char(&out, ']');
    return arena_copy(&rq->arena, buf_slice(&out));
}

/* A text that typographic characters keep out of GSM-7 is offered as it would be without them. */
static struct slice suggestion_for(struct req *rq, struct slice text)
{
    struct slice plain = text_plain(&rq->arena, text);
    return slice_equal(plain, text) ? slice_absent() : plain;
}

/* With the time: versions begin again when a template was removed. */
static struct slice etag_of(struct req *rq, const struct template *row)
{
    return arena_format(
        &rq->arena, "\"%lld-%llx\"", (long long)row->version, (unsigned long long)row->updated_at);
}

static enum step reply_one(struct req *rq, const struct template *row)
{
    const struct template_view view = {*row, samples_of(rq, row), suggestion_for(rq, row->text)};
    req_reply_field(rq, SLICE("ETag"), etag_of(rq, row));
    return req_reply_row(rq, 200, rq->route->gives(), &view);
}

/* --- list, get --- */

enum step template_list(struct req *rq)
{
    return ask(rq, listed);
}

static void put_row(struct req *rq, const struct template *row, bool *first)
{
    if (!*first) buf_put_char(&rq->reply.body, ',');
    schema_encode(rq->route->gives(), row, &rq->reply.body);
    *first = false;
}

/* The stored ones, and the built-in ones that none of them stands for. */
static enum step listed(struct req *rq)
{
    struct editing *editing = rq->state;
    struct template row, standing;
    bool first = true;
    if (editing->get.base.op.err) return req_fail(rq, editing->get.base.op.err);
    buf_put_text(&rq->reply.body, "{\"data\":[");
    for (size_t i = 0; i < editing->get.count; i++) put_row(rq, &editing->get.rows[i], &first);
    for (size_t i = 0; texts_builtin(i, &row); i++) {
        editing->event = row.event;
        editing->language = row.language;
        if (find(editing, &standing) && standing.version == 0) put_row(rq, &row, &first);
    }
    buf_put_text(&rq->reply.body, "]}\n");
    return req_reply(rq, 200, SLICE("application/json"));
}

enum step template_get(struct req *rq)
{
    if (!read_path(rq, req_state(rq, struct editing))) return req_fail(rq, ERR_NOT_FOUND);
    return ask(rq, found);
}

static enum step found(struct req *rq)
{
    const struct editing *editing = rq->state;
    struct template row;
    if (editing->get.base.op.err) return req_fail(rq, editing->get.base.op.err);
    return find(editing, &row) ? reply_one(rq, &row) : req_fail(rq, ERR_NOT_FOUND);
}

/* --- put, remove --- */

void template_input_refine(struct req *rq, void *row)
{
    const struct template_input *input = row;
    const char *fault;
    struct slice code;
    if (!slice_present(input->text)) return;
    if (text_compile(input->text, &rq->arena, &code, &fault)) return;
    req_fault(rq, SLICE("/text"), SLICE("template"), slice_of(fault));
}

static bool is_conditional(const struct req *rq)
{
    struct slice given = slice_trim(req_field(rq, SLICE("If-Match"), NULL));
    return slice_present(given) && !slice_equal(given, SLICE("*"));
}

/* If-Match, where it is given, names what is to be replaced. */
static bool may_replace(struct req *rq, const struct template *former)
{
    struct slice given = slice_trim(req_field(rq, SLICE("If-Match"), NULL));
    return !is_conditional(rq) || slice_equal(given, etag_of(rq, former));
}

/* Who sets no condition does not care what others wrote meanwhile: on top of that, then. */
static bool goes_again(const struct req *rq, struct editing *editing, enum err err)
{
    return err == ERR_VERSION_MISMATCH && !is_conditional(rq) && ++editing->tries < TRIES_MAX;
}

static struct slice record_of(struct req *rq, const struct editing *editing)
{
    return arena_format(&rq->arena, "%.*s/%.*s", SLICE_ARG(message_event_text(editing->event)),
        SLICE_ARG(editing->language));
}

/* False when the reply has been made. */
static bool read_dry_run(struct req *rq, bool *dry)
{
    struct slice text = req_parameter(rq, SLICE("dry_run"));
    *dry = slice_equal(text, SLICE("true"));
    if (!slice_present(text) || *dry || slice_equal(text, SLICE("false"))) return true;
    return req_fail_with(rq, ERR_BAD_PARAMETER, SLICE("`dry_run` is true or false")) != STEP_DONE;
}

enum step template_put(struct req *rq)
{
    struct editing *editing = req_state(rq, struct editing);
    editing->input.enabled = true;
    if (!read_path(rq, editing)) return req_fail(rq, ERR_NOT_FOUND);
    if (!req_decode(rq, rq->route->takes(), &editing->input)) return STEP_DONE;
    return ask(rq, put_asked);
}

static enum step put_asked(struct req *rq)
{
    struct editing *editing = rq->state;
    struct store_template_put *put = &editing->put;
    struct template former = {0};
    bool dry;
    if (editing->get.base.op.err) return req_fail(rq, editing->get.base.op.err);
    if (!read_dry_run(rq, &dry)) return STEP_DONE;
    if (!find(editing, &former)) former = (struct template){0};
    if (!may_replace(rq, &former)) return req_fail(rq, ERR_VERSION_MISMATCH);
    put->base.verb = STORE_TEMPLATE_PUT;
    put->row = (struct template){
        .event = editing->event,
        .language = editing->language,
        .text = editing->input.text,
        .enabled = editing->input.enabled,
        .updated_by = rq->identity->subject,
        .version = former.version,
        .updated_at = clock_wall_ms(),
    };
    if (dry) return reply_one(rq, &put->row);
    put->entry = req_entry(rq, AUDIT_TEMPLATE_CHANGED, record_of(rq, editing));
    return req_store(rq, &put->base, put_done);
}

static enum step put_done(struct req *rq)
{
    struct editing *editing = rq->state;
    const struct store_template_put *put = &editing->put;
    struct template row = put->row;
    if (goes_again(rq, editing, put->base.op.err)) return ask(rq, put_asked);
    if (put->base.op.err) return req_fail(rq, put->base.op.err);
    template_watch_now(req_worker(rq)->templates);
    row.version = put->version;
    return reply_one(rq, &row);
}

enum step template_remove(struct req *rq)
{
    if (!read_path(rq, req_state(rq, struct editing))) return req_fail(rq, ERR_NOT_FOUND);
    return ask(rq, remove_asked);
}

static enum step remove_asked(struct req *rq)
{
    struct editing *editing = rq->state;
    struct store_template_remove *remove = &editing->remove;
    struct template former;
    if (editing->get.base.op.err) return req_fail(rq, editing->get.base.op.err);
    if (!find(editing, &former) || former.version == 0) return req_fail(rq, ERR_NOT_FOUND);
    if (!may_replace(rq, &former)) return req_fail(rq, ERR_VERSION_MISMATCH);
    remove->base.verb = STORE_TEMPLATE_REMOVE;
    remove->event = editing->event;
    remove->language = editing->language;
    remove->version = former.version;
    remove->entry = req_entry(rq, AUDIT_TEMPLATE_REMOVED, record_of(rq, editing));
    return req_store(rq, &remove->base, removed);
}

static enum step removed(struct req *rq)
{
    struct editing *editing = rq->state;
    enum err err = editing->remove.base.op.err;
    if (goes_again(rq, editing, err)) return ask(rq, remove_asked);
    if (err) return req_fail(rq, err);
    template_watch_now(req_worker(rq)->templates);
    return req_reply(rq, 204, slice_absent());
}
