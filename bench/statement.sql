-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- pgbench's best: what one POST /v1/orders leaves behind, in the service's own tables. The customer is looked up, the order row
-- and its message row are written, in one statement and so in one transaction and one round trip: as fast as a program can be
-- that commits each order by itself. Identifiers begin with the time, as the service's do. Variable: customers.
\set customer random(0, :customers - 1)
\set amount random(10000, 999999)
with made as (
    insert into orders (id, customer_id, item, amount_minor, currency, time, created_by, version, created_at, updated_at)
    select overlay(replace(gen_random_uuid()::text, '-', '')
            placing lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::int8), 12, '0') from 1 for 12)::uuid,
        c.id, 'Maize flour, bag ' || :amount::text, :amount::int8, 'KES', now(), 'bench', 1, now(), now()
    from customers c where lower(c.code) = lower('C' || :customer::text)
    returning id, customer_id, created_at
)
insert into messages (id, order_id, customer_id, body, encoding, parts, state, failure, due_at, expires_at, created_at)
select overlay(replace(gen_random_uuid()::text, '-', '')
        placing lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::int8), 12, '0') from 1 for 12)::uuid,
    id, customer_id,
    'Dear Customer, we have received your order of Maize flour, bag 1234, KES 1,234.00, on 1 Mar 2026 12:00 EAT. Ref 0199ABCD.',
    'gsm7', 1, 'skipped', 'the customer has no phone number', created_at, created_at + interval '1 day', created_at
from made;
