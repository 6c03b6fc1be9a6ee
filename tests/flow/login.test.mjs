// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * People signing in by browser (authorization code with PKCE), row by row. The ids are those of the acceptance table of identity.
 *
 * Each test shows an honest sign-in passing beside what is refused. `refusesSignIn` also looks that nothing is left of a refused one: no cookie,
 * no session in the store. The rows about one sign-in's checks run on SQLite alone; what the store has a part in runs on both.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { USERS } from '../../dev/identity/accounts.mjs';
import { startIdentity } from '../../dev/identity.mjs';
import { encode, makeKey, now, startMisbehaving } from '../../dev/misbehaving.mjs';
import {
    LOGIN_COOKIE, SESSION_COOKIE, browserFor, callbackOf, expireTokens, forEachStore, isProblem, keep, raw, runProgram, signIn, signInSettings, signedIn, sqlite, startService, until,
} from './harness.mjs';
import { changeTicket } from './harness/seal.mjs';

const AMINA = { sub: 'user-amina', name: 'Amina Example', roles: ['clerk'] };
const CLERK = ['customers:read', 'customers:write', 'messages:read', 'orders:read', 'orders:write'];

let provider;
let service;
let settings;

before(async () => {
    provider = keep(await startMisbehaving());
    settings = signInSettings(provider);
    service = await start(provider, settings);
});

function start(identity, more, options) {
    return startService({ store: sqlite, identity, settings: { AGIZO_LOG_LEVEL: 'debug', ...more }, ...options });
}

async function sessionOf(browser) {
    return browser.fetch('/auth/session');
}

async function isSignedIn(browser, who = AMINA) {
    const { status, json, text } = await sessionOf(browser);
    assert.equal(status, 200, text);
    assert.equal(json.subject, who.sub);
    return json;
}

/** One honest sign-in, which shows that what follows is refused for what it is. */
async function acceptsSignIn(on = service) {
    provider.reset();
    const { browser } = await signedIn(on);
    await isSignedIn(browser);
    provider.forgetRequests();
}

/** A sign-in that ends at the callback with this status and leaves nothing behind. */
async function refusesSignIn(status, { on = service, browser = browserFor(on), path } = {}) {
    const earlier = await on.count('sessions');
    const callback = callbackOf(await signIn(browser, { path }));
    await isRefused(callback, status, browser);
    assert.equal(await on.count('sessions'), earlier);
    return callback;
}

async function isRefused(answer, status, browser, type = /^text\/html/) {
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.headers['content-type'], type);
    assert.equal(answer.headers.location, undefined);
    assert.equal(browser.cookie(SESSION_COOKIE), undefined);
    isProblem(await sessionOf(browser), 401);
}

/** Runs something that the service refuses, for this reason and no other. */
async function isRefusedFor(why, run, on = service) {
    const earlier = on.events('identity.refused').length;
    const result = await run();
    const entry = await until('the refusal in the log', () => on.events('identity.refused')[earlier]);
    assert.equal(entry.why, why);
    return result;
}

/** Each change of the ID token refused for one reason, beside one that passes. */
async function refusesIdTokens(why, ...hows) {
    for (const how of hows) {
        await acceptsSignIn();
        provider.script.idToken = how;
        await isRefusedFor(why, () => refusesSignIn(403));
        assert.equal(provider.asked('userinfo').length, 0, 'userinfo was asked although the ID token is bad');
    }
}

const withClaims = (...list) => list.map((claims) => ({ claims }));

/** The address that the provider sends the browser back to; the browser stays behind. */
async function answerFor(browser, on = service, path = '/auth/login') {
    const login = await browser.go(path);
    assert.equal(login.status, 303, login.text);
    const answer = await browser.go(login.headers.location, { from: on.url });
    return new URL(answer.headers.location);
}

function askedOf(login) {
    return Object.fromEntries(new URL(login.headers.location).searchParams);
}

forEachStore((store) => {
    it('RP-01 an honest sign-in, by oidc-provider and its pages', async () => {
        const identity = keep(await startIdentity());
        const home = await startService({ store, identity, settings: signInSettings(identity) });
        identity.setPublicUrl(home.url);
        for (const [login, user] of Object.entries(USERS)) {
            const { browser, page } = await signedIn(home, { login, path: '/auth/login?return=/v1/orders?limit=1' });
            assert.equal(callbackOf(page).headers.location, '/v1/orders?limit=1');
            const session = await isSignedIn(browser, user);
            assert.equal(session.name, user.name);
            assert.equal((await browser.fetch('/v1/orders')).status, 200);
        }
        assert.equal(await home.count('sessions'), Object.keys(USERS).length);
    });

    it('RP-01 an honest sign-in, by a client that sends its secret as Basic', async () => {
        provider.reset();
        const home = await startService({ store, identity: provider, settings: signInSettings(provider) });
        const { browser } = await signedIn(home);
        const session = await isSignedIn(browser);
        assert.deepEqual([...session.permissions].sort(), CLERK);
        const [call] = provider.asked('token');
        assert.deepEqual(call.credentials, provider.client);
        assert.deepEqual([...call.parameters.keys()].sort(), ['code', 'code_verifier', 'grant_type', 'redirect_uri']);
        assert.ok(!call.body.includes(provider.client.secret));
    });

    it('RP-18 a callback that is loaded again is refused', async () => {
        provider.reset();
        const home = await startService({ store, identity: provider, settings: signInSettings(provider) });
        const browser = browserFor(home);
        const back = await answerFor(browser, home);
        assert.equal((await browser.go(back, { from: provider.url })).status, 303);
        provider.forgetRequests();
        const again = await browser.go(back, { from: provider.url });
        assert.equal(again.status, 400, again.text);
        assert.equal(provider.asked('token').length, 0);
        await isSignedIn(browser);
    });

    it('RP-32 another person in the same browser gets another session, and the former ends', async () => {
        provider.reset();
        const home = await startService({ store, identity: provider, settings: signInSettings(provider) });
        const { browser } = await signedIn(home);
        const former = browser.cookie(SESSION_COOKIE).value;
        provider.script.person = { sub: 'user-baraka', name: 'Baraka Example', roles: ['viewer'] };
        await signIn(browser);
        assert.notEqual(browser.cookie(SESSION_COOKIE).value, former);
        await isSignedIn(browser, { sub: 'user-baraka' });
        const other = browserFor(home);
        other.setCookie(`${SESSION_COOKIE}=${former}; Secure; Path=/`);
        isProblem(await sessionOf(other), 401);
        assert.equal(await home.count('sessions'), 1);
    });
});

