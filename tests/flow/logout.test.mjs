// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The ends of sessions: by the person, by the provider (OpenID Connect Back-Channel Logout), by an administrator. The ids are those of the
 * acceptance table of identity.
 *
 * What tells whether a session ended is the browser that has it, at its next request; each refused logout stands beside one that counts.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { before, beforeEach, describe, it } from 'node:test';
import { startIdentity } from '../../dev/identity.mjs';
import { encode, makeKey, now, startMisbehaving } from '../../dev/misbehaving.mjs';
import { SESSION_COOKIE, browserFor, expireTokens, forEachStore, isProblem, keep, raw, signInSettings, signedIn, sqlite, startService, until } from './harness.mjs';

const LOGOUT_COOKIE = '__Host-agizo-logout';
const FORM = 'application/x-www-form-urlencoded';
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const AMINA = { sub: 'user-amina', name: 'Amina Example', roles: ['clerk'] };
const BARAKA = { sub: 'user-baraka', name: 'Baraka Example', roles: ['viewer'] };

const provider = keep(await startMisbehaving());

function start(store, identity, settings) {
    return startService({ store, identity, settings: { AGIZO_LOG_LEVEL: 'debug', ...settings } });
}

function sessionOf(browser) {
    return browser.fetch('/auth/session');
}

async function isLive(...browsers) {
    for (const browser of browsers) assert.equal((await sessionOf(browser)).status, 200);
}

async function isOver(...browsers) {
    for (const browser of browsers) isProblem(await sessionOf(browser), 401, 'no_session');
}

/** A browser signed in as `person`; `sid` is what the provider calls its session. */
async function arrive(service, person = AMINA, options) {
    const sid = randomUUID();
    provider.script.person = person;
    provider.script.idToken = { claims: { sid } };
    const { browser } = await signedIn(service, options);
    return { browser, sid, person };
}

function logOut(browser, options) {
    return browser.fetch('/auth/logout', { method: 'POST', ...options });
}

function announce(service, token, { body = `logout_token=${token}`, type = FORM, headers } = {}) {
    return service.withToken(null).request('POST', '/auth/backchannel-logout', { body, type, headers });
}

/* The same by a client at another address of this machine. */
function announceFrom(localAddress, service, token) {
    const body = `logout_token=${token}`;
    return new Promise((resolve, reject) => {
        const request = httpRequest({ ...service.address, localAddress, method: 'POST', path: '/auth/backchannel-logout', headers: { 'content-type': FORM, 'content-length': body.length } },
            (response) => { response.resume(); resolve({ status: response.statusCode }); });
        request.on('error', reject);
        request.end(body);
    });
}

async function ends(service, token) {
    const answer = await announce(service, token);
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.headers['cache-control'], /no-store/);
    return answer;
}

/** Each of these logout tokens refused for one reason: nobody's session ends, beside one good token that does end it. */
async function refusesTokens(service, why, ...hows) {
    for (const how of hows) {
        provider.reset();
        const { browser, sid } = await arrive(service);
        const change = typeof how === 'function' ? how(sid) : how;
        const bad = provider.logoutToken({ ...change, claims: { sid, ...change.claims } });
        const earlier = service.events('identity.refused').length;
        isProblem(await announce(service, bad), 400, 'invalid_logout_token');
        const entry = await until('the refusal in the log', () => service.events('identity.refused')[earlier]);
        assert.equal(entry.why, why, JSON.stringify(change));
        await isLive(browser);
        await ends(service, provider.logoutToken({ claims: { sid } }));
        await isOver(browser);
    }
}

const withClaims = (...list) => list.map((claims) => ({ claims }));

