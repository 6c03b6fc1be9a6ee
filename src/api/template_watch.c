/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watch over the templates.
 *
 *   resting --timer, or asked--> reading --answer--> resting        stop: timer cleared; `stopped` when nothing is pending
 *
 * Every worker watches for itself; they share the texts, so one that is ahead is ahead for all, and an answer that was overtaken is
 * not used. Until the first answer there is a look every
 * RETRY_MS, because no order is taken in before. Worker's loop.
 */
#include "api/template_watch.h"

#define RETRY_MS 100
#define ARENA_CAP (TEMPLATES_MAX * (TEMPLATE_MAX + 1024))

static op_fn read_all;

void template_watch_now(struct template_watch *watch)
{
    if (watch->pending) {
        watch->again = true;
        return;
    }
    timer_clear(&watch->timer);
    arena_reset(&watch->arena);
    watch->pending = true;
    watch->asked = texts_ask(watch->texts);
    watch->get =
        (struct store_templates_get){.base = {.verb = STORE_TEMPLATES_GET, .arena = &watch->arena}};
    store_submit(watch->store, &watch->get.base, read_all);
}

static void end(struct template_watch *watch)
{
    arena_deinit(&watch->arena);
    watch->stopped(watch->context);
}

static void rest(struct template_watch *watch)
{
    bool again = watch->again;
    watch->again = false;
    if (again) {
        template_watch_now(watch);
    } else {
        timer_set(
            watch->loop, &watch->timer, texts_loaded(watch->texts) ? TEMPLATE_WATCH_MS : RETRY_MS);
    }
}

static void read_all(struct op *op)
{
    struct template_watch *watch = CONTAINER_OF(op, struct template_watch, get.base.op);
    watch->pending = false;
    if (!op->err) texts_replace(watch->texts, watch->asked, watch->get.rows, watch->get.count);
    if (watch->stopped) {
        end(watch);
    } else {
        rest(watch);
    }
}

static void due(struct timer *timer)
{
    template_watch_now(CONTAINER_OF(timer, struct template_watch, timer));
}

void template_watch_start(
    struct template_watch *watch, struct loop *loop, struct store_link *store, struct texts *texts)
{
    *watch = (struct template_watch){.loop = loop, .store = store, .texts = texts};
    arena_init(&watch->arena, ARENA_CAP);
    timer_init(&watch->timer, due);
    template_watch_now(watch);
}

void template_watch_stop(
    struct template_watch *watch, void (*stopped)(void *context), void *context)
{
    timer_clear(&watch->timer);
    watch->stopped = stopped;
    watch->context = context;
    if (!watch->pending) end(watch);
}
