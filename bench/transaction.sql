-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- pgbench's transaction as applications write it: begin, look the customer up, insert the order, insert its message, commit. The same rows
-- as statement.sql. Identifiers begin with the time, as the service's do. Variable: customers.
\set customer random(0, :customers - 1)
\set amount random(10000, 999999)
begin;
select id as customer_id from customers where lower(code) = lower('C' || :customer::text) \gset
insert into orders (id, customer_id, item, amount_minor, currency, time, created_by, version, created_at, updated_at)
values (overlay(replace(gen_random_uuid()::text, '-', '')
        placing lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::int8), 12, '0') from 1 for 12)::uuid,
    :customer_id::uuid, 'Maize flour, bag ' || :amount::text, :amount::int8, 'KES', now(), 'bench', 1, now(), now())
returning id as order_id \gset
insert into messages (id, order_id, customer_id, body, encoding, parts, state, failure, due_at, expires_at, created_at)
values (overlay(replace(gen_random_uuid()::text, '-', '')
        placing lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::int8), 12, '0') from 1 for 12)::uuid,
    :order_id::uuid, :customer_id::uuid,
    'Dear Customer, we have received your order of Maize flour, bag 1234, KES 1,234.00, on 1 Mar 2026 12:00 EAT. Ref 0199ABCD.',
    'gsm7', 1, 'skipped', 'the customer has no phone number', now(), now() + interval '1 day', now());
commit;