forEachStore((store) => {
    let service;

    before(async () => {
        service = await start(store, provider, signInSettings(provider));
    });

    beforeEach(() => provider.reset());

    it('LO-01 the person signs out: here first, then at the provider', async () => {
        const { browser } = await arrive(service);
        const other = (await arrive(service)).browser;
        const answer = await logOut(browser);
        assert.equal(answer.status, 200, answer.text);
        assert.equal(browser.cookie(SESSION_COOKIE), undefined);
        await isOver(browser);
        await isLive(other);
        const { location } = (await browser.go(answer.json.redirect, { from: service.url })).headers;
        const url = new URL(location);
        assert.equal(`${url.origin}${url.pathname}`, `${provider.issuer}/go/logout`);
        const { id_token_hint: hint, client_id: client, post_logout_redirect_uri: back, state } = Object.fromEntries(url.searchParams);
        assert.equal(client, provider.client.id);
        assert.equal(back, `${service.url}/`);
        assert.ok(state.length >= 16);
        assert.equal(JSON.parse(Buffer.from(hint.split('.')[1], 'base64url')).sub, AMINA.sub);
        const landed = await browser.visit(url, { from: service.url });
        assert.equal(landed.status, 200);
        assert.equal(new URL(landed.url).pathname, '/');
    });

    it('LO-01 by oidc-provider: nobody is signed in there any more', async () => {
        const identity = keep(await startIdentity());
        const home = await start(store, identity, signInSettings(identity));
        identity.setPublicUrl(home.url);
        const { browser } = await signedIn(home, { login: 'clerk' });
        const { json } = await logOut(browser);
        const page = await browser.visit(json.redirect, { from: home.url });
        const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1];
        assert.ok(xsrf, page.text);
        const landed = await browser.visit(`${identity.issuer}/session/end/confirm`, { from: identity.issuer, form: { xsrf, logout: 'yes' } });
        assert.equal(new URL(landed.url).origin, home.url);
        assert.equal(landed.status, 200);
        const again = await browser.visit('/auth/login');
        assert.match(again.text, /name="password"/);
    });

    it('SE-04 no script of the page gets to see a token on the way out', async () => {
        const { browser } = await arrive(service);
        const answer = await logOut(browser);
        const seen = `${JSON.stringify(answer.headers)}${answer.text}`;
        assert.match(answer.json.redirect, /^\/auth\/logout\?ticket=[\w-]+$/);
        for (const text of [seen, Buffer.from(answer.json.redirect.split('=')[1], 'base64url').toString('latin1')]) {
            assert.ok(!/eyJ[\w-]{10,}\.|access-[0-9a-f]{8}-|refresh-[0-9a-f]{8}-|id_token_hint/.test(text), text);
        }
        const cookie = browser.cookie(LOGOUT_COOKIE);
        assert.deepEqual([cookie.httpOnly, cookie.secure, cookie.sameSite, cookie.path, cookie.domain, cookie.maxAge], [true, true, 'lax', '/', undefined, 60]);
        assert.ok(!answer.text.includes(cookie.value));
        /* What a script asks for is not answered with the address: neither by fetch nor in a frame. */
        const asked = await browser.fetch(answer.json.redirect);
        assert.deepEqual([asked.status, asked.headers.location], [400, undefined]);
        const framed = await browser.go(answer.json.redirect, { from: service.url, headers: { 'sec-fetch-dest': 'iframe' } });
        assert.deepEqual([framed.status, framed.headers.location], [400, undefined]);
        const followed = await browser.go(answer.json.redirect, { from: service.url });
        assert.equal(followed.status, 303);
        assert.equal(followed.headers['referrer-policy'], 'no-referrer');
        assert.match(followed.headers['cache-control'], /no-store/);
        assert.match(followed.headers.location, /id_token_hint=eyJ/);
        assert.equal(browser.cookie(LOGOUT_COOKIE), undefined);
        for (const entry of service.log) assert.ok(!/eyJ[\w-]{10,}\.|ticket=/.test(JSON.stringify(entry)), JSON.stringify(entry));
    });

    it('LO-03 a way out is good once, and for one browser', async () => {
        const [one, two] = [await arrive(service), await arrive(service)];
        const ticket = (await logOut(one.browser)).json.redirect;
        const held = one.browser.cookie(LOGOUT_COOKIE).value;
        const other = (await logOut(two.browser)).json.redirect;
        const is = async (answer, browser) => {
            const { status, headers, text, cookies } = await answer;
            assert.deepEqual([status, headers.location, cookies.length], [400, undefined, 0], text);
            assert.match(headers['content-type'], /text\/html/);
            assert.ok(browser.cookie(LOGOUT_COOKIE), 'what it has is still good');
        };
        await is(two.browser.go(ticket), two.browser);
        for (const target of ['/auth/logout', '/auth/logout?ticket=', '/auth/logout?ticket=x', `${ticket}x`, ticket.slice(0, -4)]) await is(one.browser.go(target), one.browser);
        assert.equal((await browserFor(service).go(ticket)).status, 400);
        assert.equal((await one.browser.go(`${ticket}&ticket=x`)).status, 400);
        await is(one.browser.go(ticket, { headers: { cookie: `${LOGOUT_COOKIE}=${held}; ${LOGOUT_COOKIE}=x` } }), one.browser);
        assert.equal((await one.browser.go(ticket)).status, 303);
        one.browser.setCookie(`${LOGOUT_COOKIE}=${held}; Path=/; Secure`);
        await is(one.browser.go(ticket), one.browser);
        assert.equal((await two.browser.go(other, { from: 'https://evil.example' })).status, 303); /* it was asked for, and leads nowhere else */
    });

    it('LO-04 the refresh token is revoked', async () => {
        const { browser } = await arrive(service);
        await logOut(browser);
        await provider.reached('revocation', 1);
        const [call] = provider.asked('revocation');
        assert.match(call.parameters.get('token'), /^refresh-/);
        assert.deepEqual(call.credentials, provider.client);
    });

    it('BL-01 by its name one session ends', async () => {
        const one = await arrive(service);
        const two = await arrive(service);
        await ends(service, provider.logoutToken({ claims: { sid: one.sid, sub: undefined } }));
        await isOver(one.browser);
        await isLive(two.browser);
        await ends(service, provider.logoutToken({ claims: { sid: two.sid } }));
        await isOver(two.browser);
        assert.equal((await service.query(`select count(*) from sessions where sid = '${one.sid}' or sid = '${two.sid}'`))[0][0], '0'); /* and its tokens with it */
    });

    it('BL-01 by oidc-provider, within a second', async () => {
        const identity = keep(await startIdentity());
        const home = await start(store, identity, signInSettings(identity));
        identity.setPublicUrl(home.url);
        const one = (await signedIn(home, { login: 'clerk' })).browser;
        const two = (await signedIn(home, { login: 'viewer' })).browser;
        await isLive(one, two);
        await identity.signOut(one.jarOf(identity.issuer));
        await until('the session is over', async () => (await sessionOf(one)).status === 401, { within: 1000 });
        await isLive(two);
    });

    it('BL-02 by the person all of theirs end, at this issuer', async () => {
        const all = [await arrive(service), await arrive(service), await arrive(service)];
        const other = await arrive(service, BARAKA);
        await ends(service, provider.logoutToken({ claims: { sub: AMINA.sub } }));
        await isOver(...all.map(({ browser }) => browser));
        await isLive(other.browser);
    });

    it('BL-02 people of the same name at two issuers are two', async () => {
        const second = keep(await startMisbehaving());
        second.script.person = AMINA;
        const home = await start(store, provider, signInSettings(provider, second));
        const one = await arrive(home);
        const { browser: two } = await signedIn(home, { path: '/auth/login?issuer=2' });
        await ends(home, second.logoutToken({ claims: { sub: AMINA.sub } }));
        await isOver(two);
        await isLive(one.browser);
        await ends(home, second.logoutToken({ claims: { sid: one.sid, sub: undefined } }));
        await isLive(one.browser);
        await ends(home, provider.logoutToken({ claims: { sub: AMINA.sub } }));
        await isOver(one.browser);
    });

    it('BL-07 session and person of two', async () => {
        const one = await arrive(service);
        const two = await arrive(service, BARAKA);
        const earlier = service.events('identity.refused').length;
        isProblem(await announce(service, provider.logoutToken({ claims: { sid: one.sid, sub: BARAKA.sub } })), 400, 'invalid_logout_token');
        const entry = await until('the refusal in the log', () => service.events('identity.refused')[earlier]);
        assert.deepEqual([entry.what, entry.why], ['logout_token', 'session_of_another']);
        await isLive(one.browser, two.browser);
        await ends(service, provider.logoutToken({ claims: { sid: randomUUID(), sub: BARAKA.sub } })); /* a session that nobody has */
        await isLive(one.browser, two.browser);
        await ends(service, provider.logoutToken({ claims: { sid: one.sid, sub: AMINA.sub } }));
        await isOver(one.browser);
        await isLive(two.browser);
    });

    it('BL-10 the same token counts once, at any copy of the service where there can be two', async () => {
        const first = await arrive(service);
        const token = provider.logoutToken({ claims: { sub: AMINA.sub } });
        await ends(service, token);
        await isOver(first.browser);
        const second = await arrive(service);
        isProblem(await announce(service, token), 400, 'invalid_logout_token');
        await service.logged(({ event, why }) => event === 'identity.refused' && why === 'seen before');
        const copy = store === sqlite ? service : await startService({ store, identity: provider, database: service.database, settings: signInSettings(provider) });
        isProblem(await announce(copy, token), 400, 'invalid_logout_token');
        if (copy !== service) await copy.kill();
        await isLive(second.browser);
        await service.restart();
        isProblem(await announce(service, token), 400, 'invalid_logout_token');
        await isLive(second.browser);
    });

    it('BL-10 all at once', async () => {
        await arrive(service);
        const token = provider.logoutToken({ claims: { sub: AMINA.sub } });
        const answers = await Promise.all(Array.from({ length: 12 }, () => announce(service, token)));
        assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    });

    it('BL-12 an unknown session is answered like a known one', async () => {
        const { browser, sid } = await arrive(service);
        const unknown = await ends(service, provider.logoutToken({ claims: { sid: randomUUID(), sub: undefined } }));
        const known = await ends(service, provider.logoutToken({ claims: { sid, sub: undefined } }));
        const shape = ({ headers, text }) => [Object.keys(headers).sort(), text];
        assert.deepEqual(shape(unknown), shape(known));
        await isOver(browser);
    });

    it('BL-16 a request that is under way when the session ends', async () => {
        const { browser, sid } = await arrive(service);
        const under = Array.from({ length: 20 }, () => browser.fetch('/v1/orders'));
        await ends(service, provider.logoutToken({ claims: { sid } }));
        for (const { status } of await Promise.all(under)) assert.ok(status === 200 || status === 401);
        await isOver(browser);
        isProblem(await browser.fetch('/v1/orders'), 401);
    });

    it('BL-16 a refresh that is under way when the session ends', async () => {
        const { browser, sid } = await arrive(service);
        await expireTokens(service);
        provider.forgetRequests();
        provider.behave('token', { kind: 'ok', delayMs: 300 });
        const under = browser.fetch('/v1/orders');
        await until('the refresh is under way', () => provider.asked('token').length > 0);
        await ends(service, provider.logoutToken({ claims: { sid } }));
        isProblem(await under, 401, 'no_session');
        await isOver(browser);
    });

    it('an administrator ends all sessions of a person, and nobody else does', async () => {
        const [one, two, other] = [await arrive(service), await arrive(service), await arrive(service, BARAKA)];
        const end = (client, query = `subject=${AMINA.sub}`) => client.request('DELETE', `/v1/sessions?${query}`);
        for (const roles of [['viewer'], ['clerk'], ['customer']]) isProblem(await end(service.as({ roles, customer_code: 'C1' })), 403, 'insufficient_scope');
        isProblem(await end(service.withToken(null)), 401);
        isProblem(await one.browser.fetch(`/v1/sessions?subject=${BARAKA.sub}`, { method: 'DELETE' }), 403, 'insufficient_scope');
        const manager = service.as({ roles: ['manager'] });
        for (const query of ['', 'subject=', `subject=${AMINA.sub}&issuer=`, `subject=${AMINA.sub}&subject=x`, 'all=1']) assert.equal((await end(manager, query)).status, 400, query);
        assert.deepEqual((await end(manager, `subject=${AMINA.sub}&issuer=https://id.example`)).json, { ended: 0 });
        await isLive(one.browser, two.browser, other.browser);
        const answer = await end(manager);
        assert.equal(answer.status, 200, answer.text);
        assert.ok(answer.json.ended >= 2);
        await isOver(one.browser, two.browser);
        await isLive(other.browser);
        assert.deepEqual((await end(manager, `subject=${encodeURIComponent(BARAKA.sub)}&issuer=${encodeURIComponent(provider.issuer)}`)).json.ended >= 1, true);
        await isOver(other.browser);
    });
});

