/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue between loop threads and the threads that block (SQLite's writer and readers): a mutex, a condition, a linked list.
 *
 * Pushes signal only when somebody may be waiting on an empty queue, so a busy taker costs pushers no system call.
 * Any thread pushes; any number of threads take.
 */
#include "net/job.h"

#include <pthread.h>

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t arrived;
    struct job *first, *last;
    size_t depth, limit;
    bool closed;
};

struct queue *queue_new(size_t limit)
{
    struct queue *queue = memory_zeroed(sizeof(*queue));
    queue->limit = limit;
    check(pthread_mutex_init(&queue->mutex, NULL) == 0);
    check(pthread_cond_init(&queue->arrived, NULL) == 0);
    return queue;
}

void queue_free(struct queue *queue)
{
    pthread_cond_destroy(&queue->arrived);
    pthread_mutex_destroy(&queue->mutex);
    free(queue);
}

bool queue_push(struct queue *queue, struct job *job)
{
    pthread_mutex_lock(&queue->mutex);
    bool taken = !queue->closed && queue->depth < queue->limit;
    if (taken) {
        job->next = NULL;
        if (queue->last) {
            queue->last->next = job;
        } else {
            queue->first = job;
        }
        queue->last = job;
        queue->depth++;
        pthread_cond_signal(&queue->arrived);
    }
    pthread_mutex_unlock(&queue->mutex);
    return taken;
}

/* Unlinks up to `most` jobs from the front; the mutex is held. */
static struct job *take_front(struct queue *queue, size_t most, size_t *count)
{
    struct job *first = queue->first, *last = NULL;
    *count = 0;
    for (struct job *job = first; job && *count < most; job = job->next) {
        last = job;
        ++*count;
    }
    if (!last) return NULL;
    queue->first = last->next;
    last->next = NULL;
    if (!queue->first) queue->last = NULL;
    queue->depth -= *count;
    return first;
}

struct job *queue_take(struct queue *queue, size_t most, size_t *count)
{
    pthread_mutex_lock(&queue->mutex);
    while (!queue->first && !queue->closed) pthread_cond_wait(&queue->arrived, &queue->mutex);
    struct job *jobs = take_front(queue, most, count);
    pthread_mutex_unlock(&queue->mutex);
    return jobs;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->arrived);
    pthread_mutex_unlock(&queue->mutex);
}

size_t queue_depth(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    size_t depth = queue->depth;
    pthread_mutex_unlock(&queue->mutex);
    return depth;
}
