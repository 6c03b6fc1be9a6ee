/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the store as values: customer, order, message.
 *
 * Texts are borrowed slices, usually in the arena of the request or batch that read them. Times are milliseconds since 1970 UTC;
 * a time of 0 means "not yet". Money is integer minor units of `currency`. An absent slice is SQL's NULL.
 */
#pragma once

#include "core/slice.h"
#include "core/uuid.h"

#define CURRENCY_LEN 3

struct customer {
    struct uuid id;
    struct slice code, name;
    struct slice phone;    /* E.164, or absent */
    struct slice language; /* BCP 47 tag, or absent for the default */
    bool sms_opt_out;
    int64_t version, created_at, updated_at;
};

/* The life of a message. It moves forward only:
 *   queued → sending → accepted → delivered | failed
 *   sending → queued (provably not taken) | unknown (may have been taken; never resent blindly) | dead | suppressed
 *   queued → expired | suppressed      skipped: made so, there was no number to send to
 * By a report: unknown → accepted | delivered | failed, failed (absent subscriber) → delivered.
 * By a person: unknown → delivered | failed; failed, expired, dead, unknown → queued. */
enum message_state {
#define MESSAGE_STATE(name, text) MESSAGE_##name,
#include "store/states.def"
#undef MESSAGE_STATE
    MESSAGE_STATE_COUNT
};

struct slice message_state_text(enum message_state state);
/* False for a text that names no state. */
bool message_state_parse(struct slice text, enum message_state *out);

struct order {
    struct uuid id, customer_id;
    struct slice customer; /* the customer's code */
    struct slice item;
    int64_t amount_minor;
    struct slice currency; /* ISO 4217 */
    int64_t time;
    struct slice external_ref; /* or absent */
    struct slice created_by;
    int64_t version, created_at, updated_at;
    struct uuid message_id;
    enum message_state message_state;
};

enum message_encoding { MESSAGE_GSM7, MESSAGE_UCS2 };

/* What a message tells of. An order has one message of its receipt, made with it; its state is shown beside the order. */
enum message_event {
#define MESSAGE_EVENT(name, text) MESSAGE_ORDER_##name,
#include "store/events.def"
#undef MESSAGE_EVENT
    MESSAGE_EVENT_COUNT
};

struct slice message_event_text(enum message_event event);
/* False for a text that names no event. */
bool message_event_parse(struct slice text, enum message_event *out);

struct message {
    struct uuid id, order_id, customer_id;
    struct slice customer; /* the customer's code */
    enum message_event event;
    struct slice to;   /* E.164, absent when skipped */
    struct slice body; /* empty when scrubbed */
    enum message_encoding encoding;
    int parts;
    enum message_state state;
    int attempts;
    int64_t due_at, expires_at, created_at, sent_at, delivered_at;
    int64_t turn_at; /* its place in the queue (store/turns.h); not read back */
    struct slice provider_id, provider_status, cost, failure; /* each may be absent */
    /* One JSON object per change of state, each preceded by a comma; the first state is not among them. */
    struct slice history;
};
