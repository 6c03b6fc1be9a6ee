/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow of a list: read the parameters, ask the store for one page, write it with the cursor of the next.
 *
 * One operation of the store per page, whatever its number; a count is part of it. A caller who is a customer gets their own rows only:
 * their code takes the place of the filter, and another code in the filter gives an empty page. Worker's thread.
 */
#include "api/list.h"

#include "api/api.h"
#include "api/cursor.h"
#include "core/currency.h"
#include "core/json.h"
#include "core/timestamp.h"
#include "http/prefer.h"
#include "sms/number.h"

#define LIMIT_DEFAULT 50
/* Characters of the longest text that is searched. */
#define WORDS_MAX 200

struct page {
    struct store_list list;
    const struct list_kind *kind;
    uint64_t before; /* rows on the pages before this one */
    bool nothing;    /* the filter excludes everything the caller may see */
};

typedef bool read_fn(struct req *rq, struct slice text, struct store_list *list);

static bool read_limit(struct req *rq, struct slice text, struct store_list *list)
{
    uint64_t limit;
    (void)rq;
    if (!slice_to_u64(text, STORE_LIST_MAX, &limit) || limit == 0) return false;
    list->limit = limit;
    return true;
}

static bool read_customer(struct req *rq, struct slice text, struct store_list *list)
{
    (void)rq;
    list->customer = text;
    return text.len > 0;
}

static bool read_from(struct req *rq, struct slice text, struct store_list *list)
{
    (void)rq;
    return timestamp_parse(text, &list->from);
}

static bool read_to(struct req *rq, struct slice text, struct store_list *list)
{
    (void)rq;
    return timestamp_parse(text, &list->to);
}

static bool read_state(struct req *rq, struct slice text, struct store_list *list)
{
    (void)rq;
    list->by_state = true;
    return message_state_parse(text, &list->state);
}

static bool read_order(struct req *rq, struct slice text, struct store_list *list)
{
    (void)rq;
    list->by_order = true;
    return uuid_parse(text, &list->order);
}

static bool read_subject(struct req *rq, struct slice text, struct store_list *list)
{
    (void)rq;
    list->subject = text;
    return text.len > 0;
}

/* Ids stand in the log in lower case. */
static bool read_record(struct req *rq, struct slice text, struct store_list *list)
{
    struct uuid id;
    char *lower = arena_alloc(&rq->arena, UUID_TEXT_LEN);
    list->record = text;
    if (uuid_parse(text, &id)) {
        uuid_format(id, lower);
        list->record = (struct slice){lower, UUID_TEXT_LEN};
    }
    return text.len > 0;
}

static bool read_phone(struct req *rq, struct slice text, struct store_list *list)
{
    char number[NUMBER_MAX];
    const char *fault;
    if (!number_parse(text, NUMBER_ALL, number, &fault)) return false;
    list->phone = arena_copy(&rq->arena, slice_of(number));
    return true;
}

static bool read_currency(struct req *rq, struct slice text, struct store_list *list)
{
    int digits;
    (void)rq;
    list->currency = text;
    return currency_digits(text, &digits);
}

/* Amounts of one currency only can be compared, and its decimals tell what the text means: it was read before. */
static bool read_amount(struct slice text, struct store_list *list, int64_t *out)
{
    int digits;
    if (!slice_present(list->currency)) list->currency = CURRENCY_DEFAULT;
    return currency_digits(list->currency, &digits) && money_parse(text, digits, out);
}

static bool read_least(struct req *rq, struct slice text, struct store_list *list)
{
    (void)rq;
    return read_amount(text, list, &list->least);
}

static bool read_most(struct req *rq, struct slice text, struct store_list *list)
{
    (void)rq;
    return read_amount(text, list, &list->most);
}

static char small_letter(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool read_words(struct req *rq, struct slice text, struct store_list *list)
{
    char *words = arena_alloc(&rq->arena, text.len + 1);
    for (size_t i = 0; i < text.len; i++) words[i] = small_letter(text.ptr[i]);
    list->words = (struct slice){words, text.len};
    return text.len > 0 && utf8_length(text) <= WORDS_MAX;
}

static bool read_cursor(struct req *rq, struct slice text, struct store_list *list)
{
    struct cursor cursor;
    if (!cursor_parse(rq, text, list, &cursor)) return false;
    list->place = cursor.place;
    list->after = true;
    CONTAINER_OF(list, struct page, list)->before = cursor.before;
    return true;
}

/* The currency comes before the amounts, the cursor last: it is bound to all the others. Which of them a list has is its route's business. */
static const struct {
    const char *name;
    read_fn *read;
    enum err err;
} parameters[] = {
    {"limit", read_limit, ERR_BAD_PARAMETER},
    {"customer", read_customer, ERR_BAD_PARAMETER},
    {"from", read_from, ERR_BAD_PARAMETER},
    {"to", read_to, ERR_BAD_PARAMETER},
    {"state", read_state, ERR_BAD_PARAMETER},
    {"order", read_order, ERR_BAD_PARAMETER},
    {"subject", read_subject, ERR_BAD_PARAMETER},
    {"record", read_record, ERR_BAD_PARAMETER},
    {"phone", read_phone, ERR_BAD_PARAMETER},
    {"currency", read_currency, ERR_BAD_PARAMETER},
    {"min_amount", read_least, ERR_BAD_PARAMETER},
    {"max_amount", read_most, ERR_BAD_PARAMETER},
    {"q", read_words, ERR_BAD_PARAMETER},
    {"cursor", read_cursor, ERR_BAD_CURSOR},
};

static bool read_parameters(struct req *rq, struct store_list *list)
{
    for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
        struct slice text = req_parameter(rq, slice_of(parameters[i].name));
        if (!slice_present(text) || parameters[i].read(rq, text, list)) continue;
        struct slice detail = arena_format(
            &rq->arena, "the parameter `%s` cannot be used as given", parameters[i].name);
        return req_fail_with(rq, parameters[i].err, detail) != STEP_DONE;
    }
    return true;
}

