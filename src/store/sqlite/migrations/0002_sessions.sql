-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- People's sessions, and the logout tokens that must not count twice.
--
-- `id` is the SHA-256 of what the browser's cookie holds, `tokens` are sealed by the service: who reads this table can act for nobody.
-- A session that is over stays until a purge. Ends for one person may come without an issuer, so that index begins with the subject.

create table sessions (
    id blob not null primary key check (length(id) = 32),
    issuer text not null,
    subject text not null,
    sid text,
    name text,
    client_id text,
    customer_code text,
    is_customer integer not null check (is_customer in (0, 1)),
    permissions integer not null,
    tokens blob,
    created_at integer not null,
    seen_at integer not null,
    expires_at integer not null,
    refresh_at integer,
    refreshable integer not null check (refreshable in (0, 1)),
    refresh_until integer
) strict;
create index sessions_by_person on sessions (subject, issuer);
create index sessions_by_sid on sessions (issuer, sid) where sid is not null;
create index sessions_by_expiry on sessions (expires_at);
create index sessions_by_use on sessions (seen_at);

create table logout_tokens (
    id blob not null primary key check (length(id) = 32),
    until integer not null
) strict, without rowid;
create index logout_tokens_by_end on logout_tokens (until);
