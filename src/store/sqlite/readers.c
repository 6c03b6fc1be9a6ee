/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few threads around one queue of reads.
 *
 * In the write-ahead log's mode readers neither wait for the writer nor hold it up; each read sees all that was committed when it
 * began, so a client reads what it wrote. Threads take one operation at a time: a long page then delays only its own thread.
 * Limits: STORE_QUEUE_MAX waiting; READERS_MIN..READERS_MAX threads, by processors.
 */
#include "store/sqlite/readers.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/check.h"
#include "obs/metrics.h"
#include "store/sqlite/reads.h"

#define READERS_MIN 2
#define READERS_MAX 4
/* Label "link" of the queue's depth: 0 is the writer. */
#define QUEUE_LABEL 1

struct reader {
    pthread_t thread;
    struct connection *connection;
    struct queue *queue;
};

struct readers {
    struct queue *queue;
    size_t count;
    struct reader each[READERS_MAX];
};

static enum err answer(struct connection *connection, struct store_op *op)
{
    sqlite_clear(connection);
    enum err err = sqlite_read(connection, op);
    if (!sqlite_ok(connection)) return sqlite_fault(connection);
    sqlite_recovered(connection);
    return err;
}

static void *run(void *argument)
{
    struct reader *reader = argument;
    struct job *job;
    size_t count;
    pthread_setname_np(pthread_self(), "sqlite-reader");
    while ((job = queue_take(reader->queue, 1, &count))) {
        struct store_op *op = CONTAINER_OF(job, struct store_op, op.job);
        op_complete(&op->op, answer(reader->connection, op));
        metrics_set(METRIC_STORE_QUEUE, QUEUE_LABEL, (int64_t)queue_depth(reader->queue));
    }
    return NULL;
}

static size_t reader_count(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (processors < READERS_MIN) return READERS_MIN;
    return processors > READERS_MAX ? READERS_MAX : (size_t)processors;
}

struct readers *readers_start(const char *path)
{
    struct readers *readers = memory_zeroed(sizeof(*readers));
    readers->queue = queue_new(STORE_QUEUE_MAX);
    for (size_t wanted = reader_count(); readers->count < wanted; readers->count++) {
        struct reader *reader = &readers->each[readers->count];
        *reader = (struct reader){
            .connection = sqlite_connect(path, CONNECTION_READER), .queue = readers->queue};
        if (!reader->connection) break;
        check(pthread_create(&reader->thread, NULL, run, reader) == 0);
    }
    if (readers->count == reader_count()) return readers;
    readers_stop(readers);
    return NULL;
}

void readers_stop(struct readers *readers)
{
    queue_close(readers->queue);
    for (size_t i = 0; i < readers->count; i++) {
        pthread_join(readers->each[i].thread, NULL);
        sqlite_disconnect(readers->each[i].connection);
    }
    queue_free(readers->queue);
    free(readers);
}

bool readers_push(struct readers *readers, struct store_op *op)
{
    return queue_push(readers->queue, &op->op.job);
}
