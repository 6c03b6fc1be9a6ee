/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group commit for SQLite: one thread, one connection, one transaction per batch.
 *
 * While a batch commits, the next one gathers in the queue; then everything that gathered runs in one BEGIN IMMEDIATE … COMMIT with
 * one flush to disk, and each member gets its own answer. A batch of one starts at once: nothing waits for company.
 *   take → attempt all → COMMIT → answer
 *               └ a member fails unforeseen → ROLLBACK → attempt each alone → answer
 * Members run without savepoints, because failures that could be foreseen are looked up, not provoked; a bad one then costs its
 * neighbours time, never their rows. No member is answered before the COMMIT that holds it returned: when that fails, all fail.
 * A disk that is full or broken fails the whole batch at once: alone they would meet the same disk.
 *
 * This thread alone checkpoints: when nothing waits and the log has grown, or when it has grown long anyway.
 * Limits: STORE_BATCH_MAX members, STORE_QUEUE_MAX waiting.
 */
#include "store/sqlite/writer.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/check.h"
#include "core/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "store/sqlite/query.h"
#include "store/sqlite/transaction.h"

/* Pages of 4 KiB in the log: 2 MiB make a checkpoint worthwhile when idle, 16 MiB call for one under load. Past 64 MiB readers have
 * kept it from starting over for so long that the writer waits for them (at most STORE_WAIT_MS); in vain for one that reads for
 * minutes, so after that only once for every CHECKPOINT_LOADED pages more. */
#define CHECKPOINT_IDLE 512
#define CHECKPOINT_LOADED 4096
#define CHECKPOINT_FORCED 16384
/* Label "link" of the queue's depth; readers.c has 1. */
#define QUEUE_LABEL 0

struct writer {
    pthread_t thread;
    struct queue *queue;
    struct connection *connection;
    const struct store_hooks *hooks;
    struct turns *turns;
    struct store_op *members[STORE_BATCH_MAX];
    enum err answers[STORE_BATCH_MAX];
    size_t count;
    size_t queued; /* messages, by the commits of this batch */
    int forced_at; /* pages in the log, from which the next checkpoint waits for readers */
};

static member_fn *const verbs[STORE_VERB_COUNT] = {
    [STORE_CUSTOMER_CREATE] = sqlite_customer_create,
    [STORE_ORDER_CREATE] = sqlite_order_create,
    [STORE_OUTBOX_CLAIM] = sqlite_outbox_claim,
    [STORE_OUTBOX_SETTLE] = sqlite_outbox_settle,
    [STORE_OUTBOX_SWEEP] = sqlite_outbox_sweep,
    [STORE_SENDING_SWITCH] = sqlite_sending_switch,
    [STORE_REPORT_TAKE] = sqlite_report_take,
    [STORE_MESSAGE_RESEND] = sqlite_message_resend,
    [STORE_MESSAGES_RESEND] = sqlite_messages_resend,
    [STORE_MESSAGE_SETTLE] = sqlite_message_settle,
    [STORE_MESSAGES_SCRUB] = sqlite_messages_scrub,
    [STORE_SUPPRESSION_ADD] = sqlite_suppression_add,
    [STORE_SUPPRESSION_REMOVE] = sqlite_suppression_remove,
    [STORE_TEMPLATE_PUT] = sqlite_template_put,
    [STORE_TEMPLATE_REMOVE] = sqlite_template_remove,
    [STORE_KEYS_PURGE] = sqlite_keys_purge,
    [STORE_AUDIT_WRITE] = sqlite_audit_write,
    [STORE_SESSION_CREATE] = sqlite_session_create,
    [STORE_SESSION_TOUCH] = sqlite_session_touch,
    [STORE_SESSION_REFRESH] = sqlite_session_refresh,
    [STORE_SESSION_END] = sqlite_session_end,
    [STORE_SESSIONS_PURGE] = sqlite_sessions_purge,
};

static void execute(struct connection *connection, enum sql sql)
{
    CLEANUP(query_close)
    struct query query = query_open(connection, sql);
    query_run(&query);
}

/* One transaction over `count` members from `first`. False, with the failure marked and nothing written, when it did not commit. */
static bool attempt(struct writer *writer, size_t first, size_t count)
{
    struct connection *connection = writer->connection;
    struct transaction transaction = {
        .connection = connection, .hooks = writer->hooks, .turns = writer->turns};
    sqlite_clear(connection);
    execute(connection, SQL_BEGIN);
    for (size_t i = first; i < first + count && sqlite_ok(connection); i++) {
        struct store_op *op = writer->members[i];
        writer->answers[i] = verbs[op->verb](&transaction, op);
    }
    execute(connection, SQL_COMMIT);
    if (!sqlite_ok(connection)) {
        sqlite_rollback(connection);
        return false;
    }
    sqlite_recovered(connection);
    writer->queued += transaction.queued;
    return true;
}

