// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * `openid-client` (OpenID certified) beside this service, by the same steps at the same providers: where both fail, the provider is wrong, and where it
 * passes alone, we are. The tokens that it is given open the service's API. The ids are those of the acceptance table of identity.
 *
 * Every test runs at each provider. A person's part of a sign-in is the provider's own `signIn(url, who)`, for the service as well.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as client from 'openid-client';
import { USERS } from '../../dev/identity/accounts.mjs';
import { signIn } from '../../dev/identity/login.mjs';
import { startIdentity } from '../../dev/identity.mjs';
import { NO_GLEWLWYD, arrive, expireTokens, isProblem, keep, signInSettings, sqlite, startGlewlwyd, startService } from './harness.mjs';

const SCOPE = 'openid profile roles';
const PERSON = USERS.clerk;

const PROVIDERS = {
    'oidc-provider': { start: startReference },
    glewlwyd: { skip: NO_GLEWLWYD, start: async () => (await startGlewlwyd()).addIssuer() },
};

/** `oidc-provider`, with the parts that the service has no use for. */
async function startReference() {
    const identity = keep(await startIdentity());
    return {
        ...identity, signIn,
        endSession: async (url, jar) => {
            const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
            const page = await fetch(url, { headers: { cookie } });
            const xsrf = /name="xsrf" value="([^"]+)"/.exec(await page.text())?.[1];
            assert.ok(xsrf, `no page to sign out: ${page.status}`);
            const form = new URLSearchParams({ xsrf, logout: 'yes' });
            const done = await fetch(`${identity.issuer}/session/end/confirm`, { method: 'POST', body: form, redirect: 'manual', headers: { cookie } });
            for (const [, key, value] of done.headers.getSetCookie().map((line) => /^([^=]+)=([^;]*)/.exec(line))) {
                if (value) jar.set(key, value);
                else jar.delete(key);
            }
            return done.headers.get('location');
        },
    };
}

