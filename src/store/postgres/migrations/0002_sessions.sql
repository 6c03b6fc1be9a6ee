-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- People's sessions, and the logout tokens that must not count twice.
-- `id` is the SHA-256 of what the browser's cookie holds, `tokens` are sealed by the service: who reads this table can act for nobody.
-- A session that is over stays until a purge. Ends for one person may come without an issuer, so that index begins with the subject.

create table sessions (
    id            bytea primary key check (length(id) = 32),
    issuer        text collate "C" not null,
    subject       text collate "C" not null,
    sid           text collate "C",
    name          text,
    client_id     text,
    customer_code text,
    is_customer   boolean not null,
    permissions   bigint not null,
    tokens        bytea,
    created_at    timestamptz not null,
    seen_at       timestamptz not null,
    expires_at    timestamptz not null,
    refresh_at    timestamptz,
    refreshable   boolean not null,
    refresh_until timestamptz
);
create index sessions_by_person on sessions (subject, issuer);
create index sessions_by_sid on sessions (issuer, sid) where sid is not null;
create index sessions_by_expiry on sessions (expires_at);
create index sessions_by_use on sessions (seen_at);

create table logout_tokens (
    id    bytea primary key check (length(id) = 32),
    until timestamptz not null
);
create index logout_tokens_by_end on logout_tokens (until);
