/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text that tells a customer what became of an order, from the template of the event and the customer's language.
 *
 * A text that would fill more parts than allowed loses the end of the item's name to "..."; if that is not enough, the built-in text
 * without a greeting takes its place and the item is fitted again: without name and item that always fits one part. A person's name is
 * never changed. A text that was cut is counted.
 *
 * Called by the store inside the transaction that writes the order, on the store's threads. Texts go into the operation's arena.
 * Times are shown in East Africa Time, UTC+3 all year, and say so: EAT.
 */
#include <ctype.h>

#include "core/currency.h"
#include "core/json.h"
#include "core/timestamp.h"
#include "obs/metrics.h"
#include "sms/sms.h"
#include "sms/text.h"

#define EAT_MS (INT64_C(3) * 3600 * 1000)
/* Room for the digits of an amount, a time, and the "..." behind a cut item, generously. */
#define AMOUNT_MAX 32
#define TIME_MAX 32
#define ELLIPSIS_MAX 8
/* The end of the order's id, which is random; orders of the same minute share its beginning. */
#define REFERENCE_LEN 8

static const struct calendar {
    const char *language;
    const char months[12][4];
} calendars[] = {
    /* The first one stands for all other languages. */
    {"en", {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}},
    {"sw", {"Jan", "Feb", "Mac", "Apr", "Mei", "Jun", "Jul", "Ago", "Sep", "Okt", "Nov", "Des"}},
};

struct values {
    struct slice name, item, amount, time, reference;
    size_t item_cut; /* characters of the item that are shown, before "..."; SIZE_MAX: all */
};

/* The text as it is rendered, again and again until it fits. */
struct draft {
    struct buf text;
    struct text_size size;
    int parts_max;
    bool cut;
};

static const struct calendar *calendar_of(struct slice language)
{
    struct slice primary = slice_cut(&language, '-');
    for (size_t i = 1; i < ARRAY_LEN(calendars); i++) {
        if (slice_equal_nocase(primary, slice_of(calendars[i].language))) return &calendars[i];
    }
    return calendars;
}

/* A buffer that lies in the arena and never grows. */
static struct buf make_room(struct arena *arena, size_t size)
{
    char *bytes = arena_alloc(arena, size + 1); /* one more, as every buffer has for buf_printf() */
    return (struct buf){.ptr = bytes, .cap = size, .max = size};
}

/* "KES 1,250.00" */
static struct slice format_amount(const struct order *order, struct arena *arena)
{
    int digits = 2;
    if (!currency_digits(order->currency, &digits)) digits = 2;
    struct buf plain = make_room(arena, AMOUNT_MAX);
    struct buf text = make_room(arena, order->currency.len + 1 + AMOUNT_MAX);
    buf_put_money(&plain, order->amount_minor, digits);
    size_t whole = digits > 0 ? plain.len - (size_t)digits - 1 : plain.len;
    buf_put(&text, order->currency);
    buf_put_char(&text, ' ');
    size_t head = (whole - 1) % 3 + 1; /* digits before the first comma */
    buf_put(&text, (struct slice){plain.ptr, head});
    for (size_t i = head; i < whole; i += 3) {
        buf_put_char(&text, ',');
        buf_put(&text, (struct slice){plain.ptr + i, 3});
    }
    buf_put(&text, slice_skip(buf_slice(&plain), whole));
    return buf_slice(&text);
}

/* "22 Nov 2026 16:08 EAT" */
static struct slice format_time(const struct calendar *calendar, int64_t time, struct arena *arena)
{
    char iso[TIMESTAMP_LEN];
    timestamp_format(time + EAT_MS, iso);
    int month = (iso[5] - '0') * 10 + iso[6] - '0';
    size_t zero = iso[8] == '0'; /* of the day, not shown */
    struct buf text = make_room(arena, TIME_MAX);
    buf_put(&text, (struct slice){iso + 8 + zero, 2 - zero});
    buf_put_char(&text, ' ');
    buf_put_text(&text, calendar->months[month - 1]);
    buf_put_char(&text, ' ');
    buf_put(&text, (struct slice){iso, 4});
    buf_put_char(&text, ' ');
    buf_put(&text, (struct slice){iso + 11, 5});
    buf_put_text(&text, " EAT");
    return buf_slice(&text);
}

/* "0199ABCD" */
static struct slice format_reference(struct uuid id, struct arena *arena)
{
    char text[UUID_TEXT_LEN];
    char *reference = arena_alloc(arena, REFERENCE_LEN);
    uuid_format(id, text);
    for (size_t i = 0; i < REFERENCE_LEN; i++) {
        reference[i] = (char)toupper((unsigned char)text[UUID_TEXT_LEN - REFERENCE_LEN + i]);
    }
    return (struct slice){reference, REFERENCE_LEN};
}

static void put_item(struct buf *out, const struct values *values)
{
    if (values->item_cut == SIZE_MAX) {
        buf_put(out, values->item);
        return;
    }
    struct slice head = slice_trim(text_head(values->item, values->item_cut));
    buf_put(out, head);
    buf_put_text(out, "...");
}

static void put_value(struct buf *out, const struct values *values, enum text_variable which)
{
    switch (which) {
    case TEXT_NAME: buf_put(out, values->name); break;
    case TEXT_ITEM: put_item(out, values); break;
    case TEXT_AMOUNT: buf_put(out, values->amount); break;
    case TEXT_TIME: buf_put(out, values->time); break;
    default: buf_put(out, values->reference); break;
    }
}

