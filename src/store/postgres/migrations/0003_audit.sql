-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- Who did what, to which record, when, from where. Rows are only ever added.
-- `id` is a UUIDv7: the key is the order of the list, and its first bytes are the time, so there is no index by time.

create table audit_log (
    id        uuid primary key,
    at        timestamptz not null,
    issuer    text collate "C",
    subject   text collate "C",
    client_id text collate "C",
    address   text collate "C",
    request   text collate "C",
    action    text collate "C" not null,
    record    text collate "C"
);
create index audit_log_by_subject on audit_log (subject, id);
create index audit_log_by_record on audit_log (record, id);
