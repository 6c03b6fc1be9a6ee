/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher's inside, shared by dispatcher.c (when to claim), batch.c (what becomes of what was claimed), sweep.c (what the store
 * says of the queue and the switch) and hold.c (why nothing is sent).
 *
 * Everything here belongs to the dispatcher's thread, but for what sms.h lets others do.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "sms/budget.h"
#include "sms/gateway.h"
#include "sms/pace.h"
#include "sms/quiet.h"
#include "sms/status.h"
#include "sms/valve.h"

/* Beyond the longest call: time to hear of the claim and to settle, also over a short loss of the database. */
#define LEASE_MARGIN_MS 30000

struct sms {
    struct loop *loop;
    struct store_link *link;
    struct gateway *gateway;
    struct slice sender; /* the settings' */
    struct valve valve;
    struct pace pace;
    struct budget budget;
    struct status status;
    int64_t held_since; /* wall time; when it last flowed */
    int64_t day_logged; /* the day whose cap was last reported as reached */
    pthread_t thread;
    size_t in_flight; /* the bound on `calling` */
    int64_t lease_ms; /* longer than a call can take, by LEASE_MARGIN_MS */
    struct list batches;
    size_t calling;     /* calls on their way */
    size_t outstanding; /* messages claimed and not yet settled */
    size_t store_ops;   /* claims, settles and the sweep on their way */
    int64_t next_due;   /* wall time of the next retry; 0: none known */
    int64_t store_at;   /* monotonic; the store is left alone until then, after an error */
    int64_t sweep_at;   /* likewise, by the sweep */
    int64_t count_at;   /* likewise; the queue is counted then */
    int64_t grace_ms;
    struct store_outbox_sweep sweep;
    struct arena sweep_arena;
    struct gateway_probe probe;
    struct arena probe_arena;
    struct timer wake, poll, grace;
    struct defer turn;
    struct job nudge, drain, close;
    struct quiet quiet;
    enum sms_hold hold;
    atomic_uint halting;    /* the switch: the lowest bit; how often it was set here: the others */
    unsigned halting_asked; /* that, when the store was asked */
    atomic_bool nudged;
    bool told; /* the store has answered: before, nobody knows whether it is off */
    bool claiming, sweeping, probing;
    bool hungry;     /* there may be something to claim */
    bool paced;      /* there was room for it, but not yet by the pace */
    bool long_queue; /* when it was counted last */
    bool closing;    /* no new claims; what is on its way ends */
    bool abandoned;  /* nor is that waited for any longer */
};

/* Looks at everything once more at the end of the loop's turn. */
void sms_look(struct sms *sms);
/* Notes when a message becomes due. */
void sms_due(struct sms *sms, int64_t due_at);
/* Leaves the store alone for a moment. */
void sms_store_failed(struct sms *sms);

/* The first look at the store, and then one every SWEEP_MS. */
#define SWEEP_MS 500
void sweep_start(struct sms *sms);

/* Whether the switch, known or not yet, or the day's cost forbids new calls; the valve decides for itself. */
bool hold_forbids(const struct sms *sms);
/* Looks what holds sending back, tells of changes, and publishes how the dispatcher stands. */
void hold_look(struct sms *sms);
/* The store is asked for the switch; it has answered, and counts unless the switch was set here meanwhile. */
void hold_asked(struct sms *sms);
void hold_told(struct sms *sms, const struct store_outbox_sweep *sweep);

struct batch;

/* Claims up to `limit` messages and hands each to the gateway; all that follows is the batch's own business. */
void batch_claim(struct sms *sms, size_t limit);
/* Writes down what has ended since the last time, one operation per batch. */
void batch_settle_all(struct sms *sms);
/* Frees all batches, whatever their state: only after the loop has stopped. */
void batch_free_all(struct sms *sms);
