/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group commit of creates on one connection.
 *
 * RESOLVE asks, for every member, for its customer, its key's stored answer and what stands in its way; store/intake.c decides, and
 * those that are to be written go out as one transaction of array-bound inserts, all `on conflict do nothing`. The inserts answer
 * with the ids they made. A member whose id is not among them lost to somebody (its code, reference or key is taken, its customer
 * changed): it goes round again, and the next RESOLVE says why.
 *
 *            gather            decide                made: answered
 *   IDLE ------------> RESOLVING ----------> WRITING ------------------> IDLE
 *    |                     |                   |  not made: `again`
 *    |  customers, no key  |                   |
 *    +-----------------------------------------^
 *   RESOLVING, WRITING --SQL error--> IDLE: members go to `alone`, one per batch; alone already, or nobody's fault: answered
 *   RESOLVING, WRITING --connection broke--> IDLE: members go to `again`, sent as soon as it is back
 *
 * Sending a member again is safe because its id was made before the first try: RESOLVE finds the row if that try was committed after
 * all. Two members with one key, code or reference may share a batch: the first takes it, the other goes round.
 * Invariant: an operation is in `members` or in exactly one backlog, and completes exactly once.
 *
 * Runs on the loop thread of its connection; nothing here locks. Operations belong to their requests, `members` to us.
 * Limits: STORE_BATCH_MAX members; ROUNDS_MAX writes for one operation, then ERR_KEY_IN_FLIGHT or ERR_UNAVAILABLE;
 * RETRIES_MAX of them may end in a lost race for locks. RESOLVE takes no locks and promises nothing: the inserts alone decide who
 * holds a key, a code or a reference.
 */
#include "store/postgres/batch.h"

#include "core/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "store/intake.h"
#include "store/postgres/batch_write.h"
#include "store/postgres/creates.h"
#include "store/postgres/rows.h"

#define ROUNDS_MAX 8
#define RETRIES_MAX 4

static flight_rows_fn resolved, written;
static flight_end_fn resolve_ended, write_ended;

void batch_init(struct batch *batch, struct creates *creates)
{
    batch->creates = creates;
    batch->state = BATCH_IDLE;
    batch->members = memory_zeroed(STORE_BATCH_MAX * sizeof(*batch->members));
}

void batch_deinit(struct batch *batch)
{
    free(batch->members);
}

static bool makes_work(struct store_op *op)
{
    return op->verb == STORE_ORDER_CREATE && order_create(op)->message.state == MESSAGE_QUEUED;
}

/* One row of RESOLVE. */
struct finding {
    bool made, ref_taken;
    const struct stored_key *key;
    const struct customer *customer;
};

static struct intake decide_customer(
    const struct batch *batch, struct store_op *op, const struct finding *found)
{
    struct store_customer_create *create = customer_create(op);
    struct intake verdict = intake_customer(batch->creates->hooks, create, found->key);
    if (verdict.verdict == INTAKE_WRITE && found->customer) {
        verdict = (struct intake){.verdict = INTAKE_DONE, .err = ERR_CODE_TAKEN};
    }
    return verdict;
}

static struct intake decide_order(
    const struct batch *batch, struct store_op *op, const struct finding *found)
{
    struct store_order_create *create = order_create(op);
    struct intake verdict =
        intake_order(batch->creates->hooks, create, found->customer, found->key);
    if (verdict.verdict == INTAKE_WRITE && found->ref_taken) {
        verdict = (struct intake){.verdict = INTAKE_DONE, .err = ERR_REF_TAKEN};
    }
    return verdict;
}

/* Only what is queued stands behind its customer's last message. */
static void take_turn(struct turns *turns, struct store_order_create *create)
{
    struct message *message = &create->message;
    bool queued = message->state == MESSAGE_QUEUED;
    message->turn_at =
        queued ? turns_next(turns, message->customer_id, message->due_at) : message->due_at;
}

/* True when the member is to be written; else it has been answered. */
static bool decide(struct batch *batch, struct member *member, const struct finding *found)
{
    struct store_op *op = member->op;
    if (found->made) {
        /* An earlier try was committed after all, with the outputs that are still in place. */
        if (makes_work(op)) batch->creates->hooks->queued(batch->creates->hooks->context);
        op_complete(&op->op, ERR_OK);
        return false;
    }
    struct intake verdict = op->verb == STORE_ORDER_CREATE ? decide_order(batch, op, found)
                                                           : decide_customer(batch, op, found);
    if (verdict.verdict == INTAKE_DONE) {
        op_complete(&op->op, verdict.err);
        return false;
    }
    if (op->verb == STORE_ORDER_CREATE) take_turn(batch->creates->turns, order_create(op));
    member->answer = verdict.answer;
    if (found->customer) member->customer_version = found->customer->version;
    return true;
}