describe('the ID token', () => {
    it('RP-02 of another issuer', async () => refusesIdTokens('issuer', ...withClaims(
        { iss: 'https://id.example' }, { iss: `${provider.issuer}/` }, { iss: undefined }, { iss: 7 }, { iss: [provider.issuer] }, { iss: provider.issuer.toUpperCase() })));

    it('RP-03 for another client', async () => {
        const { id } = provider.client;
        await refusesIdTokens('audience', ...withClaims({ aud: 'other' }, { aud: undefined }, { aud: [] }, { aud: 7 }, { aud: { [id]: true } }, { aud: provider.audience }, { aud: `${id} ` }, { aud: [id, 7] }));
        await refusesIdTokens('authorized_party', ...withClaims({ aud: [id, 'other'] }, { aud: [id, 'other'], azp: 'other' }, { aud: id, azp: 'other' }, { azp: 7 }, { azp: '' }));
        await acceptsSignIn();
        for (const claims of [{ aud: [id] }, { aud: [id, 'other'], azp: id }, { azp: id }]) {
            provider.script.idToken = { claims };
            await isSignedIn((await signedIn(service)).browser);
        }
    });

    it('RP-04 without sub or iat', async () => {
        await refusesIdTokens('subject', ...withClaims({ sub: undefined }, { sub: '' }, { sub: 7 }, { sub: 'x'.repeat(4000) }));
        await refusesIdTokens('issued_at', ...withClaims({ iat: undefined }, { iat: 'now' }));
    });

    it('RP-05 expired, not good yet, or made long ago', async () => {
        await refusesIdTokens('expired', ...withClaims({ exp: now(-120) }, { exp: 0 }));
        await refusesIdTokens('expiry', ...withClaims({ exp: undefined }, { exp: String(now(300)) }));
        await refusesIdTokens('age', ...withClaims({ iat: now(-660) }));
        await refusesIdTokens('issued_at', ...withClaims({ iat: now(660) }));
        await refusesIdTokens('not_yet', ...withClaims({ nbf: now(660) }, { nbf: 'now' }));
        /* The clocks need not agree to the second. */
        for (const claims of [{ exp: now(-50) }, { iat: now(50) }, { iat: now(-590) }, { nbf: now(50) }]) {
            provider.script.idToken = { claims };
            await isSignedIn((await signedIn(service)).browser);
        }
    });

    it('RP-06 without a signature', () => refusesIdTokens('algorithm',
        { header: { alg: 'none' }, signature: () => '' }, { header: { alg: 'None', kid: undefined }, signature: () => '' }, { header: { alg: 'none' } }));

    it('RP-07 with a wrong signature', async () => {
        const wrong = (bytes) => Buffer.from(bytes.map((byte, index) => (index === 7 ? byte ^ 1 : byte)));
        const { publicKey } = provider.keys.rs256;
        const stranger = await makeKey('es256', { kid: provider.keys.es256.kid });
        await refusesIdTokens('signature', { key: 'rs256', signature: wrong }, { key: 'es256', signature: wrong }, { key: 'eddsa', signature: wrong }, { key: stranger });
        await refusesIdTokens('algorithm', { key: 'rs256', hmac: publicKey.export({ type: 'spki', format: 'pem' }) }, { hmac: provider.client.secret },
            { hmac: provider.client.secret, header: { kid: undefined } });
        await refusesIdTokens('signature_length', { der: true });
        await refusesIdTokens('unknown_key', { header: { kid: 'unknown' } });
    });

    it('RP-08 signed by each algorithm', async () => {
        for (const key of ['rs256', 'ps256', 'es256', 'eddsa', 'ed25519']) {
            provider.reset();
            provider.script.idToken = { key };
            await isSignedIn((await signedIn(service)).browser);
        }
    });

    it('RP-09 for another sign-in', async () => {
        await refusesIdTokens('nonce', ...withClaims({ nonce: 'another' }, { nonce: undefined }, { nonce: 7 }, { nonce: '' }));
        await acceptsSignIn();
        let first;
        provider.script.callback = (answer, asked) => { first ??= asked.nonce; return answer; };
        await signedIn(service);
        provider.script.idToken = { claims: { nonce: first } };
        await isRefusedFor('nonce', () => refusesSignIn(403));
    });

    it('RP-10 with the hash of another access token, or of another kind', async () => {
        await refusesIdTokens('token_hash', { claims: { at_hash: 'MTIzNDU2Nzg5MDEyMzQ1Ng' } }, { claims: { at_hash: 7 } }, { claims: { at_hash: '' } });
        await refusesIdTokens('type', { header: { typ: 'at+jwt' } }, { header: { typ: 'logout+jwt' } }, { header: { typ: 'dpop+jwt' } });
        await refusesIdTokens('other_kind', { claims: { events: {} } });
        await refusesIdTokens('extension', { header: { crit: ['urn:x'], 'urn:x': 1 } });
        await acceptsSignIn();
        for (const how of [{ claims: { at_hash: undefined } }, { header: { typ: undefined } }]) {
            provider.script.idToken = how;
            await isSignedIn((await signedIn(service)).browser);
        }
    });

    it('RP-10 an access token or a logout token in its place', async () => {
        await acceptsSignIn();
        provider.script.idToken = { raw: provider.token({ claims: { sub: AMINA.sub, roles: ['manager'] } }) };
        await refusesSignIn(403);
        provider.script.idToken = { raw: provider.logoutToken({ claims: { sub: AMINA.sub } }) };
        await refusesSignIn(403);
        provider.script.idToken = { raw: 'not.a.token' };
        await refusesSignIn(403);
    });
});

