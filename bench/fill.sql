-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- Orders and their messages straight into the tables, the service's own or a peer's, numbers :first to :last; an order's id ends in its number,
-- so that requests.lua can ask for any. Their times lie a second apart and end now, before all that a load will add.
-- Variables: first, last, state (`skipped`, or `queued` for messages that wait to be sent), turn and turn_value (columns that only the service
-- has, each after a comma). Foreign keys are not checked: they hold.
set session_replication_role = replica;
set synchronous_commit = off;
begin;
create temporary table filled on commit drop as
select format('01900000-0000-7000-8000-%s', lpad(to_hex(i), 12, '0'))::uuid as id,
    format('01900000-0000-7000-9000-%s', lpad(to_hex(i), 12, '0'))::uuid as message_id, i, c.id as customer_id,
    date_trunc('second', now()) - (:last::int8 - i) * interval '1 second' as time
from generate_series(:first::int8, :last::int8) i
join (select id, row_number() over (order by code) - 1 as place, count(*) over () as size from customers) c on c.place = i % c.size;

insert into orders (id, customer_id, item, amount_minor, currency, time, created_by, version, created_at, updated_at)
select id, customer_id, 'Maize flour, bag ' || i, 10000 + i % 900000, 'KES', time, 'bench', 1, time, time from filled order by i;

insert into messages (id, order_id, customer_id, "to", body, encoding, parts, state, failure, due_at, expires_at, created_at:turn)
select message_id, id, customer_id, case when :'state' = 'queued' then '+2547' || lpad((i % 100000000)::text, 8, '0') end,
    'Dear Customer, we have received your order of Maize flour, bag 1234, KES 1,234.00, on 1 Mar 2026 12:00 EAT. Ref 0199ABCD.',
    'gsm7', 1, :'state', case when :'state' = 'skipped' then 'the customer has no phone number' end, time, now() + interval '1 day', time:turn_value
from filled order by i;
commit;