static void gather_from(struct batch *batch, struct backlog *backlog, size_t most)
{
    struct store_op *op;
    while (batch->count < most && (op = backlog_take(backlog))) {
        batch->members[batch->count++] = (struct member){.op = op};
    }
}

static bool somebody_looks(const struct creates *creates)
{
    for (size_t i = 0; i < CREATES_BATCHES; i++) {
        if (creates->batches[i].state == BATCH_RESOLVING) return true;
    }
    return false;
}

/* What waits for a look joins the batch. One batch looks at a time, so that the others have room for what is ready. */
static void gather_unseen(struct batch *batch)
{
    struct creates *creates = batch->creates;
    gather_from(batch, &creates->alone, 1);
    batch->alone = batch->count == 1;
    if (batch->alone || somebody_looks(creates)) return;
    gather_from(batch, &creates->again, STORE_BATCH_MAX);
    gather_from(batch, &creates->unseen, STORE_BATCH_MAX);
}

/* What is ready joins the batch; what is no longer known must be looked up after all. */
static void gather_ready(struct batch *batch)
{
    struct creates *creates = batch->creates;
    struct store_op *op;
    while (batch->count < STORE_BATCH_MAX && (op = backlog_take(&creates->ready))) {
        struct member member = {.op = op};
        struct finding found = {0};
        if (op->verb == STORE_ORDER_CREATE) {
            found.customer = known_find(creates->known, order_create(op)->row.customer);
            if (!found.customer) {
                backlog_put(&creates->unseen, op);
                continue;
            }
        }
        if (decide(batch, &member, &found)) batch->members[batch->count++] = member;
    }
}

static void send_resolve(struct batch *batch)
{
    batch->state = BATCH_RESOLVING;
    batch->flight = (struct flight){.result = resolved, .end = resolve_ended};
    batch_put_resolve(batch);
    connection_send(batch->creates->connection, &batch->flight);
}

static void send_write(struct batch *batch)
{
    metrics_observe(METRIC_STORE_BATCH, 0, batch->count);
    batch->state = BATCH_WRITING;
    batch->flight = (struct flight){.result = written, .end = write_ended};
    batch->match_at = 0;
    for (size_t i = 0; i < batch->count; i++) batch->members[i].op->tries++;
    batch_put_writes(batch);
    connection_send(batch->creates->connection, &batch->flight);
}

void batch_go(struct batch *batch)
{
    if (batch->state != BATCH_IDLE || !connection_usable(batch->creates->connection)) return;
    batch->count = 0;
    batch->began_us = clock_mono_us();
    gather_unseen(batch);
    if (batch->count) {
        send_resolve(batch);
        return;
    }
    gather_ready(batch);
    if (batch->count) {
        send_write(batch);
        return;
    }
    gather_unseen(batch);
    if (batch->count) send_resolve(batch);
}

static void remember(struct known *known, struct store_op *op, const struct customer *customer)
{
    if (customer) {
        known_put(known, customer);
    } else {
        known_forget(known, create_code(op));
    }
}

/* A row of RESOLVE, into the member's own arena, so that the hooks may keep what they are shown. */
static bool take_finding(struct batch *batch, struct member *member, struct row *row)
{
    struct finding found = {0};
    struct stored_key key = {0};
    struct customer customer;
    row->arena = member->op->arena;
    found.made = row_bool(row);
    found.ref_taken = row_bool(row);
    if (!row_null(row)) found.key = &key;
    key.replay.resource = row_uuid(row);
    key.replay.status = row_i32(row);
    key.fingerprint = row_digest(row);
    key.replay.body = row_text(row);
    if (!row_null(row)) {
        row_customer(row, &customer);
        found.customer = &customer;
    }
    remember(batch->creates->known, member->op, found.customer);
    return decide(batch, member, &found);
}

/* Decides about every member; those to be written stay, in order. */
static void resolved(struct flight *flight, const PGresult *rows)
{
    struct batch *batch = CONTAINER_OF(flight, struct batch, flight);
    bool stays[STORE_BATCH_MAX] = {false};
    check((size_t)PQntuples(rows) == batch->count);
    for (int i = 0; i < PQntuples(rows); i++) {
        struct row row = {.result = rows, .number = i};
        size_t at = (size_t)row_i64(&row) - 1;
        check(at < batch->count);
        stays[at] = take_finding(batch, &batch->members[at], &row);
    }
    size_t kept = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (stays[i]) batch->members[kept++] = batch->members[i];
    }
    batch->count = kept;
}

/* The members' operations go to `backlog`, in order. */
static void put_back(struct batch *batch, struct backlog *backlog)
{
    for (size_t i = 0; i < batch->count; i++) backlog_put(backlog, batch->members[i].op);
    batch->count = 0;
}

/* `last`: the answer after too many rounds. */
static void go_round(struct batch *batch, struct store_op *op, enum err last)
{
    if (op->tries < ROUNDS_MAX) {
        backlog_put(&batch->creates->again, op);
    } else {
        op_complete(&op->op, last);
    }
}

