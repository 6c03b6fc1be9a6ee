-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- Customers, orders, the outbox, idempotency keys.
-- No foreign keys: the insert of an order asks for its customer, the insert of a message for its order (docs/decisions.md, 22).
-- Texts that are looked up carry collation "C": bytes compare as bytes on every server, and lower() folds ASCII only, as SQLite does.

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

-- The outbox and the history in one. A row changes three times in its first seconds (queued, sending, accepted, delivered):
-- the free fifth of each page keeps the new versions beside the old.
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
    check ((state = 'sending') = (lease_until is not null))
) with (fillfactor = 80);
-- One order, one message: the promise of one SMS is a rule of the database.
create unique index messages_by_order on messages (order_id);
create index messages_by_creation on messages (created_at, id);
create index messages_by_customer on messages (customer_id, created_at, id);
create index messages_by_state on messages (state, created_at, id);
create index messages_queued on messages (due_at, id) where state = 'queued';
create index messages_expiring on messages (expires_at) where state = 'queued';
create index messages_leased on messages (lease_until) where lease_until is not null;

create table idempotency_keys (
    key         bytea primary key check (length(key) = 32),
    fingerprint bytea not null check (length(fingerprint) = 32),
    status      integer not null,
    resource_id uuid not null,
    body        text not null,
    created_at  timestamptz not null
);
create index idempotency_keys_by_creation on idempotency_keys (created_at);

create table service_secrets (
    name  text primary key,
    value bytea not null
);
