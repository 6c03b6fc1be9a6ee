-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- The peers' tables, the same for each: columns, checks and indexes of the service's own customers, orders and messages
-- (src/store/postgres/migrations), so that a row costs PostgreSQL the same whoever writes it. Variable: customers, how many to make.
-- They have no phone number, as in the service's turn, so that a message is born `skipped`.

create table customers (
    id          uuid primary key,
    code        text collate "C" not null check (length(code) between 1 and 64),
    name        text not null,
    phone       text,
    language    text,
    sms_opt_out boolean not null,
    version     bigint not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null
);
create unique index customers_by_code on customers (lower(code));
create index customers_by_creation on customers (created_at, id);

create table orders (
    id           uuid primary key,
    customer_id  uuid not null,
    item         text not null,
    amount_minor bigint not null check (amount_minor >= 0),
    currency     text collate "C" not null check (length(currency) = 3),
    time         timestamptz not null,
    external_ref text collate "C",
    created_by   text not null,
    version      bigint not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null
);
create unique index orders_by_ref on orders (external_ref) where external_ref is not null;
create index orders_by_time on orders (time, id);
create index orders_by_customer on orders (customer_id, time, id);

create table messages (
    id              uuid primary key,
    order_id        uuid not null,
    customer_id     uuid not null,
    "to"            text,
    body            text not null,
    encoding        text collate "C" not null check (encoding in ('gsm7', 'ucs2')),
    parts           integer not null,
    state           text collate "C" not null check (state in ('queued', 'sending', 'accepted', 'delivered', 'failed',
                        'unknown', 'expired', 'suppressed', 'skipped', 'dead')),
    attempts        integer not null default 0 check (attempts >= 0),
    due_at          timestamptz,
    expires_at      timestamptz,
    lease_until     timestamptz,
    lease_token     uuid,
    created_at      timestamptz not null,
    sent_at         timestamptz,
    delivered_at    timestamptz,
    provider_id     text,
    provider_status text,
    cost            text,
    failure         text,
    history         text not null default '',
    event           text collate "C" not null default 'order.received' check (event in ('order.received', 'order.changed', 'order.cancelled')),
    turn_at         timestamptz default '-infinity',
    attempted_at    timestamptz,
    report_rank     integer not null default 0 check (report_rank >= 0),
    losses          integer not null default 0 check (losses >= 0),
    check ((state = 'sending') = (lease_until is not null))
) with (fillfactor = 80);
create unique index messages_by_order on messages (order_id) where event = 'order.received';
create index messages_by_order_later on messages (order_id) where event <> 'order.received';
create index messages_by_creation on messages (created_at, id);
create index messages_by_customer on messages (customer_id, created_at, id);
create index messages_by_state on messages (state, created_at, id);
create index messages_queued on messages (turn_at, id) where state = 'queued';
create index messages_ahead on messages (due_at, id) where state = 'queued' and turn_at > due_at;
create index messages_by_provider on messages (provider_id collate "C") where provider_id is not null;
create index messages_pending on messages ("to" collate "C") where state in ('sending', 'accepted', 'unknown');
create index messages_expiring on messages (expires_at) where state = 'queued';
create index messages_leased on messages (lease_until) where lease_until is not null;

insert into customers (id, code, name, sms_opt_out, version, created_at, updated_at)
select gen_random_uuid(), 'C' || i, 'Customer', false, 1, now(), now() from generate_series(0, :customers - 1) i;
analyze customers;