describe('by the person', () => {
    let service;

    before(async () => { service = await start(sqlite, provider, signInSettings(provider)); });
    beforeEach(() => provider.reset());

    it('LO-02 whoever comes back from the provider is on a page, whatever the state', async () => {
        const { browser } = await arrive(service);
        await logOut(browser);
        for (const query of ['', '?state=other', '?state=', '?error=x&state=%3Cscript%3E']) {
            const page = await browser.visit(`/${query}`, { from: provider.url });
            assert.equal(page.status, 200, query);
            assert.ok(!page.text.includes('<script'));
            assert.equal(browser.cookie(SESSION_COOKIE), undefined);
        }
    });

    it('LO-03 by GET or from another site nothing happens', async () => {
        const { browser } = await arrive(service);
        for (const method of ['HEAD', 'PUT', 'DELETE']) assert.equal((await logOut(browser, { method })).status, 405, method);
        assert.equal((await logOut(browser, { method: 'GET' })).status, 400);
        for (const from of [undefined, service.url, 'https://evil.example']) {
            const { status, cookies } = await browser.go('/auth/logout', { from });
            assert.deepEqual([status, cookies.length], [400, 0]);
        }
        isProblem(await logOut(browser, { headers: { 'x-agizo-request': undefined } }), 403, 'cross_site');
        isProblem(await logOut(browser, { headers: { origin: 'https://evil.example' } }), 403, 'cross_site');
        isProblem(await logOut(browser, { headers: { 'sec-fetch-site': 'cross-site' } }), 403, 'cross_site');
        const form = await browser.go('/auth/logout', { form: {}, from: 'https://evil.example' });
        assert.equal(form.status, 403);
        assert.equal(form.cookies.length, 0);
        await isLive(browser);
        await logOut(browser);
        await isOver(browser);
    });

    it('LO-03 without a session it answers alike', async () => {
        const answer = await logOut(browserFor(service));
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.json, { redirect: '/' });
    });

    it('LO-04 a revocation that fails or hangs keeps nobody in', async () => {
        for (const behaviour of [{ kind: 'hang' }, { kind: 'status', status: 500 }, { kind: 'reset' }, { kind: 'redirect', to: provider.trapUrl }]) {
            provider.reset();
            const { browser } = await arrive(service);
            provider.behave('revocation', behaviour);
            const begun = Date.now();
            assert.equal((await logOut(browser)).status, 200);
            assert.ok(Date.now() - begun < 1000);
            await isOver(browser);
        }
        assert.equal(provider.counts().trap, 0);
    });

    it('LO-04 nor a provider that is away, or has no page for it', async () => {
        const { browser } = await arrive(service);
        await provider.down();
        const answer = await logOut(browser);
        await provider.up();
        assert.equal(answer.status, 200);
        await isOver(browser);
        provider.metadata({ end_session_endpoint: undefined, revocation_endpoint: undefined });
        const home = await start(sqlite, provider, signInSettings(provider));
        const other = (await arrive(home)).browser;
        const { json } = await logOut(other);
        assert.deepEqual(json, { redirect: '/' });
        await isOver(other);
        await home.kill();
    });
});