static bool is_variable(char c)
{
    return c > 0 && c < TEXT_VARIABLE_END;
}

static void render(struct buf *out, struct slice template, const struct values *values)
{
    const char *at = template.ptr, *end = at + template.len;
    buf_reset(out);
    while (at < end) {
        const char *from = at;
        while (at < end && !is_variable(*at)) at++;
        buf_put(out, (struct slice){from, (size_t)(at - from)});
        if (at < end) put_value(out, values, (enum text_variable) * at++);
    }
}

static bool fits(struct draft *draft, struct slice template, const struct values *values)
{
    render(&draft->text, template, values);
    draft->size = text_measure(buf_slice(&draft->text));
    return draft->size.parts <= draft->parts_max;
}

/* Renders with as much of the item as fits; false when none of it does. */
static bool fit(struct draft *draft, struct slice template, struct values *values)
{
    values->item_cut = SIZE_MAX;
    if (fits(draft, template, values)) return true;
    values->item_cut = 0;
    if (!fits(draft, template, values)) return false;
    size_t low = 0, high = utf8_length(values->item); /* `low` characters fit, `high` do not */
    while (low + 1 < high) {
        values->item_cut = low + (high - low) / 2;
        if (fits(draft, template, values)) {
            low = values->item_cut;
        } else {
            high = values->item_cut;
        }
    }
    values->item_cut = low;
    return fits(draft, template, values);
}

static struct buf text_room(
    const struct text_choice *choice, const struct values *values, struct arena *arena)
{
    size_t texts = choice->full.len > choice->brief.len ? choice->full.len : choice->brief.len;
    size_t once = values->name.len + values->item.len + ELLIPSIS_MAX + values->amount.len +
                  values->time.len + values->reference.len;
    return make_room(arena, texts + VARIABLE_USES_MAX * once);
}

static void write_text(const struct text_choice *choice, const struct customer *customer,
    const struct order *order, struct draft *draft, struct arena *arena)
{
    struct values values = {
        .name = customer->name,
        .item = text_plain(arena, order->item),
        .amount = format_amount(order, arena),
        .time = format_time(calendar_of(customer->language), order->time, arena),
        .reference = format_reference(order->id, arena),
    };
    draft->text = text_room(choice, &values, arena);
    if (!fit(draft, choice->full, &values)) {
        draft->cut = true;
        check(fit(draft, choice->brief, &values));
    }
    draft->cut |= values.item_cut != SIZE_MAX;
    check(buf_ok(&draft->text));
}

static void decide(const struct customer *customer, bool enabled, struct message *out)
{
    out->state = MESSAGE_QUEUED;
    out->failure = slice_absent();
    if (!enabled) {
        out->state = MESSAGE_SKIPPED;
        out->failure = SLICE("the template of this event is switched off");
    } else if (!slice_present(customer->phone)) {
        out->state = MESSAGE_SKIPPED;
        out->failure = SLICE("the customer has no phone number");
    } else if (customer->sms_opt_out) {
        out->state = MESSAGE_SUPPRESSED;
        out->failure = SLICE("the customer has opted out of SMS");
    }
}

static void take_draft(const struct draft *draft, struct message *out)
{
    out->body = buf_slice(&draft->text);
    out->encoding = draft->size.encoding;
    out->parts = draft->size.parts;
}

void sms_compose(void *context, const struct customer *customer, const struct order *order,
    struct arena *arena, struct message *out)
{
    const struct sms_composer *composer = context;
    struct draft draft = {.parts_max = composer->parts_max};
    struct text_choice choice = texts_find(composer->texts, out->event, customer->language, arena);
    write_text(&choice, customer, order, &draft, arena);
    take_draft(&draft, out);
    if (draft.cut) metrics_add(METRIC_SMS_CUT, 0, 0, 1);
    out->to = arena_copy(arena, customer->phone);
    out->due_at = order->created_at;
    out->expires_at = order->created_at + composer->expiry_ms;
    decide(customer, choice.enabled, out);
}

/* --- what a template comes to --- */

static const struct sample {
    const char *name, *item;
    int64_t amount_minor;
} samples[] = {
    [SMS_SAMPLE_SHORT] = {"Asha", "Tea, 1 kg", 45000},
    [SMS_SAMPLE_LONG] = {"Wanjiku Catherine Nyambura Kamau-Odhiambo",
        "Maize flour 2 kg, sugar 1 kg, cooking oil 3 l, tea leaves 500 g, bath soap 6 pieces, "
        "washing powder 1 kg",
        123456700},
};

void sms_preview(const struct sms_composer *composer, const struct text_choice *choice,
    const struct sms_sample *sample, struct arena *arena, struct message *out)
{
    const struct sample *data = &samples[sample->size];
    struct customer customer = {.name = slice_of(data->name), .language = sample->language};
    struct order order = {
        .item = slice_of(data->item),
        .amount_minor = data->amount_minor,
        .currency = SLICE("KES"),
        .time = sample->time,
    };
    struct draft draft = {.parts_max = composer->parts_max};
    write_text(choice, &customer, &order, &draft, arena);
    take_draft(&draft, out);
}