describe('userinfo', () => {
    it('RP-11 of somebody else, or of nobody', async () => {
        for (const userinfo of [{ sub: 'user-baraka' }, { sub: undefined }, { sub: 7 }, [AMINA], 'text', null]) {
            await acceptsSignIn();
            provider.script.idToken = { claims: { roles: undefined, name: undefined } }; /* so that it has to be asked */
            provider.script.userinfo = userinfo;
            const { status } = callbackOf(await signIn(browserFor(service)));
            assert.ok(status === 403 || status === 502, `${status} for ${JSON.stringify(userinfo)}`);
        }
    });

    it('RP-12 claims there alone, or in the ID token alone', async () => {
        await acceptsSignIn();
        provider.script.idToken = { claims: { roles: undefined, name: undefined } };
        const { browser } = await signedIn(service);
        const session = await isSignedIn(browser);
        assert.deepEqual([session.name, [...session.permissions].sort()], [AMINA.name, CLERK]);
        const [call] = provider.asked('userinfo');
        assert.match(call.headers.authorization, /^Bearer access-/);
        assert.ok(!call.url.includes('access_token') && call.body === '');

        provider.reset();
        provider.script.userinfo = { roles: undefined, name: undefined };
        const again = await isSignedIn((await signedIn(service)).browser);
        assert.deepEqual([again.name, [...again.permissions].sort()], [AMINA.name, CLERK]);
    });

    it('RP-12 claims in both: userinfo may add, not contradict', async () => {
        await acceptsSignIn();
        provider.script.idToken = { claims: { roles: ['viewer'], name: undefined } };
        const session = await isSignedIn((await signedIn(service)).browser);
        assert.equal(session.name, AMINA.name);
        assert.ok(!session.permissions.includes('orders:write'), 'userinfo lent a role');
    });

    it('RP-13 that refuses the token does not keep anybody out', async () => {
        await acceptsSignIn();
        for (const status of [401, 403, 400]) {
            provider.behave('userinfo', { kind: 'status', status, body: '{"error":"invalid_token"}' });
            const session = await isSignedIn((await signedIn(service)).browser);
            assert.deepEqual([...session.permissions].sort(), CLERK);
        }
    });

    it('RP-13 that refuses when only it knows the roles leaves none', async () => {
        await acceptsSignIn();
        provider.script.idToken = { claims: { roles: undefined } };
        provider.behave('userinfo', { kind: 'status', status: 401, body: '{"error":"invalid_token"}' });
        const browser = browserFor(service);
        const { status } = callbackOf(await signIn(browser));
        const session = status === 303 ? await isSignedIn(browser) : { permissions: [] };
        assert.deepEqual(session.permissions, []);
    });
});

