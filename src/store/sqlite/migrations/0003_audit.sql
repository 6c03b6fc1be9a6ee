-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- Who did what, to which record, when, from where. Rows are only ever added.
--
-- `id` is a UUIDv7: the key is the order of the list, and its first bytes are the time, so there is no index by time. Rows are added at the
-- right edge and read from there: WITHOUT ROWID saves the second tree that a key beside the rows would need.

create table audit_log (
    id blob not null primary key check (length(id) = 16),
    at integer not null,
    issuer text,
    subject text,
    client_id text,
    address text,
    request text,
    action text not null,
    record text
) strict, without rowid;
create index audit_log_by_subject on audit_log (subject, id);
create index audit_log_by_record on audit_log (record, id);
