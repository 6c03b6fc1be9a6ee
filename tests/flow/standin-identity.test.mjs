// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The local OpenID provider, seen by certified and independent peers: `openid-client` runs the flows, `jose` verifies the tokens.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { SCOPES, USERS } from '../../dev/identity/accounts.mjs';
import { signIn } from '../../dev/identity/login.mjs';
import { listen } from '../../dev/command.mjs';
import { startIdentity } from '../../dev/identity.mjs';

const REDIRECT = 'http://127.0.0.1:8080/auth/callback';

let identity;

before(async () => { identity = await startIdentity(); });
after(() => identity.close());

function discover({ id, secret }) {
    return client.discovery(new URL(identity.issuer), id, undefined, client.ClientSecretBasic(secret), {
        execute: [client.allowInsecureRequests],
    });
}

async function verify(token, options = {}) {
    const keys = createRemoteJWKSet(new URL(`${identity.issuer}/jwks`));
    return jwtVerify(token, keys, { issuer: identity.issuer, audience: identity.audience, typ: 'at+jwt', ...options });
}

async function authorize(config, login, more = {}) {
    const verifier = client.randomPKCECodeVerifier();
    const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
    const url = client.buildAuthorizationUrl(config, {
        redirect_uri: REDIRECT,
        scope: `openid profile roles ${SCOPES.join(' ')}`,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state: checks.expectedState,
        nonce: checks.expectedNonce,
        ...more,
    });
    return { callback: await signIn(url, { login, redirectUri: REDIRECT }), checks };
}

describe('discovery', () => {
    it('offers what Agizo needs', async () => {
        const metadata = (await discover(identity.clients.web)).serverMetadata();
        assert.equal(metadata.issuer, identity.issuer);
        assert.ok(metadata.supportsPKCE());
        assert.equal(metadata.authorization_response_iss_parameter_supported, true);
        assert.equal(metadata.backchannel_logout_session_supported, true);
    });

    it('publishes a public key of each algorithm', async () => {
        const { keys } = await (await fetch(`${identity.issuer}/jwks`)).json();
        assert.deepEqual(keys.map(({ alg }) => alg).sort(), ['ES256', 'EdDSA', 'RS256']);
        assert.ok(keys.every((key) => key.d === undefined && key.use === 'sig'));
    });
});

describe('the service client', () => {
    it('gets a JWT access token in its own name', async () => {
        const config = await discover(identity.clients.service);
        const tokens = await client.clientCredentialsGrant(config, { resource: identity.audience, scope: 'orders:read orders:write' });
        const { payload } = await verify(tokens.access_token);
        assert.deepEqual([payload.sub, payload.client_id], ['agizo-service', 'agizo-service']);
        assert.equal(payload.scope, 'orders:read orders:write');
        assert.ok(payload.jti && payload.iat && payload.exp);
    });

    it('is refused for another audience or with a wrong secret', async () => {
        await assert.rejects(identity.serviceToken({ audience: 'urn:somebody:else' }), /invalid_target/);
        await assert.rejects(identity.serviceToken({ client: { id: 'agizo-service', secret: 'wrong' } }), /invalid_client/);
    });
});

describe('people', () => {
    for (const [login, user] of Object.entries(USERS)) {
        it(`${login} signs in by code and PKCE`, async () => {
            const config = await discover(identity.clients.web);
            const { callback, checks } = await authorize(config, login, { resource: identity.audience });
            const tokens = await client.authorizationCodeGrant(config, callback, checks);
            assert.equal(tokens.claims().sub, user.sub);
            assert.deepEqual(tokens.claims().roles, user.roles);
            const { payload } = await verify(tokens.access_token);
            assert.deepEqual([payload.sub, payload.roles, payload.customer_code], [user.sub, user.roles, user.customer_code]);
            assert.equal(payload.scope, SCOPES.join(' '));
        });
    }

    it('appear at userinfo when no resource was asked for', async () => {
        const config = await discover(identity.clients.web);
        const { callback, checks } = await authorize(config, 'clerk', { scope: 'openid profile roles' });
        const tokens = await client.authorizationCodeGrant(config, callback, checks);
        const info = await client.fetchUserInfo(config, tokens.access_token, USERS.clerk.sub);
        assert.deepEqual([info.name, info.roles], ['Caleb Clerk', ['clerk']]);
    });

    it('consent where the client asks, and then refresh with rotation', async () => {
        const config = await discover(identity.clients.web);
        const scope = 'openid offline_access orders:read';
        const { callback, checks } = await authorize(config, 'manager', { scope, prompt: 'consent', resource: identity.audience });
        const first = await client.authorizationCodeGrant(config, callback, checks);
        const second = await client.refreshTokenGrant(config, first.refresh_token);
        assert.notEqual(second.refresh_token, first.refresh_token);
        await verify(second.access_token);
        await assert.rejects(client.refreshTokenGrant(config, first.refresh_token), { error: 'invalid_grant' });
    });

    it('are refused with a wrong password', async () => {
        const config = await discover(identity.clients.web);
        const url = client.buildAuthorizationUrl(config, {
            redirect_uri: REDIRECT, scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256',
        });
        await assert.rejects(signIn(url, { login: 'clerk', password: 'guess', redirectUri: REDIRECT }), /refused the password/);
        await assert.rejects(signIn(url, { login: '__proto__', password: 'guess', redirectUri: REDIRECT }), /refused the password/);
    });

    it('cannot do without PKCE', async () => {
        const config = await discover(identity.clients.web);
        const url = client.buildAuthorizationUrl(config, { redirect_uri: REDIRECT, scope: 'openid' });
        const answer = await signIn(url, { login: 'clerk', redirectUri: REDIRECT });
        assert.equal(answer.searchParams.get('error'), 'invalid_request');
    });

    it('get tokens in one call, with fewer scopes where asked', async () => {
        const { payload } = await verify(await identity.userToken('viewer', { scope: 'orders:read' }));
        assert.equal(payload.scope, 'orders:read');
        const none = await verify(await identity.userToken('viewer', { scope: '' }));
        assert.equal(none.payload.scope, undefined);
    });
});

