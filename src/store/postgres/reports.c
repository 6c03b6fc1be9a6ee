/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery reports on PostgreSQL: one flight takes a report.
 *
 * A report is kept once; whether this operation or an earlier one kept it shows by its id, also when the connection broke and it is sent
 * again. What it says is applied to the message that has its provider_id, or, if it fits no other, to the one message at its number
 * that nobody knows about. Reports that wait are matched by settlements and sweeps: outbox.c.
 *
 * Runs on the loop thread of its connection; see chores.c for how they get there and back.
 */
#include "store/postgres/reports.h"

#include "store/postgres/rows.h"

static void put_report(struct params *params, const struct report *report)
{
    struct history_change change = {.state = report->state, .at = report->received_at};
    if (report->state == MESSAGE_FAILED) {
        change.failure = report->reason.len ? report->reason : report->status;
    }
    params_uuid(params, &report->id);
    params_bytes(params, report->provider_id);
    params_bytes(params, report->status);
    params_bytes(params, report->phone);
    params_bytes(params, report->network);
    params_bytes(params, report->reason.len ? report->reason : slice_absent());
    params_i32(params, (int32_t)report->rank);
    params_bytes(params, message_state_text(report->state));
    params_change(params, &change);
    params_time(params, report->received_at);
}

void report_send_take(struct connection *connection, struct store_op *op)
{
    const struct report *report = &CONTAINER_OF(op, struct store_report_take, base)->report;
    struct params *params = connection_params(connection);
    put_report(params, report);
    connection_execute(connection, statement_name(STATEMENT_REPORT_TAKE));
    params_uuid(params, &report->id);
    params_bytes(params, report->provider_id);
    params_bytes(params, report->status);
    params_i64(params, REPORT_WINDOW_MS);
    connection_execute(connection, statement_name(STATEMENT_REPORT_ADOPT));
}

/* The insert answers no rows. */
enum err report_take_take(struct store_op *op, const PGresult *rows)
{
    struct store_report_take *take = CONTAINER_OF(op, struct store_report_take, base);
    struct row row = {.result = rows};
    if (!PQntuples(rows)) return ERR_OK;
    take->repeated = row_bool(&row);
    take->matched = !row_null(&row);
    take->message = row_uuid(&row);
    return ERR_OK;
}