describe('the way there', () => {
    it('asks for a code with PKCE, state, nonce and our own address', async () => {
        provider.reset();
        const login = await browserFor(service).go('/auth/login');
        assert.equal(login.status, 303);
        const asked = askedOf(login);
        assert.ok(login.headers.location.startsWith(`${provider.issuer}/go/authorize?`));
        assert.equal(asked.client_id, provider.client.id);
        assert.equal(asked.response_type, 'code');
        assert.equal(asked.redirect_uri, `${service.url}/auth/callback`);
        assert.equal(asked.code_challenge_method, 'S256');
        assert.match(asked.scope, /^openid( |$)/);
        for (const name of ['state', 'nonce', 'code_challenge']) assert.match(asked[name], /^[\w-]{43}$/, name);
        const other = askedOf(await browserFor(service).go('/auth/login'));
        for (const name of ['state', 'nonce', 'code_challenge']) assert.notEqual(asked[name], other[name]);
        assert.ok(!login.headers.location.includes(provider.client.secret));
    });

    it('RP-20 a provider without S256', async () => {
        await acceptsSignIn();
        for (const methods of [undefined, ['plain'], [], 'S256', ['s256']]) {
            provider.reset();
            provider.metadata({ code_challenge_methods_supported: methods });
            const home = await start(provider, signInSettings(provider));
            const login = await browserFor(home).go('/auth/login');
            assert.equal(login.status, 503, JSON.stringify(methods));
            assert.equal(login.headers.location, undefined);
            await home.kill();
        }
    });

    it('RP-20 a provider that lists no method is taken at the operator’s word, one that lists others is not', async () => {
        await acceptsSignIn();
        for (const methods of [undefined, ['plain'], [], 'S256', ['s256'], null]) {
            provider.reset();
            provider.metadata({ code_challenge_methods_supported: methods });
            const home = await start(provider, { ...signInSettings(provider), AGIZO_OIDC_PKCE: 'assumed' });
            const login = await browserFor(home).go('/auth/login');
            assert.equal(login.status, methods === undefined ? 303 : 503, JSON.stringify(methods));
            if (methods === undefined) {
                assert.equal(new URL(login.headers.location).searchParams.get('code_challenge_method'), 'S256');
                await signedIn(home);
            }
            await home.kill();
        }
    });

    it('RP-20 a client without a key or an address to come back to', async () => {
        await acceptsSignIn();
        for (const name of ['AGIZO_PUBLIC_URL', 'AGIZO_SESSION_KEY']) {
            const { url } = await sqlite.createDatabase();
            const own = { AGIZO_DATABASE: url, AGIZO_LISTEN: '127.0.0.1:0', AGIZO_ADMIN_LISTEN: '127.0.0.1:0', AGIZO_OIDC_ISSUER: provider.issuer };
            const { code, lines } = await runProgram(['serve'], { ...own, ...signInSettings(provider), AGIZO_PUBLIC_URL: 'http://127.0.0.1:8080', [name]: '' });
            assert.equal(code, 1);
            assert.match(JSON.stringify(lines), /AGIZO_OIDC_CLIENT_ID needs AGIZO_PUBLIC_URL and AGIZO_SESSION_KEY/);
        }
    });

    it('RP-20 without a client nobody signs in, and tokens go on working', async () => {
        await acceptsSignIn();
        const home = await start(provider, {});
        const login = await browserFor(home).go('/auth/login');
        assert.equal(login.status, 404);
        assert.equal(login.headers.location, undefined);
        assert.equal((await home.get('/v1/orders')).status, 200);
        await home.kill();
    });

    it('RP-26 return paths that are not ours become /', async () => {
        provider.reset();
        const evil = ['//evil.example', '/\\evil.example', 'https://evil.example', '/\t/evil.example', '/%09/evil.example', '/%2f/evil.example', '/%5cevil.example', 'javascript:alert(1)',
            '\\\\evil.example', '/ /evil.example', 'evil.example', '', '/x\r\nSet-Cookie: a=b', `/${'x'.repeat(5000)}`, '/"><script>', '///evil', '/%0d%0aSet-Cookie:a=b', '/auth/login'];
        for (const path of evil) {
            const page = await signIn(browserFor(service), { path: `/auth/login?return=${encodeURIComponent(path)}` });
            assert.equal(callbackOf(page).headers.location, '/', path);
        }
        for (const path of ['/', '/v1/orders', '/v1/orders?limit=2&state=a', '/orders#top', '/a%20b']) {
            const { page } = await signedIn(service, { path: `/auth/login?return=${encodeURIComponent(path)}` });
            assert.equal(decodeURI(callbackOf(page).headers.location), decodeURI(path));
        }
    });

    it('RP-27 forged hosts change nothing', async () => {
        await acceptsSignIn();
        const forged = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example', 'x-original-url': '/evil' };
        const asked = askedOf(await browserFor(service).go('/auth/login', { headers: forged }));
        assert.equal(asked.redirect_uri, `${service.url}/auth/callback`);
        const [answer] = await raw(service.address, 'GET /auth/login HTTP/1.1\r\nHost: evil.example\r\n\r\n');
        assert.ok(answer.status !== 303 || new URL(answer.headers.location).searchParams.get('redirect_uri') === `${service.url}/auth/callback`);
    });

    it('RP-35 parameters that duplicate ours do not get through', async () => {
        provider.reset();
        const extra = 'client_id=evil&redirect_uri=https://evil.example/&state=known&nonce=known&scope=all&code_challenge=known&prompt=none&response_type=token';
        for (const query of [extra, 'state=known', 'redirect_uri=https://evil.example/']) {
            const login = await browserFor(service).go(`/auth/login?${query}`);
            if (login.status === 400) continue;
            assert.equal(login.status, 303);
            const { searchParams } = new URL(login.headers.location);
            for (const name of searchParams.keys()) assert.equal(searchParams.getAll(name).length, 1, name);
            assert.ok(!/evil|known/.test(login.headers.location));
            assert.equal(searchParams.get('response_type'), 'code');
        }
    });

    it('RP-31 a thousand sign-ins that are begun and never ended cost nothing that lasts', async () => {
        await acceptsSignIn();
        const earlier = await service.count('sessions');
        const begin = async () => { for (let i = 0; i < 50; i++) assert.equal((await service.withToken(null).get('/auth/login')).status, 303); };
        await Promise.all(Array.from({ length: 20 }, begin));
        assert.equal(await service.count('sessions'), earlier);
        await acceptsSignIn();
    });
});