/* Narrows the list to what the caller may see; must come before the cursor is read, which is bound to the outcome. */
static void narrow(const struct req *rq, struct page *page)
{
    struct slice own = rq->identity->customer_code;
    struct slice asked = req_parameter(rq, SLICE("customer"));
    if (!rq->identity->is_customer) return;
    page->nothing =
        !slice_present(own) || (slice_present(asked) && !slice_equal_nocase(asked, own));
    page->list.customer = own;
}

/* The path and query of the next page: this request's, with the cursor replaced. */
static struct slice next_target(struct req *rq, struct slice cursor)
{
    struct slice query = rq->target;
    struct slice path = slice_cut(&query, '?');
    struct slice target = arena_format(&rq->arena, "%.*s?", SLICE_ARG(path));
    while (slice_present(query)) {
        struct slice pair = slice_cut(&query, '&');
        if (pair.len == 0 || slice_starts(pair, SLICE("cursor="))) continue;
        target = arena_format(&rq->arena, "%.*s%.*s&", SLICE_ARG(target), SLICE_ARG(pair));
    }
    return arena_format(&rq->arena, "%.*scursor=%.*s", SLICE_ARG(target), SLICE_ARG(cursor));
}

static void put_next(struct req *rq, const struct page *page)
{
    struct cursor next = {store_list_end(&page->list), page->before + page->list.count};
    struct slice cursor = cursor_format(rq, &page->list, &next);
    buf_put_text(&rq->reply.body, ",\"next_cursor\":\"");
    buf_put(&rq->reply.body, cursor);
    buf_put_char(&rq->reply.body, '"');
    req_reply_field(rq, SLICE("Link"),
        arena_format(&rq->arena, "<%.*s>; rel=\"next\"", SLICE_ARG(next_target(rq, cursor))));
}

/* Rows may come and go between the count and the page: what is shown is there. */
static uint64_t total_of(const struct page *page)
{
    uint64_t shown = page->before + page->list.count;
    uint64_t counted = (uint64_t)page->list.total;
    return counted > shown ? counted : shown;
}

/* RFC 7240: a preference that was not honoured is passed over in silence. RFC 9110 §14.4 for the range. */
static void put_total(struct req *rq, const struct page *page)
{
    unsigned long long before = page->before, count = page->list.count, total;
    if (!page->list.count_max || page->list.total < 0) return;
    total = total_of(page);
    buf_put_text(&rq->reply.body, ",\"total\":");
    buf_put_u64(&rq->reply.body, total);
    req_reply_field(rq, SLICE("Preference-Applied"), SLICE("count=exact"));
    req_reply_field(rq, SLICE("Content-Range"),
        count == 0
            ? arena_format(&rq->arena, "items */%llu", total)
            : arena_format(&rq->arena, "items %llu-%llu/%llu", before, before + count - 1, total));
}

static enum step reply_page(struct req *rq)
{
    struct page *page = rq->state;
    struct buf *out = &rq->reply.body;
    if (page->list.base.op.err) return req_fail(rq, page->list.base.op.err);
    const char *row =
        (const char *)page->list.rows.orders; /* any member: all are pointers to the first row */
    buf_put_text(out, "{\"data\":[");
    for (size_t i = 0; i < page->list.count; i++, row += page->kind->row_size) {
        if (i > 0) buf_put_char(out, ',');
        schema_encode(rq->route->gives(), row, out);
    }
    buf_put_text(out, page->list.more ? "],\"has_more\":true" : "],\"has_more\":false");
    if (page->list.more) put_next(rq, page);
    put_total(rq, page);
    buf_put_text(out, "}\n");
    return req_reply(rq, 200, SLICE("application/json"));
}

/* A cursor is judged by a secret that stands in the database, which may not have been reached yet. */
static bool cursor_waits(const struct req *rq)
{
    return slice_present(req_parameter(rq, SLICE("cursor"))) &&
           !store_ready(req_worker(rq)->api->store);
}

/* 0 when nobody wants to know. */
static size_t count_max(const struct req *rq, const struct page *page)
{
    if (!page->kind->counts) return 0;
    if (!slice_equal(req_preference(rq, SLICE("count")), SLICE("exact"))) return 0;
    return store_list_searches(&page->list) ? STORE_COUNT_SEARCH_MAX : STORE_COUNT_MAX;
}

enum step req_list(struct req *rq, const struct list_kind *kind)
{
    struct page *page = req_state(rq, struct page);
    page->kind = kind;
    page->list.base.verb = kind->verb;
    page->list.to = INT64_MAX;
    page->list.most = MONEY_MAX;
    page->list.limit = LIMIT_DEFAULT;
    page->list.examine = STORE_EXAMINE_MAX;
    narrow(rq, page);
    if (cursor_waits(rq)) return req_fail(rq, ERR_UNAVAILABLE);
    if (!read_parameters(rq, &page->list)) return STEP_DONE;
    page->list.count_max = count_max(rq, page);
    if (page->nothing) return reply_page(rq);
    return req_store(rq, &page->list.base, reply_page);
}