static void run_each_alone(struct writer *writer)
{
    metrics_add(METRIC_STORE_SPLITS, 0, 0, 1);
    log_write(LOG_STORE_BATCH_SPLIT, LOG_NUMBER("members", writer->count),
        LOG_TEXT("why", slice_of(writer->connection->why)));
    for (size_t i = 0; i < writer->count; i++) {
        if (!attempt(writer, i, 1)) writer->answers[i] = sqlite_fault(writer->connection);
    }
}

static void run_batch(struct writer *writer)
{
    writer->queued = 0;
    if (attempt(writer, 0, writer->count)) return;
    if (writer->count > 1 && sqlite_err(writer->connection) != ERR_UNAVAILABLE) {
        run_each_alone(writer);
        return;
    }
    enum err err = sqlite_fault(writer->connection);
    for (size_t i = 0; i < writer->count; i++) writer->answers[i] = err;
}

static void take_members(struct writer *writer, struct job *jobs)
{
    writer->count = 0;
    for (struct job *job = jobs; job; job = job->next) {
        writer->members[writer->count++] = CONTAINER_OF(job, struct store_op, op.job);
    }
}

static void answer_members(struct writer *writer, struct job *jobs)
{
    /* Before the answers: with the last of them the service may be gone. */
    if (writer->queued) writer->hooks->queued(writer->hooks->context);
    for (size_t i = 0; i < writer->count; i++) {
        writer->members[i]->op.err = writer->answers[i];
    }
    op_complete_list(jobs);
}

static void checkpoint(struct writer *writer, bool idle)
{
    struct connection *connection = writer->connection;
    int pages = connection->wal_pages, in_log = 0, done = 0;
    if (pages < (idle ? CHECKPOINT_IDLE : CHECKPOINT_LOADED)) return;
    int mode = pages < writer->forced_at ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
    int code = sqlite3_wal_checkpoint_v2(connection->db, "main", mode, &in_log, &done);
    /* BUSY: a reader kept it from finishing, which the next one will. */
    sqlite_clear(connection);
    if (code != SQLITE_OK && code != SQLITE_BUSY) {
        sqlite_note(connection, code);
        (void)sqlite_fault(connection);
    } else if (in_log == done) {
        connection->wal_pages = 0;
        writer->forced_at = CHECKPOINT_FORCED;
    } else if (mode == SQLITE_CHECKPOINT_TRUNCATE) {
        writer->forced_at = pages + CHECKPOINT_LOADED;
    }
}

static void *run(void *argument)
{
    struct writer *writer = argument;
    struct job *jobs;
    size_t count;
    pthread_setname_np(pthread_self(), "sqlite-writer");
    while ((jobs = queue_take(writer->queue, STORE_BATCH_MAX, &count))) {
        int64_t start = clock_mono_us();
        take_members(writer, jobs);
        run_batch(writer);
        /* Counted before it is answered: whoever has the answer finds it counted. */
        metrics_observe(METRIC_STORE_BATCH, 0, count);
        metrics_observe(METRIC_STORE_BATCH_SECONDS, 0, (uint64_t)(clock_mono_us() - start));
        answer_members(writer, jobs);
        size_t depth = queue_depth(writer->queue);
        metrics_set(METRIC_STORE_QUEUE, QUEUE_LABEL, (int64_t)depth);
        checkpoint(writer, depth == 0);
    }
    return NULL;
}

struct writer *writer_start(struct connection *connection, const struct store_hooks *hooks)
{
    struct writer *writer = memory_zeroed(sizeof(*writer));
    writer->queue = queue_new(STORE_QUEUE_MAX);
    writer->connection = connection;
    writer->hooks = hooks;
    writer->turns = turns_new();
    writer->forced_at = CHECKPOINT_FORCED;
    check(pthread_create(&writer->thread, NULL, run, writer) == 0);
    return writer;
}

void writer_stop(struct writer *writer)
{
    queue_close(writer->queue);
    pthread_join(writer->thread, NULL);
    queue_free(writer->queue);
    sqlite_disconnect(writer->connection);
    turns_free(writer->turns);
    free(writer);
}

bool writer_push(struct writer *writer, struct store_op *op)
{
    return queue_push(writer->queue, &op->op.job);
}

bool writer_healthy(const struct writer *writer)
{
    return !atomic_load(&writer->connection->away);
}