describe('keys', () => {
    it('sign access tokens with any of the three algorithms', async () => {
        for (const algorithm of ['EdDSA', 'RS256', 'ES256']) {
            identity.setAlgorithm(algorithm);
            const { protectedHeader } = await verify(await identity.serviceToken());
            assert.equal(protectedHeader.alg, algorithm);
        }
    });

    it('come back with a provider that was away', async () => {
        const first = await startIdentity();
        const token = await first.serviceToken();
        await first.close();
        const second = await startIdentity({ port: Number(new URL(first.url).port), keys: first.keys });
        const keys = createRemoteJWKSet(new URL(`${second.issuer}/jwks`));
        await jwtVerify(token, keys, { issuer: second.issuer, audience: second.audience });
        await second.close();
    });
});

describe('what else resource servers and clients meet', () => {
    it('opaque tokens, by introspection until they are revoked', async () => {
        identity.setFormat('opaque');
        const config = await discover(identity.clients.service);
        const token = await identity.serviceToken({ scope: 'orders:read' });
        identity.setFormat('jwt');
        assert.ok(!token.includes('.'));
        const seen = await client.tokenIntrospection(config, token);
        assert.deepEqual([seen.active, seen.aud, seen.scope, seen.client_id], [true, identity.audience, 'orders:read', 'agizo-service']);
        await client.tokenRevocation(config, token);
        assert.equal((await client.tokenIntrospection(config, token)).active, false);
    });

    it('tokens that are bound to a key', async () => {
        const config = await discover(identity.clients.service);
        const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
        const tokens = await client.clientCredentialsGrant(config, { resource: identity.audience, scope: 'orders:read' }, { DPoP });
        const { payload } = await verify(tokens.access_token);
        assert.match(payload.cnf.jkt, /^[\w-]{43}$/);
    });

    it('a secret with signs in it', async () => {
        const own = await startIdentity({ webClient: { id: 'agizo-web', secret: 'a-+%: b' } });
        const config = await client.discovery(new URL(own.issuer), 'agizo-web', undefined, client.ClientSecretBasic('a-+%: b'), { execute: [client.allowInsecureRequests] });
        assert.equal((await client.tokenIntrospection(config, 'unknown')).active, false);
        await own.close();
    });

    it('who signs out there has the clients told', async () => {
        const server = createServer();
        const url = await listen(server);
        const told = once(server, 'request');
        const own = await startIdentity({ publicUrl: url });
        const jar = new Map();
        const { id } = own.clients.web;
        const query = new URLSearchParams({ client_id: id, response_type: 'code', redirect_uri: `${url}/auth/callback`, scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' });
        await signIn(`${own.issuer}/auth?${query}`, { login: 'clerk', redirectUri: `${url}/auth/callback`, jar });
        const out = own.signOut(jar);
        const [request, response] = await told;
        let body = '';
        for await (const piece of request) body += piece;
        response.end();
        await out;
        assert.equal(request.url, '/auth/backchannel-logout');
        const { payload } = await jwtVerify(new URLSearchParams(body).get('logout_token'), createRemoteJWKSet(new URL(`${own.issuer}/jwks`)), { typ: 'logout+jwt', audience: id });
        assert.equal(payload.sub, USERS.clerk.sub);
        assert.ok(payload.sid);
        await own.close();
        server.close();
    });

    it('refresh tokens that a restart with its memory does not end', async () => {
        const first = await startIdentity();
        const tokens = await first.userTokens('clerk', { scope: '' });
        await first.close();
        const second = await startIdentity({ port: Number(new URL(first.url).port), keys: first.keys, memory: first.memory });
        await fetch(`${second.issuer}/jwks`).catch(() => {}); /* on a connection to the first one */
        const { id, secret } = second.clients.web;
        const config = await client.discovery(new URL(second.issuer), id, undefined, client.ClientSecretBasic(secret), { execute: [client.allowInsecureRequests] });
        assert.equal((await client.refreshTokenGrant(config, tokens.refresh_token)).claims().sub, USERS.clerk.sub);
        await second.close();
    });
});