describe('the answer', () => {
    /** Leads to 400 for this reason, without a request to the token endpoint; `change` gets the browser and the address it was sent back to. */
    async function refusesAnswer(why, change) {
        await acceptsSignIn();
        const browser = browserFor(service);
        const back = await answerFor(browser);
        const changed = await change(browser, back) ?? back;
        const earlier = await service.count('sessions');
        await isRefusedFor(why, async () => isRefused(await browser.go(changed, { from: provider.url }), 400, browser));
        assert.equal(provider.asked('token').length, 0, 'the token endpoint was asked');
        assert.equal(await service.count('sessions'), earlier);
    }

    it('RP-17 with a state that is missing or wrong', async () => {
        await refusesAnswer('no_state', (_, back) => back.searchParams.delete('state'));
        await refusesAnswer('other_state', (_, back) => back.searchParams.set('state', ''));
        await refusesAnswer('other_state', (_, back) => back.searchParams.set('state', 'x'.repeat(43)));
        await refusesAnswer('other_state', (_, back) => back.searchParams.set('state', back.searchParams.get('state').slice(0, -1)));
        await refusesAnswer('other_state', (_, back) => back.searchParams.set('state', `${back.searchParams.get('state')}x`));
    });

    it('RP-17 in another browser, or of another sign-in', async () => {
        await refusesAnswer('no_ticket', (browser) => browser.forget(LOGIN_COOKIE));
        await refusesAnswer('no_ticket', (browser) => browser.setCookie(`${LOGIN_COOKIE}=${'x'.repeat(300)}; Secure; Path=/`));
        await refusesAnswer('other_state', async (browser) => {
            const other = browserFor(service);
            await other.go('/auth/login');
            browser.setCookie(`${LOGIN_COOKIE}=${other.cookie(LOGIN_COOKIE).value}; Secure; Path=/`);
        });
        await refusesAnswer('other_state', async (browser) => { await browser.go('/auth/login'); }); /* begun anew: the former answer is for nobody */
    });

    it('RP-17 with two cookies of sign-ins, of which one is right', async () => {
        for (const order of [(right, other) => [right, other], (right, other) => [other, right]]) {
            await acceptsSignIn();
            const browser = browserFor(service);
            const back = await answerFor(browser);
            const cookie = order(browser.cookie(LOGIN_COOKIE).value, 'x'.repeat(300)).map((value) => `${LOGIN_COOKIE}=${value}`).join('; ');
            await isRefusedFor('no_ticket', async () => isRefused(await browser.go(back, { from: provider.url, headers: { cookie } }), 400, browser));
            assert.equal(provider.asked('token').length, 0);
        }
    });

    it('RP-17 a second time, with the cookie kept', async () => {
        await acceptsSignIn();
        const browser = browserFor(service);
        const back = await answerFor(browser);
        const { value } = browser.cookie(LOGIN_COOKIE);
        assert.equal((await browser.go(back, { from: provider.url })).status, 303);
        provider.forgetRequests();
        const thief = browserFor(service);
        thief.setCookie(`${LOGIN_COOKIE}=${value}; Secure; Path=/`);
        await isRefusedFor('used_before', async () => isRefused(await thief.go(back, { from: provider.url }), 400, thief));
        assert.equal(provider.asked('token').length, 0);
    });

    it('RP-17 too late, or with a cookie of another key', async () => {
        const { AGIZO_SESSION_KEY: key } = settings;
        const replace = (browser, change, by = key) => {
            const value = changeTicket(by, browser.cookie(LOGIN_COOKIE).value, change);
            browser.setCookie(`${LOGIN_COOKIE}=${value}; Secure; Path=/`);
        };
        await refusesAnswer('too_late', (browser) => replace(browser, (ticket) => ({ ...ticket, expires_at: Date.now() })));
        await refusesAnswer('other_issuer', (browser) => replace(browser, (ticket) => ({ ...ticket, issuer: 2 })));
        await refusesAnswer('no_ticket', (browser) => {
            const { value } = browser.cookie(LOGIN_COOKIE);
            const bytes = Buffer.from(value, 'base64url');
            bytes[bytes.length - 1] ^= 1;
            browser.setCookie(`${LOGIN_COOKIE}=${encode(bytes)}; Secure; Path=/`);
        });
        /* The same by a right cookie passes; and it ends in ten minutes. */
        const browser = browserFor(service);
        const back = await answerFor(browser);
        let until_;
        replace(browser, (ticket) => { until_ = ticket.expires_at; return ticket; });
        assert.ok(Math.abs(until_ - Date.now() - 600_000) < 60_000);
        assert.equal((await browser.go(back, { from: provider.url })).status, 303);
    });

    it("RP-19 with another person's code", async () => {
        await acceptsSignIn();
        const attack = async () => {
            const attacker = browserFor(service);
            const stolen = (await answerFor(attacker)).searchParams.get('code');
            const victim = browserFor(service);
            const back = await answerFor(victim);
            back.searchParams.set('code', stolen);
            const answer = await victim.go(back, { from: provider.url });
            await isRefused(answer, 403, victim);
        };
        await attack(); /* the provider refuses the verifier */
        provider.script.pkce = false; /* and where it does not, the nonce is another */
        await attack();
    });

    it('RP-21 of another issuer, or of none although it was announced', async () => {
        await refusesAnswer('iss', (_, back) => back.searchParams.set('iss', 'https://id.example'));
        await refusesAnswer('iss', (_, back) => back.searchParams.set('iss', `${provider.issuer}/`));
        await refusesAnswer('iss', (_, back) => back.searchParams.set('iss', ''));
        await refusesAnswer('iss', (_, back) => back.searchParams.delete('iss'));
    });

    it('RP-21 without iss from a provider that never names it passes; a wrong one does not', async () => {
        provider.reset();
        provider.metadata({ authorization_response_iss_parameter_supported: undefined });
        const home = await start(provider, signInSettings(provider));
        provider.script.callback = (answer) => (answer.delete('iss'), answer);
        await isSignedIn((await signedIn(home)).browser);
        provider.forgetRequests();
        provider.script.callback = (answer) => (answer.set('iss', 'https://id.example'), answer);
        await refusesSignIn(400, { on: home });
        assert.equal(provider.asked('token').length, 0);
    });

    it('RP-23 with parameters that stand twice', async () => {
        for (const name of ['state', 'code', 'iss']) {
            for (const value of [undefined, 'other']) {
                await acceptsSignIn();
                const browser = browserFor(service);
                const back = await answerFor(browser);
                back.searchParams.append(name, value ?? back.searchParams.get(name));
                await isRefused(await browser.go(back, { from: provider.url }), 400, browser, /json|html/);
                assert.equal(provider.asked('token').length, 0);
            }
        }
    });

    it('RP-23 without a code', async () => {
        await refusesAnswer('no_code', (_, back) => back.searchParams.delete('code'));
        await refusesAnswer('no_code', (_, back) => back.searchParams.set('code', ''));
    });

    it('RP-24 that is an error with a script in it', async () => {
        await acceptsSignIn();
        const script = '<script>alert(1)</script>';
        provider.script.callback = (answer) => {
            answer.delete('code');
            answer.set('error', `access_denied${script}`);
            answer.set('error_description', `"'>${script}`);
            return answer;
        };
        const browser = browserFor(service);
        const callback = callbackOf(await signIn(browser));
        assert.ok(callback.status >= 400 && callback.status < 500, callback.text);
        await isRefused(callback, callback.status, browser);
        assert.ok(!callback.text.includes('<script'), callback.text);
        assert.match(callback.headers['content-security-policy'], /default-src 'none'/);
        assert.equal(provider.asked('token').length, 0);
    });

    it('RP-24 an error for a sign-in that nobody began', async () => {
        const answer = await browserFor(service).go('/auth/callback?error=access_denied&error_description=Call%200700123456&state=x');
        assert.equal(answer.status, 400);
        assert.ok(!/access_denied|0700123456/.test(answer.text), 'anybody may write such a link');
    });

    it('RP-25 by another method, or too long', async () => {
        await acceptsSignIn();
        for (const method of ['POST', 'HEAD', 'PUT', 'DELETE']) {
            const browser = browserFor(service);
            const back = await answerFor(browser);
            const answer = await browser.go(back, { method, from: provider.url, headers: { 'sec-fetch-site': 'cross-site' } });
            assert.equal(answer.status, 405, method);
            assert.equal(browser.cookie(SESSION_COOKIE), undefined);
        }
        const long = await browserFor(service).go(`/auth/callback?state=x&code=${'y'.repeat(20_480)}`);
        assert.equal(long.status, 414);
        assert.equal(provider.asked('token').length, 0);
    });

    it('RP-34 is not kept, tells no other site, and is not logged', async () => {
        await acceptsSignIn();
        const browser = browserFor(service);
        const back = await answerFor(browser);
        const code = back.searchParams.get('code');
        const good = await browser.go(back, { from: provider.url });
        const bad = await browser.go(back, { from: provider.url });
        for (const answer of [good, bad]) {
            assert.match(answer.headers['cache-control'], /no-store/);
            assert.equal(answer.headers['referrer-policy'], 'no-referrer');
        }
        assert.deepEqual([good.status, bad.status], [303, 400]);
        assert.ok(!good.headers.location.includes(code));
        await service.logged(({ event, request_id: id }) => event === 'request' && id === bad.headers['x-request-id']);
        const log = JSON.stringify(service.log);
        for (const secret of [code, back.searchParams.get('state'), browser.cookie(SESSION_COOKIE).value, provider.client.secret]) assert.ok(!log.includes(secret));
        assert.ok(!/access-[0-9a-f]{8}|refresh-[0-9a-f]{8}|eyJ/.test(log));
    });
});

