-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- fill.sql for SQLite: orders 1 to @FILLED and their messages, all @STATE. bench/fill.mjs puts number and state in.
begin;
create temp table filled as
with recursive number(i) as (select 1 union all select i + 1 from number where i < @FILLED),
    place as (select id, row_number() over (order by code) - 1 as place, count(*) over () as size from customers)
select unhex(printf('0190000000007000%s%012x', '8000', i)) as id, unhex(printf('0190000000007000%s%012x', '9000', i)) as message_id, i,
    p.id as customer_id, (unixepoch() - (@FILLED - i)) * 1000 as time
from number join place p on p.place = i % p.size;

insert into orders (id, customer_id, item, amount_minor, currency, time, created_by, version, created_at, updated_at)
select id, customer_id, 'Maize flour, bag ' || i, 10000 + i % 900000, 'KES', time, 'bench', 1, time, time from filled order by i;

insert into messages (id, order_id, customer_id, event, "to", body, encoding, parts, state, failure, due_at, turn_at, expires_at, created_at)
select message_id, id, customer_id, 'order.received', case when '@STATE' = 'queued' then printf('+2547%08d', i % 100000000) end,
    'Dear Customer, we have received your order of Maize flour, bag 1234, KES 1,234.00, on 1 Mar 2026 12:00 EAT. Ref 0199ABCD.',
    'gsm7', 1, '@STATE', case when '@STATE' = 'skipped' then 'the customer has no phone number' end, time, time, unixepoch() * 1000 + 86400000, time
from filled order by i;
commit;
drop table filled;
