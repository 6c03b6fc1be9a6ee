/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store with three loop threads that ask it, and operations that a test can run and wait for.
 *
 * The test's own thread makes operations and looks at them when they are complete; in between they are the loops' and the store's.
 */
#pragma once

#include <pthread.h>

#include "store_hooks.h"

#define CLIENTS 3
struct client {
    pthread_t thread;
    struct loop *loop;
    struct store_link *link;
};

struct held_arena {
    struct arena arena;
    struct held_arena *next;
};

struct fixture {
    struct store *store;
    struct client clients[CLIENTS];
    struct held_arena *arenas;
    atomic_size_t nudges; /* calls of the hook `queued` */
};

static struct latch {
    pthread_mutex_t mutex;
    pthread_cond_t open;
    size_t waiting;
} latch = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static _Thread_local struct client *home;

static void *run_client(void *argument)
{
    home = argument;
    loop_run(home->loop);
    return NULL;
}

static void fixture_start(struct fixture *fixture, const char *database)
{
    struct store_hooks hooks = {
        &fixture->nudges, compose, render_customer, render_order, count_nudge};
    fixture->store = store_open(&(struct store_options){database, hooks});
    check(fixture->store);
    for (size_t i = 0; i < CLIENTS; i++) {
        struct client *client = &fixture->clients[i];
        client->loop = loop_new();
        client->link = store_link_new(fixture->store, client->loop);
        check(pthread_create(&client->thread, NULL, run_client, client) == 0);
    }
}

static void fixture_stop(struct fixture *fixture)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        struct client *client = &fixture->clients[i];
        loop_stop(client->loop);
        pthread_join(client->thread, NULL);
        store_link_free(client->link);
        loop_free(client->loop);
    }
    store_close(fixture->store);
    for (struct held_arena *held = fixture->arenas, *next; held; held = next) {
        next = held->next;
        arena_deinit(&held->arena);
        free(held);
    }
}

/* An arena that lives as long as the fixture. */
static struct arena *fixture_arena(struct fixture *fixture)
{
    struct held_arena *held = memory_zeroed(sizeof(*held));
    arena_init(&held->arena, 1 << 24);
    held->next = fixture->arenas;
    fixture->arenas = held;
    return &held->arena;
}

static void completed(struct op *op)
{
    pthread_mutex_lock(&latch.mutex);
    check(!op->pending);
    if (--latch.waiting == 0) pthread_cond_signal(&latch.open);
    pthread_mutex_unlock(&latch.mutex);
}

static void submit(struct job *job)
{
    store_submit(home->link, CONTAINER_OF(job, struct store_op, op.job), completed);
}

/* Runs the operations at the same time over the first `clients` links, and waits for all. */
static void run_all(
    struct fixture *fixture, struct store_op *const *ops, size_t count, size_t clients)
{
    latch.waiting = count;
    for (size_t i = 0; i < count; i++) {
        ops[i]->op.job.run = submit;
        loop_post(fixture->clients[i % clients].loop, &ops[i]->op.job);
    }
    pthread_mutex_lock(&latch.mutex);
    while (latch.waiting) pthread_cond_wait(&latch.open, &latch.mutex);
    pthread_mutex_unlock(&latch.mutex);
}

static enum err run(struct fixture *fixture, struct store_op *op)
{
    run_all(fixture, &op, 1, 1);
    return op->op.err;
}