describe('the token endpoint', () => {
    it('RP-28 that redirects is not followed', async () => {
        await acceptsSignIn();
        for (const status of [307, 308, 302, 303]) {
            provider.behave('token', { kind: 'redirect', to: provider.trapUrl, status });
            await refusesSignIn(502);
        }
        assert.equal(provider.counts().trap, 0);
    });

    it('RP-29 that answers at length: somebody has hundreds of roles', async () => {
        const roles = (count) => [...Array.from({ length: count }, (_, i) => `some-group-of-the-company-${i}`), 'clerk'];
        await acceptsSignIn();
        provider.script.person = { sub: 'user-many', name: 'Mumbi Many', roles: roles(250) };
        const { browser } = await signedIn(service);
        assert.ok((await browser.fetch('/auth/session')).json.permissions.includes('orders:write'));
        await expireTokens(service);
        assert.equal((await browser.fetch('/v1/orders')).status, 200);
        const way = await browser.fetch('/auth/logout', { method: 'POST' });
        assert.ok(!(await browser.go(way.json.redirect)).headers.location.includes('id_token_hint')); /* it does not fit an address */
        await acceptsSignIn();
        provider.script.person = { sub: 'user-many', roles: roles(2000) };
        await refusesSignIn(502);
        await acceptsSignIn();
    });

    it('RP-29 that answers nonsense', async () => {
        const replies = [{ id_token: undefined }, { id_token: 7 }, { id_token: '' }, { token_type: 'mac' }, { token_type: undefined }, { token_type: 7 }, { access_token: undefined }];
        for (const reply of replies) {
            await acceptsSignIn();
            provider.script.reply = reply;
            const { status } = callbackOf(await signIn(browserFor(service)));
            assert.ok(status === 502 || status === 403, `${status} for ${JSON.stringify(reply)}`);
        }
        const behaviours = [{ kind: 'html' }, { kind: 'huge', bytes: 1024 * 1024 }, { kind: 'body', body: '[]' }, { kind: 'body', body: '' }, { kind: 'half' }, { kind: 'reset' },
            { kind: 'status', status: 500 }, { kind: 'body', body: '{"access_token":"a","access_token":"b"}' }, { kind: 'gzip-bomb' }];
        for (const behaviour of behaviours) {
            await acceptsSignIn();
            provider.behave('token', behaviour);
            await refusesSignIn(502);
        }
        await acceptsSignIn();
        provider.script.reply = { token_type: 'bearer' };
        await isSignedIn((await signedIn(service)).browser);
    });

    it('RP-29 that hangs keeps nobody waiting for long, and changes nothing for who is in', async () => {
        await acceptsSignIn();
        const { browser } = await signedIn(service);
        await expireTokens(service);
        provider.behave('token', { kind: 'hang' });
        const begun = Date.now();
        const [session] = await Promise.all([isSignedIn(browser), refusesSignIn(504)]);
        assert.ok(Date.now() - begun < 20_000);
        assert.deepEqual([...session.permissions].sort(), CLERK);
        provider.behave('token', { kind: 'ok' });
        await isSignedIn(browser);
    });

    it('RP-30 that refuses in words nobody understands', async () => {
        for (const behaviour of [{ kind: 'status', status: 403, body: 'no' }, { kind: 'status', status: 403, body: '{"error":"invalid_grant"}' },
            { kind: 'status', status: 400, body: '<html>' }, { kind: 'status', status: 400, body: '{"error":"invalid_grant"}' }]) {
            await acceptsSignIn();
            provider.behave('token', behaviour);
            const { status } = callbackOf(await signIn(browserFor(service)));
            assert.ok(status === 403 || status === 502, `${status} for ${JSON.stringify(behaviour)}`);
        }
    });

    it('RP-30 that does not know us', async () => {
        await acceptsSignIn();
        const home = await start(provider, { ...signInSettings(provider), AGIZO_OIDC_CLIENT_SECRET: 'wrong' });
        await refusesSignIn(502, { on: home });
    });
});

