/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the texts in use at what stands in the database: another copy of the service may have changed it.
 */
#pragma once

#include "sms/texts.h"
#include "store/store.h"

struct template_watch {
    struct store_templates_get get;
    struct arena arena;
    struct timer timer;
    struct loop *loop;
    struct store_link *store;
    struct texts *texts;
    uint64_t asked;
    bool pending, again;
    void (*stopped)(void *context); /* set while stopping */
    void *context;
};

/* Looks at once, and then every TEMPLATE_WATCH_MS. The struct must not move. */
void template_watch_start(
    struct template_watch *watch, struct loop *loop, struct store_link *store, struct texts *texts);
#define TEMPLATE_WATCH_MS 2000
/* Looks again now. On the watch's loop. */
void template_watch_now(struct template_watch *watch);
/* Calls `stopped` once nothing is pending any more, at once or later. */
void template_watch_stop(
    struct template_watch *watch, void (*stopped)(void *context), void *context);
