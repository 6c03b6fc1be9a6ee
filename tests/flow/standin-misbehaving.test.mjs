// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The misbehaving provider by itself: its honest side passes an independent verifier, and its misdeeds are what they claim to be.
 */
import assert from 'node:assert/strict';
import { verify as verifySignature } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { ecdsaSignature, flipBit, P256_ORDER, setUnusedBit, startMisbehaving } from '../../dev/misbehaving.mjs';

let provider;

before(async () => { provider = await startMisbehaving({ path: '/realms/one' }); });
after(() => provider.close());
afterEach(() => provider.reset());

function get(url, options) {
    return fetch(url, { redirect: 'manual', ...options });
}

async function discover() {
    return (await get(`${provider.issuer}/.well-known/openid-configuration`)).json();
}

async function verify(token) {
    const { jwks_uri: uri } = await discover();
    return jwtVerify(token, createRemoteJWKSet(new URL(uri)), { issuer: provider.issuer, audience: provider.audience, typ: 'at+jwt' });
}

describe('tokens', () => {
    for (const key of ['rs256', 'ps256', 'es256', 'eddsa', 'ed25519']) {
        it(`signed with ${key} are valid`, async () => {
            const { payload, protectedHeader } = await verify(provider.token({ key, claims: { roles: ['clerk'] } }));
            assert.equal(protectedHeader.alg, provider.keys[key].alg);
            assert.deepEqual(payload.roles, ['clerk']);
        });
    }

    it('differ in exactly what was asked', async () => {
        const [header, claims, signature] = provider.token({ header: { kid: undefined }, claims: { exp: undefined, aud: 7 } }).split('.');
        const decode = (segment) => JSON.parse(Buffer.from(segment, 'base64url'));
        assert.deepEqual(decode(header), { typ: 'at+jwt', alg: 'ES256' });
        assert.equal(decode(claims).aud, 7);
        assert.ok(!('exp' in decode(claims)));
        const key = { key: provider.keys.es256.publicKey, dsaEncoding: 'ieee-p1363' };
        assert.ok(verifySignature('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url')));
    });

    it('carry raw texts, segments and signatures', () => {
        const raw = provider.token({ rawHeader: '{"alg":"ES256","alg":"none"}', rawClaims: Buffer.from([0xff]), signature: () => '' });
        assert.equal(raw, `${Buffer.from('{"alg":"ES256","alg":"none"}').toString('base64url')}._w.`);
        assert.equal(provider.token({ segments: ([h, c]) => `${h}.${c}` }).split('.').length, 2);
        assert.equal(Buffer.from(provider.token({ der: true }).split('.')[2], 'base64url')[0], 0x30);
        assert.equal(ecdsaSignature(0n, P256_ORDER).length, 64);
        assert.notEqual(setUnusedBit('AA'), 'AA');
        assert.deepEqual(Buffer.from(setUnusedBit('AA'), 'base64url'), Buffer.from('AA', 'base64url'));
    });

    it('fail an honest verifier when a bit is flipped', async () => {
        await assert.rejects(verify(provider.token({ signature: (bytes) => flipBit(bytes, -1) })), /signature/);
    });

    it('of other kinds have a valid signature', async () => {
        for (const kind of ['id-token', 'logout-token', 'dpop-proof', 'client-assertion']) {
            const { jwks_uri: uri } = await discover();
            provider.publish('es256');
            await jwtVerify(provider.other(kind), createRemoteJWKSet(new URL(uri)));
        }
    });
});

describe('keys', () => {
    it('bad ones carry signatures that hold under what is published', async () => {
        provider.publish('rsaE1');
        await verify(provider.token({ key: 'rsaE1' })); /* which shows that an exponent of 1 needs a check of its own */
        for (const { publicKey, sign } of [provider.keys.withPrivate, provider.keys.useEnc]) {
            assert.ok(verifySignature('sha256', Buffer.from('text'), { key: publicKey, dsaEncoding: 'ieee-p1363' }, sign('text')));
        }
    });

    it('rotate', async () => {
        const before = provider.token();
        const old = await provider.rotate('es256');
        await assert.rejects(verify(before), /no applicable key/);
        await verify(provider.token());
        provider.publish('es256', old);
        await verify(before);
    });
});