describe('two issuers', () => {
    let second;
    let home;

    before(async () => {
        provider.reset();
        second = keep(await startMisbehaving());
        second.script.person = { sub: AMINA.sub, name: 'Another Amina', roles: ['manager'] };
        home = await start(provider, signInSettings(provider, second));
    });

    it('RP-22 each has its own address to come back to', async () => {
        const one = askedOf(await browserFor(home).go('/auth/login?issuer=1'));
        const two = askedOf(await browserFor(home).go('/auth/login?issuer=2'));
        assert.deepEqual([one.redirect_uri, two.redirect_uri], [`${home.url}/auth/callback`, `${home.url}/auth/callback/2`]);
        for (const issuer of ['0', '3', 'x', '-1', '1x', '99999999999999999999']) {
            const { status, headers } = await browserFor(home).go(`/auth/login?issuer=${issuer}`);
            assert.ok(status === 404 || status === 400, `${issuer}: ${status}`);
            assert.equal(headers.location, undefined);
        }
    });

    it('RP-22 people of the same name at two issuers are two', async () => {
        provider.reset();
        const first = await isSignedIn((await signedIn(home, { path: '/auth/login?issuer=1' })).browser);
        const other = await isSignedIn((await signedIn(home, { path: '/auth/login?issuer=2' })).browser);
        assert.deepEqual([first.issuer, other.issuer], [provider.issuer, second.issuer]);
        assert.notDeepEqual(first.permissions, other.permissions);
    });

    /* What the attacker controls is the answer: code and iss of one provider at the address of the other. */
    for (const [begun, answered] of [[1, 2], [2, 1]]) {
        it(`RP-22 an answer of ${answered} to a sign-in at ${begun}`, async () => {
            provider.reset();
            const paths = { 1: '/auth/callback', 2: '/auth/callback/2' };
            const mix = async (change) => {
                const browser = browserFor(home);
                const honest = await answerFor(browser, home, `/auth/login?issuer=${begun}`);
                const back = new URL(honest);
                change(back);
                for (const one of [provider, second]) one.forgetRequests();
                await isRefused(await browser.go(back, { from: provider.url }), 400, browser);
                assert.deepEqual([provider.asked('token').length, second.asked('token').length], [0, 0]);
            };
            const issuers = { 1: provider.issuer, 2: second.issuer };
            await mix((back) => back.searchParams.set('iss', issuers[answered]));
            await mix((back) => { back.pathname = paths[answered]; });
            await mix((back) => {
                back.pathname = paths[answered];
                back.searchParams.set('iss', issuers[answered]);
            });
        });
    }

    it('RP-22 an ID token of the other issuer, signed by its key', async () => {
        provider.reset();
        provider.script.idToken = { claims: { iss: second.issuer }, key: second.keys.es256 };
        await refusesSignIn(403, { on: home });
        provider.script.idToken = { key: second.keys.es256 };
        await refusesSignIn(403, { on: home });
        provider.reset();
        await isSignedIn((await signedIn(home)).browser);
    });
});