describe('by the provider', () => {
    let service;

    before(async () => { service = await start(sqlite, provider, signInSettings(provider)); });
    beforeEach(() => provider.reset());

    it('BL-01 the refresh token goes with the session', async () => {
        const { browser, sid } = await arrive(service);
        await ends(service, provider.logoutToken({ claims: { sid } }));
        await isOver(browser);
        assert.equal(provider.asked('token').filter(({ parameters }) => parameters.get('grant_type') === 'refresh_token').length, 0);
    });

    it('BL-03 without a signature, by another algorithm, or with a wrong one', async () => {
        const { publicKey } = provider.keys.rs256;
        await refusesTokens(service, 'algorithm', { header: { alg: 'none' }, signature: () => '' }, { header: { alg: 'none', kid: undefined }, signature: () => '' },
            { hmac: publicKey.export({ type: 'spki', format: 'pem' }) }, { hmac: provider.client.secret }, { key: 'es384' });
        await refusesTokens(service, 'key_mismatch', { header: { alg: 'RS256' } });
        await refusesTokens(service, 'signature', { signature: (bytes) => Buffer.alloc(bytes.length) }, { key: await makeKey('es256', { kid: provider.keys.es256.kid }) });
    });

    it('BL-04 without the event', () => refusesTokens(service, 'events', ...withClaims({ events: undefined }, { events: {} }, { events: { 'urn:other': {} } }, { events: [LOGOUT_EVENT] },
        { events: LOGOUT_EVENT }, { events: { [LOGOUT_EVENT]: [] } }, { events: { [LOGOUT_EVENT]: true } }, { events: null })));

    it('BL-05 with a nonce', () => refusesTokens(service, 'other_kind', ...withClaims({ nonce: 'x' }, { nonce: '' }, { nonce: null })));

    it('BL-06 for another, or of another', async () => {
        await refusesTokens(service, 'audience', ...withClaims({ aud: 'other' }, { aud: undefined }, { aud: [] }, { aud: provider.audience }, { aud: 7 }));
        await refusesTokens(service, 'issuer', ...withClaims({ iss: 'https://id.example' }, { iss: undefined }, { iss: `${provider.issuer}/` }, { iss: 7 }));
    });

    it('BL-06 for several, of whom we are one', async () => {
        const { browser, sid } = await arrive(service);
        await ends(service, provider.logoutToken({ claims: { sid, aud: ['other', provider.client.id] } }));
        await isOver(browser);
    });

    it('BL-07 that names nobody, or names them wrong', async () => {
        await refusesTokens(service, 'subject', ...withClaims({ sid: undefined, sub: undefined }, { sub: 7 }, { sub: '' }, { sub: [] }));
        await refusesTokens(service, 'session', ...withClaims({ sid: '', sub: undefined }, { sid: 7 }, { sid: [], sub: undefined }));
    });

    it('BL-08 without iat or jti', async () => {
        await refusesTokens(service, 'issued_at', ...withClaims({ iat: undefined }, { iat: 'now' }, { iat: now(600) }));
        await refusesTokens(service, 'token_id', ...withClaims({ jti: undefined }, { jti: '' }, { jti: 7 }));
    });

    it('BL-09 past its time, or without an end', async () => {
        await refusesTokens(service, 'expired', ...withClaims({ exp: now(-120) }, { iat: now(-3600), exp: now(3600) }));
        await refusesTokens(service, 'expiry', ...withClaims({ exp: undefined }, { exp: 'soon' }));
    });

    it('BL-09 without an end where the settings allow it, while it is fresh', async () => {
        const home = await start(sqlite, provider, { ...signInSettings(provider), AGIZO_OIDC_PROFILE: 'lenient' });
        const { browser, sid } = await arrive(home);
        isProblem(await announce(home, provider.logoutToken({ claims: { sid, exp: undefined, iat: now(-125) } })), 400, 'invalid_logout_token');
        await isLive(browser);
        await ends(home, provider.logoutToken({ claims: { sid, exp: undefined, iat: now(-110) } }));
        await isOver(browser);
        await home.kill();
    });

    it('BL-11 by its type', async () => {
        for (const typ of ['logout+jwt', 'JWT', undefined, 'LOGOUT+JWT', 'application/logout+jwt']) {
            const { browser, sid } = await arrive(service);
            await ends(service, provider.logoutToken({ header: { typ }, claims: { sid } }));
            await isOver(browser);
        }
        await refusesTokens(service, 'type', { header: { typ: 'at+jwt' } }, { header: { typ: 'dpop+jwt' } }, { header: { typ: 7 } }, { header: { typ: 'x' } });
        const { browser, sid } = await arrive(service);
        for (const token of [provider.token({ claims: { sid, aud: provider.client.id } }), provider.other('id-token', { claims: { sid, aud: provider.client.id, jti: 'x' } }), 'x', 'a.b.c', '']) {
            isProblem(await announce(service, token), 400, 'invalid_logout_token');
        }
        await isLive(browser);
    });

    it('BL-11 a logout token is no access token and no ID token', async () => {
        const token = provider.logoutToken({ claims: { aud: provider.audience, client_id: 'x', scope: 'orders:read' } });
        isProblem(await service.withToken(token).get('/v1/orders'), 401, 'invalid_token');
    });

    it('BL-13 in another form', async () => {
        const { browser, sid } = await arrive(service);
        const token = provider.logoutToken({ claims: { sid } });
        for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) assert.equal((await service.withToken(null).request(method, '/auth/backchannel-logout')).status, 405, method);
        assert.equal((await service.withToken(null).get(`/auth/backchannel-logout?logout_token=${token}`)).status, 405);
        assert.equal((await announce(service, token, { type: 'application/json', body: JSON.stringify({ logout_token: token }) })).status, 415);
        assert.equal((await announce(service, token, { type: 'text/plain' })).status, 415);
        for (const body of ['', 'x=1', `logout_token=${token}&logout_token=${token}`, `logout_token=${token}&logout_token=x`, 'logout_token=', `LOGOUT_TOKEN=${token}`]) {
            assert.equal((await announce(service, token, { body })).status, 400, body.slice(0, 40));
        }
        assert.equal((await announce(service, token, { body: `logout_token=${token}&pad=${'x'.repeat(5 * 1024 * 1024)}` }).catch(() => ({ status: 413 }))).status, 413);
        const inQuery = await service.withToken(null).request('POST', `/auth/backchannel-logout?logout_token=${token}`, { body: 'x=1', type: FORM });
        assert.ok(inQuery.status >= 400);
        await isLive(browser);
        await ends(service, token);
        await isOver(browser);
    });

    it('BL-14 it needs no cookie and no field', async () => {
        const { browser, sid } = await arrive(service);
        const [answer] = await raw(service.address, (() => {
            const body = `logout_token=${provider.logoutToken({ claims: { sid } })}`;
            return `POST /auth/backchannel-logout HTTP/1.1\r\nHost: a\r\nContent-Type: ${FORM}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
        })());
        assert.equal(answer.status, 200, answer.text);
        await isOver(browser);
    });

    it('BL-14 a provider may end a whole office at once', async () => {
        const home = await start(sqlite, provider, signInSettings(provider));
        const answers = await Promise.all(Array.from({ length: 190 }, () => announce(home, provider.logoutToken({ claims: { sid: randomUUID() } }))));
        for (const answer of answers) assert.equal(answer.status, 200, answer.text);
        await home.kill();
    });

    it('BL-14 a flood is held back, and nobody else is: neither at another address nor later', async () => {
        const home = await start(sqlite, provider, { ...signInSettings(provider), AGIZO_LOGOUT_RATE: '5' });
        const [one, two] = [await arrive(home), await arrive(home)];
        const begun = Date.now();
        const bad = () => `${encode({ alg: 'ES256' })}.${encode({ iss: provider.issuer, jti: randomUUID() })}.${'A'.repeat(86)}`;
        const flood = await Promise.all(Array.from({ length: 2000 }, () => announce(home, bad())));
        const letIn = flood.filter(({ status }) => status === 400).length;
        assert.ok(letIn >= 20 && letIn <= 21 + 5 * (Date.now() - begun) / 1000, String(letIn));
        for (const answer of flood.filter(({ status }) => status !== 400)) {
            isProblem(answer, 429, 'rate_limited');
            assert.equal(answer.headers['retry-after'], '1');
        }
        await isLive(one.browser, two.browser); /* other routes know nothing of it */
        const { status } = await announceFrom('127.0.0.2', home, provider.logoutToken({ claims: { sid: one.sid } }));
        assert.equal(status, 200);
        await isOver(one.browser);
        await until('a good one of the same address counts', async () => (await announce(home, provider.logoutToken({ claims: { sid: two.sid } }))).status === 200);
        await isOver(two.browser);
        assert.ok((await home.metrics())['agizo_http_requests_total{route="POST /auth/backchannel-logout",status="429"}'] >= 1900);
        await home.kill();
    });

    it('BL-14 without a limit where the settings say so', async () => {
        const home = await start(sqlite, provider, { ...signInSettings(provider), AGIZO_LOGOUT_RATE: '0' });
        const answers = await Promise.all(Array.from({ length: 600 }, () => announce(home, 'x')));
        for (const { status } of answers) assert.equal(status, 400);
        await home.kill();
    });

    it('BL-15 signed by a key that was changed just before', async () => {
        const own = keep(await startMisbehaving());
        own.script.person = AMINA;
        const home = await start(sqlite, own, signInSettings(own));
        const { browser } = await signedIn(home);
        own.resetCounts();
        const old = await own.rotate('es256');
        await ends(home, own.logoutToken({ claims: { sub: AMINA.sub } }));
        assert.equal(own.counts().jwks, 1);
        await isOver(browser);
        const { browser: again } = await signedIn(home);
        isProblem(await announce(home, own.logoutToken({ key: old, claims: { sub: AMINA.sub } })), 400, 'invalid_logout_token');
        await isLive(again);
    });
});
