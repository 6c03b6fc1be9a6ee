-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- Customers, orders, and the messages that tell of them.
--
-- Times are milliseconds since 1970 UTC, identifiers 16 bytes (UUIDv7, so new rows come at the right edge of every tree).
-- Customers and orders are small and found by id: WITHOUT ROWID keeps them in one tree instead of a table and its key index, and
-- each secondary index then ends in the id that lists are sorted by anyway. Messages and stored answers are long; in a key-ordered
-- tree whole rows would stand in the inner pages and make it deep, so those are ordinary tables.
-- Indexes are ascending and read backwards for "newest first": growing at the right edge fills pages best.

create table customers (
    id blob not null primary key check (length(id) = 16),
    code text not null collate nocase check (length(code) between 1 and 64),
    name text not null check (length(name) between 1 and 200),
    phone text check (phone glob '+[1-9]*'),
    language text,
    sms_opt_out integer not null check (sms_opt_out in (0, 1)),
    version integer not null check (version >= 1),
    created_at integer not null,
    updated_at integer not null
) strict, without rowid;
create unique index customers_by_code on customers (code);
create index customers_by_time on customers (created_at, id);

create table orders (
    id blob not null primary key check (length(id) = 16),
    customer_id blob not null references customers (id),
    item text not null check (length(item) between 1 and 200),
    amount_minor integer not null check (amount_minor >= 0),
    currency text not null check (length(currency) = 3),
    time integer not null,
    external_ref text check (length(external_ref) between 1 and 100),
    created_by text not null,
    version integer not null check (version >= 1),
    created_at integer not null,
    updated_at integer not null
) strict, without rowid;
create unique index orders_by_ref on orders (external_ref) where external_ref is not null;
create index orders_by_time on orders (time, id);
create index orders_by_customer on orders (customer_id, time, id);

create table messages (
    id blob not null primary key check (length(id) = 16),
    order_id blob not null references orders (id),
    customer_id blob not null references customers (id),
    "to" text,
    body text not null,
    encoding text not null check (encoding in ('gsm7', 'ucs2')),
    parts integer not null check (parts >= 0),
    state text not null check (state in ('queued', 'sending', 'accepted', 'delivered', 'failed', 'unknown', 'expired',
        'suppressed', 'skipped', 'dead')),
    attempts integer not null default 0 check (attempts >= 0),
    due_at integer,
    expires_at integer,
    lease_token blob check (length(lease_token) = 16),
    lease_until integer,
    created_at integer not null,
    sent_at integer,
    delivered_at integer,
    provider_id text,
    provider_status text,
    cost text,
    failure text,
    history text not null default '',
    check ((state = 'sending') = (lease_token is not null)),
    check ((lease_token is null) = (lease_until is null)),
    check (state <> 'queued' or ("to" is not null and due_at is not null and expires_at is not null))
) strict;
-- An order has one message; its state is shown beside every order.
create unique index messages_by_order on messages (order_id);
create index messages_by_time on messages (created_at, id);
create index messages_by_customer on messages (customer_id, created_at, id);
create index messages_by_state on messages (state, created_at, id);
-- `state` stands in the index so that counting the queue never reads a message.
create index messages_due on messages (due_at, id, state) where state = 'queued';
create index messages_expiring on messages (expires_at) where state = 'queued';
create index messages_leased on messages (lease_until) where state = 'sending';

-- `id` hashes issuer, subject, method, route and key; `fingerprint` the request.
create table idempotency_keys (
    id blob not null primary key check (length(id) = 32),
    fingerprint blob not null check (length(fingerprint) = 32),
    status integer not null,
    resource blob not null check (length(resource) = 16),
    body text not null,
    created_at integer not null
) strict;
create index idempotency_keys_by_time on idempotency_keys (created_at);

create table service_secrets (
    name text not null primary key,
    value blob not null
) strict, without rowid;
