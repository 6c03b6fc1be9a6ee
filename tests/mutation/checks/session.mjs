// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Every check of a session: its cookie, where a request comes from, how long it lasts, who refreshes it, and who may end it.
 */
import { rowsOf } from '../rows.mjs';

const POSTGRES = { store: 'postgres' };

export default [
    /* --- The cookie --- */

    ...rowsOf('src/http/cookie.c', ['test_cookie'], ['session#SE-08'],
        ['cookie.name', 'if (!slice_present(rest) || !slice_equal(own, name)) continue;', 'if (!slice_present(rest)) continue;'],
        ['cookie.field', 'if (!slice_equal_nocase(rq->fields[i].name, SLICE("Cookie"))) continue;', '']),

    ...rowsOf('src/api/session_cookie.c', ['test_session_cookie'], ['session#SE-08'],
        ['session_cookie.one', 'if (count > 1) return ERR_AMBIGUOUS_CREDENTIALS;', ''],
        ['session_cookie.length', 'if (text.len != ID_TEXT_LEN || ', 'if ('],
        ['session_cookie.text', ' || !base64url_decode(text, &bytes)) return ERR_NO_SESSION;', ' || (!base64url_decode(text, &bytes) && 0)) return ERR_NO_SESSION;']),

    ...rowsOf('src/api/gate.c', [], ['session#SE-06'],
        ['gate.cookie_and_token', 'if (fields + in_query + in_cookie > 1)', 'if (fields + in_query > 1)']),

    ...rowsOf('src/api/session_view.c', [], ['session#SE-06|SE-12', 'matrix#AZ-03'],
        ['session_view.token', 'if (!tokens) return session_enter(rq, show);', 'return session_enter(rq, show);']),

    /* --- Where a request comes from --- */

    ...rowsOf('src/api/own_url.c', ['test_own_url'], ['session#SE-05'],
        ['own_page.field', 'return asked && origin_ours(rq) && site_ours(rq);', 'return (asked || 1) && origin_ours(rq) && site_ours(rq);'],
        ['own_page.origin', 'return asked && origin_ours(rq) && site_ours(rq);', 'return asked && site_ours(rq);'],
        ['own_page.site', 'return asked && origin_ours(rq) && site_ours(rq);', 'return asked && origin_ours(rq);'],
        ['own_page.method', 'return slice_equal(method, SLICE("GET")) || slice_equal(method, SLICE("HEAD"));', 'return !slice_equal(method, SLICE("POST"));'],
        ['own_page.one_origin', 'return count == 1 && slice_present(own) && slice_equal_nocase(given, own);', 'return slice_present(own) && slice_equal_nocase(given, own);'],
        ['own_page.origin_equal', 'return count == 1 && slice_present(own) && slice_equal_nocase(given, own);', 'return count == 1;'],
        ['own_page.one_site', 'return count == 1 &&\n           (slice_equal(site', 'return (slice_equal(site'],
        ['own_page.site_value', 'return count == 1 &&\n           (slice_equal(site, SLICE("same-origin")) || slice_equal(site, SLICE("none")));', 'return count == 1;']),

    ...rowsOf('src/api/session.c', [], ['session#SE-05'],
        ['session.own_page', 'if (!own_page(rq)) return req_fail(rq, ERR_CROSS_SITE);', '']),

    ...rowsOf('src/api/sign_out.c', [], ['logout#LO-03'],
        ['sign_out.own_page', 'if (!own_page(rq)) return req_fail(rq, ERR_CROSS_SITE);', '']),

    /* --- How long it lasts --- */

    ...rowsOf('src/api/session.c', [], ['session', 'login#RP-1[4-6]', 'matrix#AZ-06'],
        ['session.found', 'if (get->base.op.err == ERR_NOT_FOUND) return session_refuse(rq, ERR_NO_SESSION);', 'if (get->base.op.err == ERR_NOT_FOUND) return enter(rq);'],
        ['session.store', 'if (get->base.op.err) return req_fail(rq, get->base.op.err);', '', { flows: ['session#SE-10'] }],
        ['session.stale', 'if (get->now >= get->row.refresh_at) {', 'if (0) {'],
        ['session.refreshable', 'return get->row.refreshable ? touch(rq, LEASE_MS, leased) : end(rq);', 'return touch(rq, LEASE_MS, leased);',
            { why: 'the lease is refused to such a session, but it would be let in for the time of grace' }],
        ['session.lease', 'if (!err && session->touch.leased) return refresh(rq);', 'if (!err) return refresh(rq);'],
        ['session.grace', 'return clock_wall_ms() < rq->session->get.row.refresh_at + GRACE_MS;', 'return true;'],
        ['session.refused', 'if (err == ERR_NO_SESSION) return end(rq);', ''],
        ['session.refreshed', 'if (err) return within_grace(rq) ? enter(rq) : req_fail(rq, ERR_UNAVAILABLE);', ''],
        ['session.kept', 'if (err == ERR_NOT_FOUND) return session_refuse(rq, ERR_NO_SESSION);\n    if (err) return ++session->tries < KEEP_TRIES ? pause_then(rq, keep) : req_fail(rq, err);', '(void)err;',
            { flows: ['logout#BL-16'] }]),

    ...rowsOf('src/store/sqlite/sql.def', ['test_store_sessions'], ['session'],
        ['sqlite.session_id', 'from sessions where id = ? and expires_at > ?', 'from sessions where (id = ? or true) and expires_at > ?'],
        ['sqlite.session_absolute', 'from sessions where id = ? and expires_at > ? and seen_at', 'from sessions where id = ? and (expires_at > ? or true) and seen_at'],
        ['sqlite.session_idle', ' and seen_at > ?")', ' and (seen_at > ? or true)")'],
        ['sqlite.seen_id', 'update sessions set seen_at = ?2 where id = ?1 and', 'update sessions set seen_at = ?2 where (id = ?1 or true) and'],
        ['sqlite.seen_later', ' and seen_at < ?2 and expires_at > ?2")', ' and expires_at > ?2")'],
        ['sqlite.seen_alive', ' and seen_at < ?2 and expires_at > ?2")', ' and seen_at < ?2")'],
        ['sqlite.lease_id', 'refresh_until = ?3 where id = ?1 and', 'refresh_until = ?3 where (id = ?1 or true) and'],
        ['sqlite.lease_alive', 'and expires_at > ?2 and refreshable and', 'and refreshable and'],
        ['sqlite.lease_refreshable', ' and refreshable and refresh_at', ' and refresh_at'],
        ['sqlite.lease_due', ' and refreshable and refresh_at <= ?2"', ' and refreshable"'],
        ['sqlite.lease_free', '(refresh_until is null or refresh_until <= ?2)', '(true or refresh_until <= ?2)'],
        ['sqlite.refresh_id', 'refresh_until = null where id = ?")', 'refresh_until = null where (id = ? or true)")'],
        ['sqlite.trim_subject', ' where subject = ? and issuer = ? and id <> ?', ' where (subject = ? or true) and issuer = ? and id <> ?',
            { why: 'one person’s sign-ins would end those of others' }],
        ['sqlite.trim_issuer', ' where subject = ? and issuer = ? and id <> ?', ' where subject = ? and (issuer = ? or true) and id <> ?'],
        ['sqlite.trim_own', ' and id <> ? order by', ' and (id <> ? or true) order by']),

    ...rowsOf('src/store/postgres/sql.def', ['test_store_sessions'], ['session'],
        ['postgres.session_id', '"where id = $1::bytea and expires_at > $2::timestamptz and seen_at', '"where (id = $1::bytea or true) and expires_at > $2::timestamptz and seen_at', POSTGRES],
        ['postgres.session_absolute', 'expires_at > $2::timestamptz and seen_at > $3::timestamptz")', '(expires_at > $2::timestamptz or true) and seen_at > $3::timestamptz")', POSTGRES],
        ['postgres.session_idle', 'expires_at > $2::timestamptz and seen_at > $3::timestamptz")', 'expires_at > $2::timestamptz and (seen_at > $3::timestamptz or true)")', POSTGRES],
        ['postgres.seen_id', '"where id = $1::bytea and seen_at < $2', '"where (id = $1::bytea or true) and seen_at < $2', POSTGRES],
        ['postgres.seen_later', ' and seen_at < $2 and expires_at > $2")', ' and expires_at > $2")', POSTGRES],
        ['postgres.seen_alive', ' and seen_at < $2 and expires_at > $2")', ' and seen_at < $2")', POSTGRES],
        ['postgres.lease_id', '"where id = $1::bytea and expires_at > $2::timestamptz and refreshable', '"where (id = $1::bytea or true) and expires_at > $2::timestamptz and refreshable', POSTGRES],
        ['postgres.lease_alive', ' and expires_at > $2::timestamptz and refreshable', ' and (expires_at > $2::timestamptz or true) and refreshable', POSTGRES],
        ['postgres.lease_refreshable', ' and refreshable and refresh_at <= $2 "', ' and refresh_at <= $2 "', POSTGRES],
        ['postgres.lease_due', ' and refreshable and refresh_at <= $2 "', ' and refreshable "', POSTGRES],
        ['postgres.lease_free', '(refresh_until is null or refresh_until <= $2)', '(true or refresh_until <= $2)', POSTGRES],
        ['postgres.refresh_id', '"where id = $1::bytea returning true")', '"where (id = $1::bytea or true) returning true")', POSTGRES],
        ['postgres.made_before', '"where not exists (select from audit_log where id = $16::uuid) on conflict', '"where ($16::uuid is null or true) on conflict',
            { units: ['test_postgres_sessions'], ...POSTGRES }],
        ['postgres.trim_subject', 'where subject = $1::text "', 'where ($1::text is null or true) "', POSTGRES],
        ['postgres.trim_issuer', '"and issuer = $2::text and id <> $3', '"and ($2::text is null or true) and id <> $3', POSTGRES],
        ['postgres.trim_own', ' and id <> $3::bytea order by', ' and ($3::bytea is null or true) order by', POSTGRES]),

    ...rowsOf('src/api/sign_in.c', [], ['login#RP-32'],
        ['sign_in.former', 'create->has_former = session_cookie_read(rq, &create->former) == ERR_OK;', 'create->has_former = false;']),

    /* --- Who may end it: the provider --- */

    ...rowsOf('src/api/sign_out.c', [], ['logout#BL-0|BL-1[0-36]|LO|administrator'],
        ['backchannel.media_type', 'if (!media_type_is(type, SLICE("application/x-www-form-urlencoded"))) {', 'if (0) {'],
        ['backchannel.form', 'if (form_parse(&rq->arena, buf_slice(&rq->body), &form)) return req_fail(rq, ERR_MALFORMED);', '(void)form_parse(&rq->arena, buf_slice(&rq->body), &form);'],
        ['backchannel.verdict', 'if (flow->op.err) return req_fail(rq, flow->op.err);', ''],
        ['backchannel.once', 'end->once = true;', 'end->once = false;'],
        ['backchannel.replayed', 'if (end->replayed) return refuse_token(', 'if (0) return refuse_token('],
        ['backchannel.foreign', 'if (end->foreign) return refuse_token(', 'if (0) return refuse_token('],
        ['backchannel.stored', 'if (end->base.op.err) return req_fail(rq, end->base.op.err);\n    if (end->replayed)', 'if (end->replayed)', { flows: ['session#SE-10'] }]),

    ...rowsOf('src/auth/logout_token.c', ['test_flows_leave'], ['logout#BL-0|BL-1[0-36]'],
        ['logout_token.keys', 'if (op->err) {', 'if (0) {'],
        ['logout_token.signature', 'enum refusal refusal = ending->verify.refusal;', 'enum refusal refusal = REFUSAL_NONE;'],
        ['logout_token.claims', 'if (!refusal) tell(ending->asked, provider->rules.issuer, &claims);\n    return refusal;',
            'tell(ending->asked, provider->rules.issuer, &claims);\n    return REFUSAL_NONE;'],
        ['logout_token.id_issuer', 'const struct slice parts[] = {issuer, claims->token_id};', 'const struct slice parts[] = {claims->token_id};',
            { why: 'one issuer could use up the ids of the other' }]),

    ...rowsOf('src/auth/logout_claims.c', ['test_logout_claims'], ['logout#BL-0|BL-1[0-36]'],
        ['logout_claims.object', 'if (!json_is_object(claims)) return REFUSAL_CLAIMS;', ''],
        ['logout_claims.iss', 'if (!slice_equal(json_text(claim(claims, "iss")), rules->issuer)) return REFUSAL_ISSUER;', ''],
        ['logout_claims.aud', 'if (!claims_audience(claim(claims, "aud"), client_id)) return REFUSAL_AUDIENCE;', ''],
        ['logout_claims.iat_begun', 'if (!claims_begun(claim(claims, "iat"), now_ms)) return REFUSAL_ISSUED_AT;', ''],
        ['logout_claims.iat_there',
            'if (!claims_begun(claim(claims, "iat"), now_ms)) return REFUSAL_ISSUED_AT;\n    if (!claims_time(claim(claims, "iat"), &issued_ms)) return REFUSAL_ISSUED_AT;',
            'if (!claims_time(claim(claims, "iat"), &issued_ms)) issued_ms = now_ms;\n    else if (!claims_begun(claim(claims, "iat"), now_ms)) return REFUSAL_ISSUED_AT;'],
        ['logout_claims.exp_there', 'if (!lenient) return REFUSAL_EXPIRY;', ''],
        ['logout_claims.exp_time', 'if (!claims_time(expiry, &expiry_ms)) return REFUSAL_EXPIRY;', 'if (!claims_time(expiry, &expiry_ms)) expiry_ms = now_ms + 1;'],
        ['logout_claims.exp', 'return now_ms >= out->expires_at ? REFUSAL_EXPIRED : REFUSAL_NONE;', 'return REFUSAL_NONE;'],
        ['logout_claims.age', 'if (expiry_ms > issued_ms + AGE_MAX_MS) expiry_ms = issued_ms + AGE_MAX_MS;', ''],
        ['logout_claims.bare_age', 'out->expires_at = issued_ms + BARE_AGE_MAX_MS + 1;', 'out->expires_at = issued_ms + AGE_MAX_MS + 1;'],
        ['logout_claims.jti', 'if (!claims_name(claim(claims, "jti"), &out->token_id)) return REFUSAL_TOKEN_ID;', '(void)claims_name(claim(claims, "jti"), &out->token_id);'],
        ['logout_claims.events', 'if (!json_is_object(json_object_get(claim(claims, "events"), EVENT))) return REFUSAL_EVENTS;', ''],
        ['logout_claims.event', 'if (!json_is_object(json_object_get(claim(claims, "events"), EVENT)))', 'if (!json_is_object(claim(claims, "events")))'],
        ['logout_claims.event_object', 'if (!json_is_object(json_object_get(claim(claims, "events"), EVENT)))', 'if (!json_object_get(claim(claims, "events"), EVENT))'],
        ['logout_claims.nonce', 'if (claim(claims, "nonce")) return REFUSAL_OTHER_KIND;', ''],
        ['logout_claims.sub', 'if (!read_optional(claim(claims, "sub"), &out->subject)) return REFUSAL_SUBJECT;', '(void)read_optional(claim(claims, "sub"), &out->subject);'],
        ['logout_claims.sid', 'if (!read_optional(claim(claims, "sid"), &out->sid)) return REFUSAL_SESSION;', '(void)read_optional(claim(claims, "sid"), &out->sid);'],
        ['logout_claims.whose', 'return anybody ? REFUSAL_NONE : REFUSAL_SUBJECT;', 'return REFUSAL_NONE;']),

    ...rowsOf('src/store/sqlite/sessions.c', ['test_store_sessions'], ['logout#BL-0|BL-1[0-36]'],
        ['sqlite.token_once', 'query_put_i64(&query, op->token_until);\n    return query_run(&query) > 0;', 'query_put_i64(&query, op->token_until);\n    return query_run(&query) >= 0;'],
        ['sqlite.token_replayed', 'op->ended = op->replayed ? 0 : end(connection, op);', 'op->ended = end(connection, op);'],
        ['sqlite.lease_taken', 'query_put_i64(&query, op->lease_until);\n    return query_run(&query) > 0;', 'query_put_i64(&query, op->lease_until);\n    return query_run(&query) >= 0;'],
        ['sqlite.refresh_there', 'return query_run(&query) > 0 ? ERR_OK : ERR_NOT_FOUND;', 'return query_run(&query) >= 0 ? ERR_OK : ERR_NOT_FOUND;'],
        ['sqlite.former', 'if (op->has_former) (void)end_by_id(connection, &op->former);', '']),

    ...rowsOf('src/store/sqlite/sql.def', ['test_store_sessions'], ['logout#BL-0|BL-1[0-36]|administrator'],
        ['sqlite.end_id', 'delete from sessions where id = ?")', 'delete from sessions where (id = ? or true)")'],
        ['sqlite.end_sid_issuer', 'where issuer = ? and sid = ?")', 'where (issuer = ? or true) and sid = ?")'],
        ['sqlite.end_sid', 'where issuer = ? and sid = ?")', 'where issuer = ? and (sid = ? or true)")'],
        ['sqlite.end_person', 'where subject = ?1 and (?2 is null', 'where (subject = ?1 or true) and (?2 is null'],
        ['sqlite.end_person_issuer', '(?2 is null or issuer = ?2)', '(?2 is null or true)'],
        ['sqlite.end_person_sid', '(?3 is null or sid = ?3)', '(?3 is null or true)'],
        ['sqlite.purge_late', 'where expires_at <= ? order by expires_at limit ?', 'where (expires_at <= ? or true) order by expires_at limit ?'],
        ['sqlite.purge_idle', 'where seen_at <= ? order by seen_at limit ?', 'where (seen_at <= ? or true) order by seen_at limit ?'],
        ['sqlite.purge_tokens', 'where until <= ? order by until limit ?', 'where (until <= ? or true) order by until limit ?',
            { why: 'a token that is forgotten early may come again' }]),

    ...rowsOf('src/store/postgres/sql.def', ['test_store_sessions'], ['logout#BL-0|BL-1[0-36]|administrator'],
        ['postgres.token_once', '"and ($10 is null or exists (select from fresh)) order', '"order', POSTGRES],
        ['postgres.token_replayed', '"$10 is not null and not exists (select from fresh), "', '"$10 is not null and false, "', POSTGRES],
        ['postgres.end_id', '"id = $13::bytea"', '"($13::bytea is null or true)"', POSTGRES],
        ['postgres.end_sid_issuer', 'issuer = $13::text and sid = $14::text', '($13::text is null or true) and sid = $14::text', POSTGRES],
        ['postgres.end_sid', 'issuer = $13::text and sid = $14::text', 'issuer = $13::text and ($14::text is null or true)', POSTGRES],
        ['postgres.end_person', 'SESSION_END("subject = $13::text and', 'SESSION_END("($13::text is null or true) and', POSTGRES],
        ['postgres.end_person_issuer', '($14::text is null or issuer = $14)', '($14::text is null or true)', POSTGRES],
        ['postgres.end_person_sid', '($15::text is null or sid = $15)', '($15::text is null or true)', POSTGRES],
        ['postgres.former', '"delete from sessions where id = $1::bytea")', '"delete from sessions where id = $1::bytea and false")', POSTGRES],
        ['postgres.purge_late', 'from sessions where expires_at <= $1::timestamptz "', 'from sessions where ($1::timestamptz is null or true) "', POSTGRES],
        ['postgres.purge_idle', 'from sessions where seen_at <= $2::timestamptz "', 'from sessions where ($2::timestamptz is null or true) "', POSTGRES],
        ['postgres.purge_tokens', 'from logout_tokens where until <= $1 "', 'from logout_tokens where (true or until <= $1) "', POSTGRES]),

    ...rowsOf('src/store/postgres/sessions.c', ['test_store_sessions'], ['logout#BL-0|BL-1[0-36]', 'login#RP-15'],
        ['postgres.lease_taken', 'if (PQntuples(rows)) CONTAINER_OF(', 'CONTAINER_OF(', POSTGRES],
        ['postgres.refresh_there', 'return PQntuples(rows) ? ERR_OK : ERR_NOT_FOUND;', 'return ERR_OK;', POSTGRES]),

    /* --- Who may end it: the person, an administrator --- */

    ...rowsOf('src/auth/leave.c', ['test_leave', 'test_flows_leave'], ['logout#LO'],
        ['leave.opened', 'if (!seal_open_text(seal, CONTEXT, text, &plain)) return false;', 'if (!seal_open_text(seal, CONTEXT, text, &plain)) buf_put_text(&plain, "{}");'],
        ['leave.context', '#define CONTEXT SLICE("sign-out")', '#define CONTEXT SLICE("sign-in")']),

    ...rowsOf('src/auth/sign_out.c', ['test_flows_leave'], ['logout#LO'],
        ['leave.secret', '!slice_equal_secret(asked->secret, leave.secret) || ', ''],
        ['leave.too_late', 'clock_wall_ms() >= leave.expires_at ||', ''],
        ['leave.used_before', '!flow_spend(asked->auth->flows, leave.secret)) {', '(!flow_spend(asked->auth->flows, leave.secret) && 0)) {']),

    ...rowsOf('src/api/own_url.c', ['test_own_url'], ['logout#LO'],
        ['own_navigation.mode', 'return says_only(rq, SLICE("Sec-Fetch-Mode"), SLICE("navigate")) &&', 'return'],
        ['own_navigation.destination', ' &&\n           says_only(rq, SLICE("Sec-Fetch-Dest"), SLICE("document"));', ';'],
        ['own_navigation.once', '(count == 1 && slice_equal(value, word))', 'slice_equal(value, word)'],
        ['own_navigation.value', '(count == 1 && slice_equal(value, word))', 'count == 1']),

    ...rowsOf('src/api/sign_out.c', [], ['logout#LO|SE-04|administrator'],
        ['leave.two_cookies', 'cookie_find(rq, LOGOUT_COOKIE, &flow->secret) != 1', 'cookie_find(rq, LOGOUT_COOKIE, &flow->secret) == 0'],
        ['leave.navigation', ' || !own_navigation(rq)) {', ') {'],
        ['leave.verdict', 'if (flow->op.err) return req_fail_page(', 'if (0) return req_fail_page('],
        ['sessions_end.subject', 'if (end->subject.len == 0 || (slice_present(end->issuer) && end->issuer.len == 0)) {', 'if (slice_present(end->issuer) && end->issuer.len == 0) {'],
        ['sessions_end.issuer', 'if (end->subject.len == 0 || (slice_present(end->issuer) && end->issuer.len == 0)) {', 'if (end->subject.len == 0) {']),
];