describe('endpoints', () => {
    it('count what arrives, and tell when it came', async () => {
        const arrived = provider.reached('jwks', 1);
        await verify(provider.token());
        await arrived;
        await get(provider.trapUrl);
        assert.deepEqual(provider.counts(), { discovery: 1, jwks: 1, trap: 1, other: 0 });
    });

    it('misbehave as told and then return to honesty', async () => {
        const { jwks_uri: uri } = await discover();
        const outcomes = {
            status: (reply) => assert.equal(reply.status, 500),
            redirect: (reply) => assert.equal(reply.headers.get('location'), provider.trapUrl),
            html: (reply) => assert.equal(reply.headers.get('content-type'), 'text/html'),
            huge: async (reply) => assert.ok((await reply.text()).length > 5_000_000),
            'gzip-bomb': async (reply) => assert.ok((await reply.arrayBuffer()).byteLength > 60_000_000),
            half: (reply) => assert.rejects(reply.text()),
        };
        for (const [kind, check] of Object.entries(outcomes)) {
            provider.behave('jwks', { kind, status: kind === 'status' ? 500 : undefined, to: provider.trapUrl, times: 1 });
            await check(await get(uri));
            assert.equal((await (await get(uri)).json()).keys.length, 5, kind);
        }
        provider.behave('jwks', { kind: 'reset', times: 1 });
        await assert.rejects(get(uri));
    });

    it('hang and trickle until the client leaves', async () => {
        const { jwks_uri: uri } = await discover();
        provider.behave('jwks', { kind: 'hang' });
        await assert.rejects(get(uri, { signal: AbortSignal.timeout(30) }), { name: 'TimeoutError' });
        provider.behave('jwks', { kind: 'trickle', everyMs: 5 });
        const reply = await get(uri, { signal: AbortSignal.timeout(60) });
        await assert.rejects(reply.text(), { name: 'TimeoutError' });
    });

    it('lie in the metadata, go down and come back', async () => {
        provider.metadata({ issuer: 'http://127.0.0.1:1', end_session_endpoint: undefined });
        const document = await discover();
        assert.equal(document.issuer, 'http://127.0.0.1:1');
        assert.ok(!('end_session_endpoint' in document));
        const { issuer } = provider;
        await provider.down();
        await assert.rejects(discover());
        await provider.up();
        assert.equal(provider.issuer, issuer);
        await discover();
    });

    it('speak https under a certificate that nobody trusts', async () => {
        const secret = await startMisbehaving({ tls: { names: ['127.0.0.1', 'localhost'] } });
        assert.match(secret.issuer, /^https:/);
        await assert.rejects(get(`${secret.issuer}/.well-known/openid-configuration`), (error) => error.cause.code === 'DEPTH_ZERO_SELF_SIGNED_CERT');
        await secret.close();
    });
});

describe('the authorization server', () => {
    const REDIRECT = 'http://127.0.0.1:8080/auth/callback';

    function configure(secret = provider.client.secret) {
        return client.discovery(new URL(provider.issuer), provider.client.id, undefined, client.ClientSecretBasic(secret), { execute: [client.allowInsecureRequests] });
    }

    /** The answer of the authorization endpoint and what belongs to it. */
    async function authorize(config) {
        const verifier = client.randomPKCECodeVerifier();
        const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
        const url = client.buildAuthorizationUrl(config, {
            redirect_uri: REDIRECT, scope: 'openid', code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
            state: checks.expectedState, nonce: checks.expectedNonce,
        });
        return { checks, answer: new URL((await get(url)).headers.get('location')) };
    }

    it('is honest by itself: code, userinfo, refresh, introspection and revocation by openid-client', async () => {
        const config = await configure();
        const { checks, answer } = await authorize(config);
        const tokens = await client.authorizationCodeGrant(config, answer, checks);
        const { sub, name, roles } = provider.script.person;
        assert.deepEqual([tokens.claims().sub, tokens.claims().roles], [sub, roles]);
        assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub)).name, name);
        const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
        assert.equal(renewed.claims().sub, sub);
        await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: 'invalid_grant' });
        await client.tokenRevocation(config, renewed.refresh_token);
        await assert.rejects(client.refreshTokenGrant(config, renewed.refresh_token), { error: 'invalid_grant' });
        const opaque = provider.opaque({ scope: 'orders:read' });
        assert.deepEqual(((seen) => [seen.active, seen.scope, seen.aud])(await client.tokenIntrospection(config, opaque)), [true, 'orders:read', provider.audience]);
        provider.revoke(opaque);
        assert.equal((await client.tokenIntrospection(config, opaque)).active, false);
    });

    it('is strict by itself: each code once, with its verifier, its address and the right secret', async () => {
        const config = await configure();
        const first = await authorize(config);
        await client.authorizationCodeGrant(config, first.answer, first.checks);
        await assert.rejects(client.authorizationCodeGrant(config, first.answer, first.checks), { error: 'invalid_grant' });
        const second = await authorize(config);
        await assert.rejects(client.authorizationCodeGrant(config, second.answer, { ...second.checks, pkceCodeVerifier: client.randomPKCECodeVerifier() }), { error: 'invalid_grant' });
        const third = await authorize(config);
        await assert.rejects(client.authorizationCodeGrant(await configure('wrong'), third.answer, third.checks), { error: 'invalid_client' });
        assert.equal(provider.asked('token').length, 4);
        assert.deepEqual(provider.asked('token')[0].credentials, provider.client);
    });

    it('says what the script says, and openid-client sees through it', async () => {
        const config = await configure();
        const wrong = {
            'another nonce': { claims: { nonce: 'another' } }, 'another audience': { claims: { aud: 'other' } }, 'another issuer': { claims: { iss: 'https://id.example' } },
            'no subject': { claims: { sub: undefined } }, 'its past': { claims: { exp: 1 } },
        };
        for (const [name, how] of Object.entries(wrong)) {
            provider.script.idToken = how;
            const { checks, answer } = await authorize(config);
            await assert.rejects(client.authorizationCodeGrant(config, answer, checks), undefined, name);
        }
        provider.reset();
        provider.script.callback = (parameters) => (parameters.set('iss', 'https://id.example'), parameters);
        const { checks, answer } = await authorize(config);
        await assert.rejects(client.authorizationCodeGrant(config, answer, checks));
    });

    it('signs logout tokens as a provider does', async () => {
        const { jwks_uri: uri } = await discover();
        const token = provider.logoutToken({ claims: { sid: 's-1' } });
        const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(uri)), { issuer: provider.issuer, audience: provider.client.id, typ: 'logout+jwt' });
        assert.deepEqual([payload.sid, payload.sub, Object.keys(payload.events)], ['s-1', provider.script.person.sub, ['http://schemas.openid.net/event/backchannel-logout']]);
    });
});