/* Lost to somebody each time: with a key, to another request under it. */
static enum err loser(struct store_op *op)
{
    return create_key(op)->present ? ERR_KEY_IN_FLIGHT : ERR_UNAVAILABLE;
}

/* One member of a transaction that was rolled back, and not split. */
static void fail(struct batch *batch, struct store_op *op, enum err err)
{
    enum fault fault = fault_of(batch->flight.sqlstate);
    bool looking = batch->state == BATCH_RESOLVING;
    if (looking && (fault == FAULT_RETRY || (fault == FAULT_UNAVAILABLE && op->tries))) {
        /* Nothing was found out yet; an earlier try may even have been committed. */
        backlog_put(&batch->creates->again, op);
    } else if (fault == FAULT_RETRY && op->tries < RETRIES_MAX) {
        backlog_put(&batch->creates->alone, op);
    } else {
        op_complete(&op->op, err);
    }
}

/* Running the members one by one helps when one of them is the cause: not when a whole table is locked, or the server is ill. */
static bool worth_splitting(const struct batch *batch)
{
    enum fault fault = fault_of(batch->flight.sqlstate);
    if (batch->count == 1 || fault == FAULT_UNAVAILABLE) return false;
    return batch->state == BATCH_WRITING || fault == FAULT_OURS;
}

/* Rolled back: nothing of it is on disk. */
static void failed(struct batch *batch)
{
    const char *sqlstate = batch->flight.sqlstate;
    if (worth_splitting(batch)) {
        log_write(LOG_STORE_BATCH_SPLIT, LOG_NUMBER("members", batch->count),
            LOG_TEXT("sqlstate", slice_of(sqlstate)));
        metrics_add(METRIC_STORE_SPLITS, 0, 0, 1);
        put_back(batch, &batch->creates->alone);
        return;
    }
    enum err err = fault_answer("create", sqlstate);
    for (size_t i = 0; i < batch->count; i++) fail(batch, batch->members[i].op, err);
    batch->count = 0;
    /* What goes round for such a reason waits no longer than without a connection. */
    backlog_expire(&batch->creates->again, clock_mono_ms());
}

static void resolve_ended(struct flight *flight, enum flight_end how)
{
    struct batch *batch = CONTAINER_OF(flight, struct batch, flight);
    if (how == FLIGHT_DONE && connection_usable(batch->creates->connection)) {
        if (!batch->alone) gather_ready(batch);
        if (batch->count) {
            send_write(batch);
            return;
        }
    }
    if (how == FLIGHT_FAILED) {
        failed(batch);
    } else {
        put_back(batch, &batch->creates->again);
    }
    batch->state = BATCH_IDLE;
}

static bool mark_made(struct batch *batch, struct uuid id)
{
    for (size_t seen = 0; seen < batch->count; seen++) {
        struct member *member = &batch->members[batch->match_at];
        batch->match_at = (batch->match_at + 1) % batch->count;
        if (!uuid_equal(*create_id(member->op), id)) continue;
        member->made = true;
        return true;
    }
    return false;
}

/* The ids that an insert of customers or orders made, nearly always in the members' order. Other statements answer no rows. */
static void written(struct flight *flight, const PGresult *rows)
{
    struct batch *batch = CONTAINER_OF(flight, struct batch, flight);
    for (int i = 0; i < PQntuples(rows); i++) {
        struct row row = {.result = rows, .number = i};
        check(mark_made(batch, row_uuid(&row)));
    }
}

static void answer(struct batch *batch)
{
    bool queued = false;
    for (size_t i = 0; i < batch->count; i++) {
        struct store_op *op = batch->members[i].op;
        if (!batch->members[i].made) {
            go_round(batch, op, loser(op));
            continue;
        }
        queued = queued || makes_work(op);
        if (op->verb == STORE_CUSTOMER_CREATE) {
            known_put(batch->creates->known, &customer_create(op)->row);
        }
        op_complete(&op->op, ERR_OK);
    }
    if (queued) batch->creates->hooks->queued(batch->creates->hooks->context);
}

/* It may have been committed: every member asks again, unless it has asked too often. */
static void lost(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        go_round(batch, batch->members[i].op, ERR_UNAVAILABLE);
    }
}

static void write_ended(struct flight *flight, enum flight_end how)
{
    struct batch *batch = CONTAINER_OF(flight, struct batch, flight);
    if (how == FLIGHT_DONE) {
        metrics_observe(
            METRIC_STORE_BATCH_SECONDS, 0, (uint64_t)(clock_mono_us() - batch->began_us));
        answer(batch);
    } else if (how == FLIGHT_FAILED) {
        failed(batch);
    } else {
        lost(batch);
    }
    batch->state = BATCH_IDLE;
}
