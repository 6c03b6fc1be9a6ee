/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text that tells a customer that an order was received.
 *
 * English is the default, Swahili stands for a customer whose language is `sw`. A text that would fill more parts than allowed loses
 * the end of the item's name to "..."; if that is not enough, the greeting goes and the item is fitted again: without name and item
 * the text always fits one part. The reference is never lost, and a person's name is never changed.
 *
 * Called by the store inside the transaction that writes the order, on the store's threads. Texts go into the operation's arena.
 * Times are shown in East Africa Time, UTC+3 all year, and say so: EAT.
 */
#include <ctype.h>

#include "core/currency.h"
#include "core/json.h"
#include "core/timestamp.h"
#include "sms/sms.h"
#include "sms/text.h"

#define EAT_MS (INT64_C(3) * 3600 * 1000)
/* Room for the digits of an amount, a time, and the "..." behind a cut item, generously. */
#define AMOUNT_MAX 32
#define TIME_MAX 32
#define ELLIPSIS_MAX 8
/* The end of the order's id, which is random; orders of the same minute share its beginning. */
#define REFERENCE_LEN 8

/* {n}ame, {i}tem, {a}mount, {t}ime and {r}eference are filled in. */
struct wording {
    const char *full, *short_of_name;
    const char months[12][4];
};

static const struct wording english = {
    .full = "Dear {n}, we have received your order of {i}, {a}, on {t}. Ref {r}.",
    .short_of_name = "We have received your order of {i}, {a}, on {t}. Ref {r}.",
    .months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
};
static const struct wording swahili = {
    .full = "Mpendwa {n}, tumepokea agizo lako la {i}, {a}, tarehe {t}. Kumb. {r}.",
    .short_of_name = "Tumepokea agizo lako la {i}, {a}, tarehe {t}. Kumb. {r}.",
    .months = {"Jan", "Feb", "Mac", "Apr", "Mei", "Jun", "Jul", "Ago", "Sep", "Okt", "Nov", "Des"},
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
};

static const struct wording *wording_of(struct slice language)
{
    struct slice primary = slice_cut(&language, '-');
    return slice_equal_nocase(primary, SLICE("sw")) ? &swahili : &english;
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
static struct slice format_time(const struct wording *wording, int64_t time, struct arena *arena)
{
    char iso[TIMESTAMP_LEN];
    timestamp_format(time + EAT_MS, iso);
    int month = (iso[5] - '0') * 10 + iso[6] - '0';
    size_t zero = iso[8] == '0'; /* of the day, not shown */
    struct buf text = make_room(arena, TIME_MAX);
    buf_put(&text, (struct slice){iso + 8 + zero, 2 - zero});
    buf_put_char(&text, ' ');
    buf_put_text(&text, wording->months[month - 1]);
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

static void put_value(struct buf *out, const struct values *values, char which)
{
    switch (which) {
    case 'n': buf_put(out, values->name); break;
    case 'i': put_item(out, values); break;
    case 'a': buf_put(out, values->amount); break;
    case 't': buf_put(out, values->time); break;
    default: buf_put(out, values->reference); break;
    }
}

static void render(struct buf *out, const char *template, const struct values *values)
{
    buf_reset(out);
    for (const char *at = strchr(template, '{'); at; at = strchr(template, '{')) {
        buf_put(out, (struct slice){template, (size_t)(at - template)});
        put_value(out, values, at[1]);
        template = at + 3;
    }
    buf_put_text(out, template);
}

static bool fits(struct draft *draft, const char *template, const struct values *values)
{
    render(&draft->text, template, values);
    draft->size = text_measure(buf_slice(&draft->text));
    return draft->size.parts <= draft->parts_max;
}

/* Renders with as much of the item as fits; false when none of it does. */
static bool fit(struct draft *draft, const char *template, struct values *values)
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

/* Room for the text with all of its item, or with a cut one; the short wording is shorter still. */
static struct buf text_room(
    const struct wording *wording, const struct values *values, struct arena *arena)
{
    size_t size = strlen(wording->full) + values->name.len + values->item.len + values->amount.len +
                  values->time.len + values->reference.len + ELLIPSIS_MAX;
    return make_room(arena, size);
}

static void write_text(const struct customer *customer, const struct order *order,
    struct draft *draft, struct arena *arena)
{
    const struct wording *wording = wording_of(customer->language);
    struct values values = {
        .name = customer->name,
        .item = text_plain(arena, order->item),
        .amount = format_amount(order, arena),
        .time = format_time(wording, order->time, arena),
        .reference = format_reference(order->id, arena),
    };
    draft->text = text_room(wording, &values, arena);
    if (!fit(draft, wording->full, &values)) {
        check(fit(draft, wording->short_of_name, &values));
    }
    check(buf_ok(&draft->text));
}

static void decide(const struct customer *customer, struct message *out)
{
    out->state = MESSAGE_QUEUED;
    out->failure = slice_absent();
    if (!slice_present(customer->phone)) {
        out->state = MESSAGE_SKIPPED;
        out->failure = SLICE("the customer has no phone number");
    } else if (customer->sms_opt_out) {
        out->state = MESSAGE_SUPPRESSED;
        out->failure = SLICE("the customer has opted out of SMS");
    }
}

void sms_compose(void *context, const struct customer *customer, const struct order *order,
    struct arena *arena, struct message *out)
{
    const struct sms_composer *composer = context;
    struct draft draft = {.parts_max = composer->parts_max};
    write_text(customer, order, &draft, arena);
    out->to = arena_copy(arena, customer->phone);
    out->body = buf_slice(&draft.text);
    out->encoding = draft.size.encoding;
    out->parts = draft.size.parts;
    out->due_at = order->created_at;
    out->expires_at = order->created_at + composer->expiry_ms;
    decide(customer, out);
}