for (const [name, { skip = false, start }] of Object.entries(PROVIDERS)) {
    describe(`at ${name}`, { skip }, () => {
        let provider;
        let service;
        let redirectUri;
        let web;
        let program;

        before(async () => {
            provider = await start();
            service = await startService({
                store: sqlite, identity: provider,
                settings: { ...signInSettings(provider), AGIZO_OIDC_SCOPES: SCOPE, AGIZO_OIDC_DPOP: 'on', AGIZO_OIDC_INTROSPECTION: 'on', AGIZO_LOG_LEVEL: 'debug' },
            });
            await provider.setPublicUrl(service.url);
            redirectUri = `${service.url}/auth/callback`;
            [web, program] = await Promise.all([discover(provider.clients.web), discover(provider.clients.service)]);
        });

        function discover({ id, secret }) {
            return client.discovery(new URL(provider.issuer), id, undefined, client.ClientSecretBasic(secret), { execute: [client.allowInsecureRequests] });
        }

        /** As far as the answer at the redirect URI, and what it has to be checked against. */
        async function authorize({ login = 'clerk', jar = new Map(), scope = SCOPE, ...more } = {}) {
            const verifier = client.randomPKCECodeVerifier();
            const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce(), idTokenExpected: true };
            const url = client.buildAuthorizationUrl(web, {
                redirect_uri: redirectUri, scope, state: checks.expectedState, nonce: checks.expectedNonce,
                code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more,
            });
            return { callback: await provider.signIn(url, { login, redirectUri, jar }), checks, jar };
        }

        async function signInByIt(options, dpop) {
            const { callback, checks, jar } = await authorize(options);
            const parameters = options?.resource && { resource: options.resource };
            return { tokens: await client.authorizationCodeGrant(web, callback, checks, parameters, dpop), jar };
        }

        async function signInByUs(options) {
            const person = await arrive(service, provider, options);
            assert.equal(person.answer.status, 303, person.answer.text);
            const session = await person.browser.fetch('/auth/session');
            assert.equal(session.status, 200, session.text);
            return { ...person, session: session.json };
        }

        /** What a token may do: read orders, and write one, which cannot succeed. */
        async function rightsOf(token) {
            const bearer = service.withToken(token);
            return [(await bearer.get('/v1/orders')).status, (await bearer.post('/v1/orders', {})).status];
        }

        it('JK-02 its metadata names what both need', async () => {
            const metadata = web.serverMetadata();
            assert.equal(metadata.issuer, provider.issuer);
            assert.ok(metadata.supportsPKCE('S256'));
            for (const endpoint of ['authorization', 'token', 'userinfo', 'introspection', 'revocation', 'end_session']) assert.ok(metadata[`${endpoint}_endpoint`], endpoint);
            await service.logged(({ event, issuer }) => event === 'identity.ready' && issuer === metadata.issuer);
        });

        it('RP-01 RP-12 a person who signs in to both is the same to both', async () => {
            const { tokens } = await signInByIt();
            const claims = tokens.claims();
            const userinfo = await client.fetchUserInfo(web, tokens.access_token, claims.sub);
            const { session } = await signInByUs();
            assert.deepEqual([claims.iss, claims.sub, userinfo.name], [session.issuer, session.subject, session.name]);
            assert.equal(session.name, PERSON.name);
            assert.deepEqual([claims.roles ?? userinfo.roles].flat(), PERSON.roles);
            assert.ok(session.permissions.includes('orders:write') && !session.permissions.includes('audit:read'));
        });

        it('RP-18 RP-19 a code opens nothing with another verifier, or twice', async () => {
            const other = await authorize();
            await assert.rejects(client.authorizationCodeGrant(web, other.callback, { ...other.checks, pkceCodeVerifier: client.randomPKCECodeVerifier() }));
            const { callback, checks } = await authorize();
            const tokens = await client.authorizationCodeGrant(web, callback, checks);
            await assert.rejects(client.authorizationCodeGrant(web, callback, checks));
            await assert.rejects(client.fetchUserInfo(web, tokens.access_token, tokens.claims().sub), 'what a code gave goes when it is used twice');
        });

        it('RP-15 a refresh token is good once, and the next one goes on', async () => {
            const { tokens: { refresh_token: first } } = await signInByIt();
            const { refresh_token: second } = await client.refreshTokenGrant(web, first);
            assert.ok(second && second !== first);
            const { refresh_token: third } = await client.refreshTokenGrant(web, second);
            await assert.rejects(client.refreshTokenGrant(web, second));
            await assert.rejects(client.refreshTokenGrant(web, third), 'all that came of it goes when one is used twice');

            const { browser } = await signInByUs();
            for (let round = 0; round < 3; round++) {
                await expireTokens(service);
                assert.equal((await browser.fetch('/auth/session')).status, 200);
            }
        });

        it('RS-01 RS-39 a program’s token opens the API as far as its scopes', async () => {
            const orders = new URL(`${service.url}/v1/orders`);
            const { access_token: token } = await client.clientCredentialsGrant(program, { resource: provider.audience, scope: 'orders:read' });
            assert.equal((await client.fetchProtectedResource(program, token, orders, 'GET')).status, 200);
            await assert.rejects(client.fetchProtectedResource(program, token, new URL(`${service.url}/v1/customers`), 'GET'), (error) => {
                assert.equal(error.status, 403);
                assert.deepEqual(error.cause.map(({ scheme, parameters }) => [scheme, parameters.error, parameters.scope]), [['bearer', 'insufficient_scope', 'customers:read']]);
                return true;
            });
            assert.deepEqual(await rightsOf(token), [200, 403]);
            const { access_token: writer } = await client.clientCredentialsGrant(program, { resource: provider.audience, scope: 'orders:read orders:write' });
            assert.deepEqual(await rightsOf(writer), [200, 422]);
        });

        it('AZ-02 RS-41 a person’s token opens the API as far as their role and its scopes', async () => {
            const tokenOf = async (login, scope) => (await signInByIt({ login, scope: `openid ${scope}`, resource: provider.audience })).tokens.access_token;
            assert.deepEqual(await rightsOf(await tokenOf('clerk', 'orders:read orders:write')), [200, 422]);
            assert.deepEqual(await rightsOf(await tokenOf('clerk', 'orders:read')), [200, 403]);
            assert.deepEqual(await rightsOf(await tokenOf('viewer', 'orders:read orders:write')), [200, 403]);
        });

        it('IN-01 IN-06 a token is active to both until it is taken back', async () => {
            provider.setFormat?.('opaque'); /* what oidc-provider introspects; glewlwyd has JWTs alone, and introspects those */
            const { access_token: token } = await client.clientCredentialsGrant(program, { resource: provider.audience, scope: 'orders:read' });
            provider.setFormat?.('jwt');
            const answer = await client.tokenIntrospection(program, token);
            assert.deepEqual([answer.active, answer.client_id, answer.scope, answer.aud], [true, provider.clients.service.id, 'orders:read', provider.audience]);
            assert.deepEqual(await rightsOf(token), [200, 403]);
            await client.tokenRevocation(program, token);
            assert.equal((await client.tokenIntrospection(program, token)).active, false);
            assert.equal((await client.tokenIntrospection(program, 'unknown')).active, false);
            isProblem(await service.withToken('unknown').get('/v1/orders'), 401, 'invalid_token');
        });

        it('LO-01 signing out leads from both to the same page and back', async () => {
            const { tokens, jar } = await signInByIt();
            const theirs = client.buildEndSessionUrl(web, { id_token_hint: tokens.id_token, post_logout_redirect_uri: `${service.url}/`, state: client.randomState() });
            const person = await signInByUs();
            const { json } = await person.browser.fetch('/auth/logout', { method: 'POST' });
            const ours = new URL((await person.browser.go(json.redirect, { from: service.url })).headers.location);
            assert.equal(`${ours.origin}${ours.pathname}`, `${theirs.origin}${theirs.pathname}`);
            assert.deepEqual([...ours.searchParams.keys()].sort(), [...theirs.searchParams.keys()].sort());
            for (const [url, cookies] of [[theirs, jar], [ours, person.jar]]) {
                assert.equal(await provider.endSession(url, cookies), `${service.url}/?state=${url.searchParams.get('state')}`);
                await assert.rejects(provider.signIn(client.buildAuthorizationUrl(web, {
                    redirect_uri: redirectUri, scope: SCOPE, code_challenge: await client.calculatePKCECodeChallenge('x'.repeat(43)), code_challenge_method: 'S256',
                }), { login: 'clerk', password: 'wrong', redirectUri, jar: cookies }), 'the password is asked for again');
            }
        });

        it('DP-01 DP-02 a token that is bound to a key opens the API with its proof, and not without', async () => {
            const DPoP = client.getDPoPHandle(web, await client.randomDPoPKeyPair());
            const { tokens } = await signInByIt({ scope: 'openid orders:read', resource: provider.audience }, { DPoP });
            assert.equal(tokens.token_type, 'dpop');
            const orders = new URL(`${service.url}/v1/orders`);
            assert.equal((await client.fetchProtectedResource(web, tokens.access_token, orders, 'GET', undefined, undefined, { DPoP })).status, 200);
            isProblem(await service.withToken(tokens.access_token).get('/v1/orders'), 401, 'invalid_token');
            const other = client.getDPoPHandle(web, await client.randomDPoPKeyPair());
            await assert.rejects(client.fetchProtectedResource(web, tokens.access_token, orders, 'GET', undefined, undefined, { DPoP: other }), ({ status }) => status === 401);
        });
    });
}
