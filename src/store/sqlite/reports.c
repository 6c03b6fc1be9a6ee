/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery reports on SQLite: kept once each, and applied to their message as soon as it is known which that is.
 *
 *   taken --provider_id is a message's--> applied        waiting --settlement brings the provider_id--> applied
 *         \--no such message--> waiting                         \--its number leaves one message--> applied
 * By number only one that nobody could doubt is settled (store/delivery.h): the rule is find_by_number(). What a report changes is
 * decided by its rank alone, in the statement SQL_REPORT_APPLY; one that changes nothing is matched all the same.
 *
 * Runs on the writer's thread, inside its transaction: between looking and applying nothing else happens.
 * Limits: one sweep looks at the HOPEFUL_MAX youngest reports that wait, and settles MATCHES_MAX messages; others have their turn later.
 */
#include "store/sqlite/reports.h"

#include "core/check.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/transaction.h"

#define HOPEFUL_MAX ((int64_t)STORE_BATCH_MAX * 8)
#define MATCHES_MAX 128

/* False when it is there already. */
static bool insert(struct connection *connection, const struct report *report)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_REPORT_INSERT);
    query_put_text(&query, report->provider_id);
    query_put_text(&query, report->status);
    query_put_uuid(&query, &report->id);
    query_put_text(&query, report->phone);
    query_put_text(&query, report->network);
    query_put_text(&query, report->reason);
    query_put_i64(&query, report->rank);
    query_put_text(&query, message_state_text(report->state));
    query_put_i64(&query, report->received_at);
    return query_run(&query) > 0;
}

static bool find_by_provider(
    struct connection *connection, struct slice provider_id, struct uuid *message)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_MESSAGE_BY_PROVIDER);
    query_put_text(&query, provider_id);
    if (!query_row(&query)) return false;
    *message = query_take_uuid(&query);
    return true;
}

/* Whether a report with another provider_id waits for the number, or this provider_id was another message's, which was sent again since. */
static bool disputed(struct connection *connection, const struct report *report)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_REPORT_DISPUTED);
    query_put_text(&query, report->phone);
    query_put_text(&query, report->provider_id);
    return query_row(&query);
}

static bool find_by_number(
    struct connection *connection, const struct report *report, struct uuid *message)
{
    if (!slice_present(report->phone) || report->rank == REPORT_UNHEARD_OF) return false;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_MESSAGES_AWAITING);
    query_put_text(&query, report->phone);
    if (!query_row(&query)) return false;
    *message = query_take_uuid(&query);
    bool unknown = rows_take_state(&query) == MESSAGE_UNKNOWN;
    bool has_provider = slice_present(query_borrow_text(&query));
    int64_t since = report->received_at - query_take_i64(&query);
    if (!unknown || has_provider || since < 0 || since > REPORT_WINDOW_MS) return false;
    bool one_of_several = query_row(&query);
    return !one_of_several && !disputed(connection, report);
}

/* A failure is said in the report's words; what is well has none. */
static struct slice failure_of(const struct report *report)
{
    if (report->state != MESSAGE_FAILED) return slice_absent();
    return slice_present(report->reason) ? report->reason : report->status;
}

static void apply(
    struct connection *connection, const struct report *report, const struct uuid *message)
{
    CLEANUP(buf_deinit)
    struct buf history;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_REPORT_APPLY);
    query_put_text(&query, report->provider_id);
    query_put_text(&query, report->status);
    query_put_text(&query, message_state_text(report->state));
    query_put_i64(&query, report->rank);
    query_put_text(&query, failure_of(report));
    query_put_time(&query, report->state == MESSAGE_DELIVERED ? report->received_at : 0);
    rows_put_history(&query, &history,
        &(struct history_change){
            .state = report->state, .at = report->received_at, .failure = failure_of(report)});
    query_put_uuid(&query, message);
    query_run(&query);
}

static void mark_matched(
    struct connection *connection, struct slice provider_id, const struct uuid *message)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_REPORTS_MATCHED);
    query_put_uuid(&query, message);
    query_put_text(&query, provider_id);
    query_run(&query);
}

int64_t reports_match(
    struct connection *connection, struct slice provider_id, const struct uuid *message)
{
    int64_t count = 0;
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_REPORTS_WAITING);
    query_put_text(&query, provider_id);
    for (; query_row(&query); count++) {
        struct report report = {.provider_id = provider_id};
        report.status = query_borrow_text(&query);
        report.reason = query_borrow_text(&query);
        report.rank = (enum report_rank)query_take_i64(&query);
        report.state = rows_take_state(&query);
        report.received_at = query_take_i64(&query);
        apply(connection, &report, message);
    }
    if (count > 0) mark_matched(connection, provider_id, message);
    return count;
}

enum err sqlite_report_take(struct transaction *transaction, struct store_op *base)
{
    struct store_report_take *op = CONTAINER_OF(base, struct store_report_take, base);
    struct connection *connection = transaction->connection;
    const struct report *report = &op->report;
    op->repeated = !insert(connection, report);
    op->matched =
        !op->repeated && (find_by_provider(connection, report->provider_id, &op->message) ||
                             find_by_number(connection, report, &op->message));
    if (op->matched) (void)reports_match(connection, report->provider_id, &op->message);
    return ERR_OK;
}

/* They are taken out before any is applied: a statement must not change the rows that it walks over. */
static size_t find_hopeful(
    struct connection *connection, int64_t now, struct arena *arena, struct report *out)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, SQL_REPORTS_HOPEFUL);
    query_put_i64(&query, now - REPORT_WINDOW_MS);
    query_put_i64(&query, HOPEFUL_MAX);
    query_put_i64(&query, MATCHES_MAX);
    size_t count = 0;
    while (count < MATCHES_MAX && query_row(&query)) {
        struct report *report = &out[count++];
        report->provider_id = query_take_text(&query, arena);
        report->phone = query_take_text(&query, arena);
        report->received_at = query_take_i64(&query);
        report->rank = REPORT_SENT; /* or above: the statement finds no other */
    }
    return count;
}

int64_t reports_match_waiting(struct connection *connection, int64_t now, struct arena *arena)
{
    struct report hopeful[MATCHES_MAX] = {0};
    size_t count = find_hopeful(connection, now, arena, hopeful);
    int64_t matched = 0;
    for (size_t i = 0; i < count; i++) {
        struct uuid message;
        if (find_by_number(connection, &hopeful[i], &message)) {
            matched += reports_match(connection, hopeful[i].provider_id, &message);
        }
    }
    return matched;
}
