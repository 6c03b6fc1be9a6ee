-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- The whole life of a message: fair turns, delivery reports, suppressed numbers, texts, spending, the switch.
--
-- An order may have more messages than that of its receipt, which alone is shown beside it and of which there is one.
-- `turn_at` is a message's place in the queue, `due_at` or later: see store/turns.h. An ordinary message has its turn when it is due, and
-- touches no index that it did not touch before; only those that wait behind their own customer's stand in messages_ahead, too.
--
-- The table of messages is made anew, because a check cannot be taken from a table, and one was dear: of an `in` of three and more SQLite
-- makes a table of its own for each row that is written, an eighth of what an order costs. Hence the `or`s, here and in the indexes.

create table messages_next (
    id blob not null primary key check (length(id) = 16),
    order_id blob not null references orders (id),
    customer_id blob not null references customers (id),
    event text not null check (event = 'order.received' or event = 'order.changed' or event = 'order.cancelled'),
    "to" text,
    body text not null,
    encoding text not null check (encoding in ('gsm7', 'ucs2')),
    parts integer not null check (parts >= 0),
    state text not null check (state = 'queued' or state = 'sending' or state = 'accepted' or state = 'delivered'
        or state = 'failed' or state = 'unknown' or state = 'expired' or state = 'suppressed' or state = 'skipped'
        or state = 'dead'),
    attempts integer not null default 0 check (attempts >= 0),
    due_at integer,
    turn_at integer,
    expires_at integer,
    lease_token blob check (length(lease_token) = 16),
    lease_until integer,
    created_at integer not null,
    attempted_at integer, -- when it was last claimed
    sent_at integer,
    delivered_at integer,
    provider_id text,
    provider_status text,
    report_rank integer not null default 0 check (report_rank >= 0),
    losses integer not null default 0 check (losses >= 0),
    cost text,
    failure text,
    history text not null default '',
    check ((state = 'sending') = (lease_token is not null)),
    check ((lease_token is null) = (lease_until is null)),
    check (turn_at >= due_at),
    check (state <> 'queued' or ("to" is not null and due_at is not null and turn_at is not null and expires_at is not null))
) strict;
-- In the order in which they were made, as before.
insert into messages_next (id, order_id, customer_id, event, "to", body, encoding, parts, state, attempts, due_at, turn_at, expires_at,
    lease_token, lease_until, created_at, sent_at, delivered_at, provider_id, provider_status, cost, failure, history)
    select id, order_id, customer_id, 'order.received', "to", body, encoding, parts, state, attempts, due_at, due_at, expires_at,
    lease_token, lease_until, created_at, sent_at, delivered_at, provider_id, provider_status, cost, failure, history
    from messages order by rowid;
drop table messages;
alter table messages_next rename to messages;

create unique index messages_by_order on messages (order_id, (case event when 'order.received' then 1 end));
create index messages_by_time on messages (created_at, id);
create index messages_by_customer on messages (customer_id, created_at, id);
create index messages_by_state on messages (state, created_at, id);
-- `state` stands in the index so that counting the queue never reads a message.
create index messages_turn on messages (turn_at, id, state) where state = 'queued';
create index messages_ahead on messages (due_at, id) where state = 'queued' and turn_at > due_at;
create index messages_expiring on messages (expires_at) where state = 'queued';
create index messages_leased on messages (lease_until) where state = 'sending';
create index messages_by_provider on messages (provider_id) where provider_id is not null;
-- Which messages a report could be about when its provider_id says nothing.
create index messages_awaiting on messages ("to", state) where state = 'sending' or state = 'accepted' or state = 'unknown';

-- Reports wait while message_id is null.
create table delivery_reports (
    provider_id text not null check (length(provider_id) >= 1),
    status text not null check (length(status) >= 1),
    id blob not null check (length(id) = 16),
    phone text,
    network text,
    reason text,
    rank integer not null check (rank >= 0),
    state text not null check (state = 'accepted' or state = 'delivered' or state = 'failed'),
    received_at integer not null,
    message_id blob check (length(message_id) = 16),
    primary key (provider_id, status)
) strict, without rowid;
create index delivery_reports_waiting on delivery_reports (received_at) where message_id is null;
create index delivery_reports_waiting_by_phone on delivery_reports (phone) where message_id is null;

-- A sender of '' stands for all of them.
create table suppressions (
    id blob not null primary key check (length(id) = 16),
    phone text not null check (phone glob '+[1-9]*'),
    sender text not null collate nocase,
    source text not null check (source in ('optout', 'gateway', 'manual')),
    reason text,
    created_by text not null,
    created_at integer not null
) strict, without rowid;
create unique index suppressions_by_number on suppressions (phone, sender);
create index suppressions_by_time on suppressions (created_at, id);

create table templates (
    event text not null check (event in ('order.received', 'order.changed', 'order.cancelled')),
    language text not null check (length(language) >= 1),
    text text not null check (length(text) >= 1),
    enabled integer not null check (enabled in (0, 1)),
    updated_by text not null,
    version integer not null check (version >= 1),
    updated_at integer not null,
    primary key (event, language)
) strict, without rowid;

-- Days since 1970; ten-thousandths of the currency's unit.
create table sms_spending (
    day integer not null primary key,
    spent integer not null
) strict;

-- One row: the switch, and the place (created_at, id) before which no message has a body any more.
create table sms_control (
    only_row integer not null primary key default 1 check (only_row = 1),
    halted_at integer,
    halted_by text,
    scrubbed_at integer not null default 0,
    scrubbed_id blob not null default x'00000000000000000000000000000000' check (length(scrubbed_id) = 16)
) strict;
insert into sms_control default values;
