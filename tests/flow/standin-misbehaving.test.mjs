// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The misbehaving provider by itself: its honest side passes an independent verifier, and its misdeeds are what they claim to be.
 */
import assert from 'node:assert/strict';
import { verify as verifySignature } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
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
