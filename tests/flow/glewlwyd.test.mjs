// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The service beside Debian's glewlwyd, a provider that nobody here wrote: the rows of the acceptance table of identity that it can show, and what is
 * different about it (docs/identity.md). `openid-client` meets it in openid-client.test.mjs.
 *
 * What it cannot show: tokens to be introspected (all of its access tokens are JWTs, which this service never asks about), and everything that a
 * provider has to do wrong on purpose.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { SCOPES, USERS } from '../../dev/identity/accounts.mjs';
import {
    NO_GLEWLWYD, SESSION_COOKIE, arrive, browserFor, expireTokens, forEachStore, isProblem, signInSettings, sqlite, startGlewlwyd, startService, until,
} from './harness.mjs';

const CLERK = ['customers:read', 'customers:write', 'messages:read', 'orders:read', 'orders:write'];
const VIEWER = ['customers:read', 'messages:read', 'orders:read'];

let glewlwyd;

/** A service and the issuer that is its own. */
async function startBoth(store, settings, parameters, options) {
    const provider = await glewlwyd.addIssuer(parameters, options);
    const service = await startService({
        store, identity: provider, settings: { AGIZO_LOG_LEVEL: 'debug', AGIZO_OIDC_SCOPES: 'openid', AGIZO_OIDC_PROFILE: 'lenient', ...signInSettings(provider), ...settings },
    });
    await provider.setPublicUrl(service.url);
    return { service, provider };
}

async function isSignedIn({ browser }, name = USERS.clerk.name) {
    const { status, json, text } = await browser.fetch('/auth/session');
    assert.equal(status, 200, text);
    assert.equal(json.name, name);
    return json;
}

async function isOver({ browser }) {
    isProblem(await browser.fetch('/auth/session'), 401, 'no_session');
    assert.equal(browser.cookie(SESSION_COOKIE), undefined);
}

/** Somebody signed in, as themselves. */
async function comeIn(service, provider, options) {
    const person = await arrive(service, provider, options);
    assert.equal(person.answer.status, 303, person.answer.text);
    return { ...person, session: await isSignedIn(person, USERS[options?.login ?? 'clerk']?.name) };
}

/** Runs something that the service refuses, for this reason and no other. */
async function isRefusedFor(service, why, run, event = 'identity.refused') {
    const earlier = service.events(event).length;
    const result = await run();
    const entry = await until('the refusal in the log', () => service.events(event)[earlier]);
    assert.equal(entry.why, why);
    return result;
}

async function isKeptOut(service, why, status, run) {
    const { answer, browser } = await isRefusedFor(service, why, run);
    assert.equal(answer.status, status, answer.text);
    assert.equal(browser.cookie(SESSION_COOKIE), undefined);
    assert.equal(answer.headers.location, undefined);
}

