-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- The whole life of a message: fair turns, delivery reports, suppressed numbers, texts, spending, the switch.
-- What intake writes stands in no more indexes than before: the new ones are about messages that are on their way, or behind their turn.

-- `turn_at` is the place in the queue (store/turns.h), at `due_at` or behind it. Copies of an older version that still run do not write
-- it: their messages are first in line. `attempted_at`: when it was last claimed.
alter table messages
    add column event text collate "C" not null default 'order.received'
        check (event in ('order.received', 'order.changed', 'order.cancelled')),
    add column turn_at timestamptz default '-infinity',
    add column attempted_at timestamptz,
    add column report_rank integer not null default 0 check (report_rank >= 0),
    add column losses integer not null default 0 check (losses >= 0);
update messages set turn_at = due_at where state in ('queued', 'sending');

-- One order, one message of its receipt; of what happens to it later there may be more.
drop index messages_by_order;
create unique index messages_by_order on messages (order_id) where event = 'order.received';
create index messages_by_order_later on messages (order_id) where event <> 'order.received';

drop index messages_queued;
create index messages_queued on messages (turn_at, id) where state = 'queued';
create index messages_ahead on messages (due_at, id) where state = 'queued' and turn_at > due_at;

create index messages_by_provider on messages (provider_id collate "C") where provider_id is not null;
-- Whom a report may be about that comes under a provider_id nobody has heard of.
create index messages_pending on messages ("to" collate "C") where state in ('sending', 'accepted', 'unknown');

-- Every report once. `step` is what the message's history says of it. While message_id is null, it waits.
create table delivery_reports (
    provider_id text collate "C" not null,
    status      text collate "C" not null,
    id          uuid not null,
    phone       text collate "C",
    network     text,
    reason      text,
    rank        integer not null check (rank >= 0),
    state       text collate "C" not null check (state in ('accepted', 'delivered', 'failed')),
    step        text not null,
    received_at timestamptz not null,
    message_id  uuid,
    primary key (provider_id, status)
);
create index delivery_reports_waiting on delivery_reports (received_at) where message_id is null;
create index delivery_reports_waiting_by_phone on delivery_reports (phone) where message_id is null;

-- An empty sender stands for all of them.
create table suppressions (
    id         uuid primary key,
    phone      text collate "C" not null,
    sender     text collate "C" not null,
    source     text collate "C" not null check (source in ('optout', 'gateway', 'manual')),
    reason     text,
    created_by text not null,
    created_at timestamptz not null
);
create unique index suppressions_by_phone on suppressions (phone, lower(sender));
create index suppressions_by_creation on suppressions (created_at, id);

create table templates (
    event      text collate "C" not null check (event in ('order.received', 'order.changed', 'order.cancelled')),
    language   text collate "C" not null,
    text       text not null,
    enabled    boolean not null,
    updated_by text not null,
    version    bigint not null check (version >= 1),
    updated_at timestamptz not null,
    primary key (event, language)
);

-- Days since 1970; ten-thousandths of the currency's unit.
create table sms_spending (
    day    bigint primary key,
    amount bigint not null
);

-- One row: no sending by anybody while halted_at stands.
create table sms_switch (
    sole      boolean primary key default true check (sole),
    halted_at timestamptz,
    halted_by text
);
insert into sms_switch default values;

-- One row: the place up to which every message has lost its text.
create table messages_scrubbed (
    sole boolean primary key default true check (sole),
    at   timestamptz not null,
    id   uuid not null
);
insert into messages_scrubbed (at, id) values ('-infinity', '00000000-0000-0000-0000-000000000000');