describe('refresh', () => {
    /** A session whose tokens are due: with them, nothing but a refresh keeps it. */
    async function due(on = service) {
        provider.reset();
        const { browser } = await signedIn(on);
        await expireTokens(on);
        provider.forgetRequests();
        return browser;
    }

    const refreshes = () => provider.asked('token').filter(({ parameters }) => parameters.get('grant_type') === 'refresh_token');

    /** Asks for the session until its tokens were refreshed, or it is gone; the last answer. */
    async function untilRefreshed(browser) {
        return until('the refresh', async () => {
            const answer = await sessionOf(browser);
            return (refreshes().length > 0 || answer.status !== 200) && answer;
        });
    }

    async function isOver(browser) {
        await until('the end of the session', async () => (await sessionOf(browser)).status === 401);
        assert.equal(browser.cookie(SESSION_COOKIE), undefined, 'the cookie is still there');
    }

    it('RP-14 by the same person keeps the session and brings new rights', async () => {
        const browser = await due();
        provider.script.person = { ...AMINA, roles: ['viewer'] };
        await untilRefreshed(browser);
        await until('the new rights', async () => !(await sessionOf(browser)).json.permissions.includes('orders:write'));
        await isSignedIn(browser);
        assert.deepEqual(refreshes()[0].credentials, provider.client);
    });

    for (const [what, [why, claims]] of Object.entries({
        'another issuer': ['issuer', { iss: 'https://id.example' }], 'another subject': ['subject', { sub: 'user-baraka' }], 'no subject': ['subject', { sub: undefined }],
        'another audience': ['audience', { aud: 'other' }], 'another nonce': ['nonce', { nonce: 'another' }], 'another time': ['expired', { exp: now(-300) }],
        'another access token': ['token_hash', { at_hash: 'MTIzNDU2Nzg5MDEyMzQ1Ng' }],
    })) {
        it(`RP-14 with an ID token of ${what} ends the session`, async () => {
            const browser = await due();
            provider.script.refreshed = { claims };
            await isRefusedFor(why, () => isOver(browser));
        });
    }

    it('RP-14 with an ID token that somebody else signed, or userinfo of somebody else, ends the session', async () => {
        const stranger = await makeKey('es256', { kid: provider.keys.es256.kid });
        const forged = await due();
        provider.script.refreshed = { key: stranger };
        await isRefusedFor('signature', () => isOver(forged));
        const mixed = await due();
        provider.script.userinfo = { sub: 'user-baraka' };
        await isRefusedFor('userinfo', () => isOver(mixed));
    });

    it('RP-14 without an ID token keeps who it is', async () => {
        const browser = await due();
        provider.script.refreshReply = { id_token: undefined };
        await untilRefreshed(browser);
        await isSignedIn(browser);
    });

    it('RP-15 rotates its token each time', async () => {
        const browser = await due();
        for (let count = 1; count <= 3; count++) {
            await isSignedIn(browser);
            assert.equal(refreshes().length, count);
            await isSignedIn(browser); /* for a while */
            assert.equal(refreshes().length, count);
            await expireTokens(service);
        }
        const used = refreshes().map(({ parameters }) => parameters.get('refresh_token'));
        assert.equal(new Set(used).size, used.length);
    });

    it('RP-15 keeps a token that the provider does not rotate', async () => {
        const browser = await due();
        provider.script.rotate = false;
        provider.script.refreshReply = { refresh_token: undefined };
        for (let count = 1; count <= 2; count++) {
            await isSignedIn(browser);
            await expireTokens(service);
        }
        assert.equal(refreshes().length, 2);
        assert.equal(new Set(refreshes().map(({ parameters }) => parameters.get('refresh_token'))).size, 1);
    });

    it('RP-16 that there is nothing for: the session ends with its tokens, without grace', async () => {
        provider.reset();
        provider.script.reply = { refresh_token: undefined };
        const { browser } = await signedIn(service);
        await isSignedIn(browser);
        await expireTokens(service);
        provider.forgetRequests();
        isProblem(await sessionOf(browser), 401, 'no_session');
        await isOver(browser);
        assert.equal(provider.asked('token').length, 0);
    });

    it('RP-16 that is refused ends the session', async () => {
        const browser = await due();
        provider.endRefreshes();
        await untilRefreshed(browser);
        await isOver(browser);
        assert.equal(refreshes().length, 1);
    });

    it('RP-16 that cannot be asked for ends nothing for a while, and opens nothing', async () => {
        const browser = await due();
        provider.behave('token', { kind: 'status', status: 503 });
        await untilRefreshed(browser);
        const { status } = await sessionOf(browser);
        assert.ok(status === 200 || status === 503, String(status));
        provider.behave('token', { kind: 'ok' });
        await until('the session is back', async () => (await sessionOf(browser)).status === 200, { within: 60_000 });
        await isSignedIn(browser);
    });

    it('RP-16 that cannot be asked for: past five minutes nobody is let in', async () => {
        const browser = await due();
        provider.behave('token', { kind: 'status', status: 503 });
        const passed = (ms) => service.database.change(`update sessions set refresh_at = ${Date.now() - ms}, refresh_until = null`);
        await passed(290_000);
        await isSignedIn(browser);
        await passed(300_000);
        isProblem(await sessionOf(browser), 503);
        assert.ok(browser.cookie(SESSION_COOKIE), 'the provider has not said that it is over');
    });

    forEachStore((store) => {
        /* A SQLite database is one process's. */
        it('RP-15 many requests at once, at two copies of the service where there can be, make one refresh', async () => {
            provider.reset();
            const shared = signInSettings(provider);
            const one = await startService({ store, identity: provider, settings: shared });
            const two = store === sqlite ? one : await startService({ store, identity: provider, database: one.database, settings: { ...shared, AGIZO_PUBLIC_URL: one.url } });
            const browser = await due(one);
            provider.behave('token', { kind: 'ok', delayMs: 300 });
            const { value } = browser.cookie(SESSION_COOKIE);
            const headers = { cookie: `${SESSION_COOKIE}=${value}` };
            const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => (index % 2 ? one : two).withToken(null).get('/auth/session', { headers })));
            for (const { status, text } of answers) assert.equal(status, 200, text);
            await until('the refresh is over', async () => (await sessionOf(browser)).status === 200);
            assert.equal(refreshes().length, 1);
            await isSignedIn(browser);
        });
    });
});