describe('glewlwyd', { skip: NO_GLEWLWYD }, () => {
    before(async () => { glewlwyd = await startGlewlwyd(); });

    forEachStore((store) => {
        let service;
        let provider;

        before(async () => ({ service, provider } = await startBoth(store)));

        it('RP-01 RP-12 an honest sign-in, with S256, the secret as Basic, and userinfo', async () => {
            for (const [login, user] of Object.entries(USERS)) {
                const { answer, session, browser } = await comeIn(service, provider, { login, path: '/auth/login?return=/v1/orders' });
                assert.equal(answer.headers.location, '/v1/orders');
                assert.equal(session.issuer, provider.issuer);
                assert.ok(session.subject && session.subject !== login, 'it calls people by names of its own');
                assert.equal((await browser.fetch('/v1/orders')).status, 200);
                if (user.roles[0] === 'clerk') assert.deepEqual([...session.permissions].sort(), CLERK);
            }
        });

        it('RP-15 a refresh token is good once, also when two requests need it', async () => {
            const person = await comeIn(service, provider);
            for (let round = 0; round < 3; round++) {
                await expireTokens(service);
                const answers = await Promise.all(Array.from({ length: 6 }, () => person.browser.fetch('/v1/orders')));
                assert.deepEqual(answers.map(({ status }) => status), Array(6).fill(200));
            }
            const tokens = (await provider.refreshTokens(person.jar)).filter(({ enabled }) => !enabled);
            assert.equal(tokens.length, 3, 'it was not asked once for each time');
            await isSignedIn(person);
        });

        it('RP-16 a refresh token that was taken back, refused without JSON', async () => {
            const person = await comeIn(service, provider, { login: 'viewer' });
            const other = await comeIn(service, provider, { login: 'manager' });
            await provider.revokeRefreshTokens(person.jar);
            await isSignedIn(person, USERS.viewer.name);
            await expireTokens(service);
            await isRefusedFor(service, 'provider_refused', () => isOver(person));
            await isSignedIn(other, USERS.manager.name);
        });

        it('LO-01 signing out here, then there', async () => {
            const person = await comeIn(service, provider);
            const { status, json } = await person.browser.fetch('/auth/logout', { method: 'POST' });
            assert.equal(status, 200);
            await isOver(person);
            const { location } = (await person.browser.go(json.redirect, { from: service.url })).headers;
            const back = new URL(await provider.endSession(location, person.jar));
            assert.equal(`${back.origin}${back.pathname}`, `${service.url}/`);
            assert.ok(back.searchParams.get('state').length >= 16);
            assert.equal((await person.browser.visit(back, { from: provider.url })).status, 200);
            const again = await arrive(service, provider, { jar: person.jar, password: 'wrong' }).then(() => 'signed in', ({ message }) => message);
            assert.match(again, /auth\/: 401/, 'still signed in there');
        });

        it('LO-04 signing out takes the refresh token back', async () => {
            const person = await comeIn(service, provider, { login: 'customer' });
            const enabled = async () => (await provider.refreshTokens(person.jar)).filter((token) => token.enabled).length;
            const before = await enabled();
            await person.browser.fetch('/auth/logout', { method: 'POST' });
            await until('the refresh token is taken back', async () => await enabled() === before - 1);
        });

        it('BL-01 BL-09 BL-11 its logout token, with sid, of typ JWT and without exp, ends that session', async () => {
            const [one, two] = [await comeIn(service, provider), await comeIn(service, provider)];
            await provider.signOut(one.jar);
            await until('the session is over', async () => (await one.browser.fetch('/auth/session')).status === 401);
            await isOver(one);
            await isSignedIn(two);
        });

        it('BL-02 its logout token without sid ends all sessions of the person', async () => {
            await provider.changeClient({ backchannel_logout_session_required: 'no' });
            const [one, two, other] = [await comeIn(service, provider), await comeIn(service, provider), await comeIn(service, provider, { login: 'manager' })];
            await provider.signOut(one.jar);
            await until('the sessions are over', async () => (await two.browser.fetch('/auth/session')).status === 401);
            await isOver(one);
            await isSignedIn(other, USERS.manager.name);
            await provider.changeClient({ backchannel_logout_session_required: 'yes' });
        });

        it('BL-12 its logout token for a session that is over here', async () => {
            const person = await comeIn(service, provider);
            await service.database.change('delete from sessions');
            const announced = () => service.events('request').filter(({ path }) => path === '/auth/backchannel-logout');
            const earlier = announced().length;
            await provider.signOut(person.jar);
            const told = await until('the logout token comes', () => announced()[earlier]);
            assert.equal(told.status, 200);
        });

        it('AZ-06 a role that is taken away there is gone at the next refresh', async () => {
            const login = `demoted${store.name}`;
            await glewlwyd.addPerson(login, { password: 'demoted1pass', name: 'Dora Demoted', roles: ['clerk', 'viewer'] });
            const person = await arrive(service, provider, { login, password: 'demoted1pass' });
            assert.deepEqual([...(await isSignedIn(person, 'Dora Demoted')).permissions].sort(), CLERK);
            await glewlwyd.changePerson(login, { roles: ['viewer'] });
            await expireTokens(service);
            assert.deepEqual([...(await isSignedIn(person, 'Dora Demoted')).permissions].sort(), VIEWER);
        });
    });

    describe('signing in', () => {
        let service;
        let provider;

        before(async () => ({ service, provider } = await startBoth(sqlite)));

        it('RP-01 by the scopes of other providers, of which it grants those that it knows', async () => {
            const both = await startBoth(sqlite, { AGIZO_OIDC_SCOPES: 'openid profile roles offline_access' });
            await comeIn(both.service, both.provider);
        });

        for (const key of ['rs256', 'ps256', 'es256']) {
            it(`RP-08 RS-01 its ID tokens and its access tokens signed by ${key}`, async () => {
                const both = await startBoth(sqlite, {}, {}, { key });
                await comeIn(both.service, both.provider);
                const token = await both.provider.serviceToken();
                assert.equal(headerOf(token).alg.toLowerCase(), key);
                assert.equal((await both.service.withToken(token).get('/v1/orders')).status, 200);
            });
        }

        it('RP-10 RS-01 by EdDSA it hashes the access token with SHA-256, where Ed25519 has SHA-512: its access tokens pass, its ID tokens do not', async () => {
            const both = await startBoth(sqlite, {}, {}, { key: 'eddsa' });
            assert.equal((await both.service.withToken(await both.provider.serviceToken()).get('/v1/orders')).status, 200);
            await isKeptOut(both.service, 'token_hash', 403, () => arrive(both.service, both.provider));
        });

        it('RP-18 RP-30 a code that it does not know, refused with 403', async () => {
            await isKeptOut(service, 'provider_refused', 403, () => arrive(service, provider, { change: ({ searchParams }) => searchParams.set('code', 'unknown') }));
            await comeIn(service, provider);
        });

        it('RP-19 a code of somebody else’s sign-in, refused for its verifier', async () => {
            const stolen = await codeOf(service, provider, 'manager');
            await isKeptOut(service, 'provider_refused', 403, () => arrive(service, provider, { change: ({ searchParams }) => searchParams.set('code', stolen) }));
            await comeIn(service, provider);
        });

        it('RP-18 a callback that is loaded again is refused here, and what it was good for stays', async () => {
            const person = await comeIn(service, provider);
            const again = await person.browser.go(person.callback, { from: provider.url });
            assert.equal(again.status, 400);
            await expireTokens(service);
            await isSignedIn(person); /* asked again, it would have taken the tokens back */
        });

        it('RP-21 it names itself in its answer, and no other is taken for it', async () => {
            const { callback } = await comeIn(service, provider);
            assert.equal(callback.searchParams.get('iss'), provider.issuer);
            await isKeptOut(service, 'iss', 400, () => arrive(service, provider, { change: ({ searchParams }) => searchParams.set('iss', `${provider.issuer}x`) }));
        });

        it('RP-20 without S256 nobody signs in by it', async () => {
            const both = await startBoth(sqlite, {}, { 'pkce-allowed': false, 'pkce-required': false });
            await isKeptOut(both.service, 'no_s256', 503, () => arrive(both.service, both.provider));
            const plain = await startBoth(sqlite, {}, { 'pkce-method-plain-allowed': true });
            await comeIn(plain.service, plain.provider); /* it takes both, and is asked for S256 */
        });

        it('IN-04 IN-09 it does not decode the form inside of Basic: only a secret of letters and digits works', async () => {
            const both = await startBoth(sqlite, { AGIZO_OIDC_INTROSPECTION: 'on' }, {}, { secret: 'web+1:secret' });
            const { answer } = await arrive(both.service, both.provider);
            assert.equal(answer.status, 502, answer.text);
            const [fault] = both.service.events('identity.fault');
            assert.deepEqual([fault.status, fault.why], [403, 'the provider does not accept the client']);
            isProblem(await both.service.withToken('opaque').get('/v1/orders'), 503, 'unavailable');
            await both.service.logged('identity.client_refused');
        });

        it('BL-09 its logout token without exp is refused where the profile is strict', async () => {
            const both = await startBoth(sqlite, { AGIZO_OIDC_PROFILE: 'strict' });
            const person = await comeIn(both.service, both.provider);
            await isRefusedFor(both.service, 'expiry', () => both.provider.signOut(person.jar));
            await isSignedIn(person);
        });
    });

    describe('its access tokens at the API', () => {
        let service;
        let provider;

        before(async () => ({ service, provider } = await startBoth(sqlite, { AGIZO_OIDC_PROFILE: 'strict' })));

        /** What a token may do: the status of a read and of a write that cannot succeed. */
        async function rightsOf(token, on = service) {
            const client = on.withToken(token);
            return [(await client.get('/v1/orders')).status, (await client.post('/v1/orders', {})).status];
        }

        async function refuses(why, token, on = service) {
            isProblem(await isRefusedFor(on, why, () => on.withToken(token).get('/v1/orders'), 'token.refused'), 401, 'invalid_token');
        }

        async function tokenOf(login, options) {
            return (await provider.userTokens(login, options)).access_token;
        }

        it('RS-01 of a program, strict and lenient', async () => {
            const both = await startBoth(sqlite);
            for (const on of [service, both.service]) {
                const from = on === service ? provider : both.provider;
                assert.deepEqual(await rightsOf(await from.serviceToken(), on), [200, 422]);
                assert.deepEqual(await rightsOf(await from.serviceToken({ scope: 'orders:read' }), on), [200, 403]);
            }
            await refuses('unknown_key', await both.provider.serviceToken());
        });

        it('RS-24 RS-29 an ID token, or one for no resource, whose audience is the list of scopes', async () => {
            const { id_token: idToken, access_token: token } = await provider.userTokens('clerk');
            assert.deepEqual(await rightsOf(token), [200, 422]);
            await refuses('type', idToken);
            await refuses('audience', await provider.serviceToken({ audience: '' }));
            await refuses('audience', await tokenOf('clerk', { audience: '' }));
        });

        it('AZ-02 RS-41 roles and scopes: the weaker of both, the roles in a text with a comma', async () => {
            await glewlwyd.addPerson('both', { password: 'both1pass', name: 'Bella Both', roles: ['manager', 'clerk'] });
            const strong = await tokenOf('both', { password: 'both1pass' });
            assert.equal(claimsIn(strong).roles, 'manager,clerk');
            assert.deepEqual(await rightsOf(strong), [200, 422]);
            assert.deepEqual(await rightsOf(await tokenOf('both', { password: 'both1pass', scope: 'orders:read' })), [200, 403]);
            assert.deepEqual(await rightsOf(await tokenOf('viewer', { scope: 'orders:read orders:write' })), [200, 403]);
            assert.deepEqual(await rightsOf(await tokenOf('manager', { scope: '' })), [200, 422]); /* none of ours: the roles alone */
        });

        it('AZ-05 a role that nobody knows, or none', async () => {
            for (const [login, roles] of [['wizard', ['wizard', 'Clerk']], ['nobody', []]]) {
                await glewlwyd.addPerson(login, { password: `${login}1pass`, name: login, roles });
                assert.deepEqual(await rightsOf(await tokenOf(login, { password: `${login}1pass` })), [403, 403]);
                const person = await arrive(service, provider, { login, password: `${login}1pass` });
                assert.deepEqual((await isSignedIn(person, login)).permissions, []);
            }
        });

        it('IN-02 a refresh token, which it calls inactive when asked for an access token, and what it never gave', async () => {
            const both = await startBoth(sqlite, { AGIZO_OIDC_INTROSPECTION: 'on' });
            const { refresh_token: token, access_token: good } = await both.provider.userTokens('clerk');
            assert.deepEqual(await rightsOf(good, both.service), [200, 422]);
            await refuses('inactive', token, both.service);
            await refuses('inactive', `${token.slice(0, -1)}_`, both.service);
        });
    });
});

function claimsIn(token) {
    return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
}

function headerOf(token) {
    return JSON.parse(Buffer.from(token.split('.')[0], 'base64url'));
}

/** The code of a sign-in that stops before the callback. */
async function codeOf(service, provider, login) {
    const start = await browserFor(service).go('/auth/login');
    const callback = await provider.signIn(start.headers.location, { login, redirectUri: `${service.url}/auth/callback` });
    return callback.searchParams.get('code');
}
