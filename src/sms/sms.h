/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher: one thread that takes queued messages out of the store and hands them to the gateway.
 */
#pragma once

#include "core/config.h"
#include "sms/texts.h"
#include "store/store.h"

struct sms;

/* Starts the dispatcher thread. NULL (logged) for settings that can never work. */
struct sms *sms_open(const struct config *config, struct store *store);
/* Ends claiming; the calls in flight go on. Returns at once. */
void sms_drain(struct sms *sms);
/* Ends claiming, waits for the calls in flight (at most `grace_ms`), settles them, and joins the thread. False when the store still
 * holds operations then: nothing is released, and the store must not be closed. */
MUST_CHECK bool sms_close(struct sms *sms, int64_t grace_ms);
/* New messages were queued. Any thread; costs nothing while the dispatcher is awake. NULL is allowed. */
void sms_nudge(struct sms *sms);

/* Why nothing is sent at present; SMS_FLOWS: nothing holds it back. */
enum sms_hold {
    SMS_FLOWS,
    SMS_PAUSED,    /* the gateway is unwell; sending goes on by itself */
    SMS_STOPPED,   /* the account is refused: until the balance call says that it works again */
    SMS_TRIAL,     /* one message at a time, to see whether it works again */
    SMS_HALTED,    /* the switch */
    SMS_DAY_SPENT, /* the cap on a day's cost; until the day ends */
};

/* "flows", "paused", …, for the API and the metrics. */
struct slice sms_hold_text(enum sms_hold hold);

/* Prices are in ten-thousandths of the currency's unit: the gateway says "KES 0.8000". */
#define SMS_PRICE_DIGITS 4

/* How the dispatcher of this process stands. Texts are copied into the arena given. */
struct sms_status {
    struct slice gateway, sender;
    enum sms_hold hold;
    struct slice why;       /* for people; absent when SMS_FLOWS */
    int64_t since;          /* when it last flowed, wall time; 0 when SMS_FLOWS */
    int64_t in_flight;      /* calls on their way */
    int64_t rate;           /* messages a second at present; 0: no limit */
    int64_t depth;          /* queued, all copies; -1: not known */
    int64_t oldest_due;     /* 0: none */
    int64_t spent, day_cap; /* ten-thousandths of the currency's unit; cap 0: none */
    struct slice currency;  /* of the two, absent when not known */
    int64_t halted_at;      /* the switch: 0 when sending is on */
    struct slice halted_by;
};
/* Any thread; never waits for the dispatcher. */
void sms_status(struct sms *sms, struct arena *arena, struct sms_status *out);
/* The switch was set by this process (STORE_SENDING_SWITCH), off at `at` (wall time) by `by`, or on (0): heeds and tells it at once; other
 * copies learn of it by their next look. Any thread. NULL is allowed. */
void sms_halt(struct sms *sms, int64_t at, struct slice by);

/* The hook that composes the message of an order (see store/store.h), of the event that stands in `out`; `context` is a
 * `struct sms_composer`. */
struct sms_composer {
    struct texts *texts;
    int64_t expiry_ms;
    int parts_max;
};
void sms_compose(void *context, const struct customer *customer, const struct order *order,
    struct arena *arena, struct message *out);

/* What a template makes of a sample order: fills body, encoding and parts. Pure but for the arena. */
struct sms_sample {
    enum { SMS_SAMPLE_SHORT, SMS_SAMPLE_LONG, SMS_SAMPLE_COUNT } size;
    struct slice language;
    int64_t time;
};
void sms_preview(const struct sms_composer *composer, const struct text_choice *choice,
    const struct sms_sample *sample, struct arena *arena, struct message *out);
