// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Access tokens that are bound to a key (RFC 9449), row by row. The ids are those of the acceptance table of identity.
 *
 * Each refusal is looked up in the log by its request, so that none is refused for another reason than the one it is about; and stands beside a
 * proof that passes. The store plays no part in this: SQLite alone.
 */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { calculateJwkThumbprint } from 'jose';
import * as client from 'openid-client';
import { startIdentity } from '../../dev/identity.mjs';
import { flipBit, makeKey, now, startMisbehaving } from '../../dev/misbehaving.mjs';
import { makeToken } from '../../dev/misbehaving/tokens.mjs';
import { isProblem, keep, raw, sqlite, startService } from './harness.mjs';

let provider;
let service;
let key;
let token;

before(async () => {
    provider = keep(await startMisbehaving());
    service = await start({ AGIZO_OIDC_DPOP: 'on' });
    key = await makeKey('es256');
    token = await boundTo(key);
});

function start(settings) {
    return startService({ store: sqlite, identity: provider, settings: { AGIZO_LOG_LEVEL: 'debug', AGIZO_PUBLIC_URL: (url) => url, ...settings } });
}

async function boundTo(holder, claims) {
    return provider.token({ claims: { cnf: { jkt: await calculateJwkThumbprint(holder.jwk) }, ...claims } });
}

/** What stands in a header: no more of the key than it needs. */
function publicJwk({ jwk: { kty, crv, x, y, n, e } }) {
    return JSON.parse(JSON.stringify({ kty, crv, x, y, n, e }));
}

function hashOf(text) {
    return createHash('sha256').update(text).digest('base64url');
}

/** @param {object} [how] as for `makeToken`, with `by` (a key), `of` (the token), `on` (the service) */
function proof({ by = key, of = token, on = service, header, claims, ...how } = {}) {
    const base = { jti: randomUUID(), htm: 'GET', htu: `${on.url}/v1/orders`, iat: now(), ath: hashOf(of) };
    return makeToken(by, base, { ...how, header: { typ: 'dpop+jwt', kid: undefined, jwk: publicJwk(by), ...header }, claims });
}

function present(dpop, { scheme = 'DPoP', of = token, on = service, target = '/v1/orders' } = {}) {
    return on.withToken(null).get(target, { headers: { authorization: `${scheme} ${of}`, ...(dpop !== undefined && { dpop }) } });
}

async function accepts(dpop = proof(), options) {
    const answer = await present(dpop, options);
    assert.equal(answer.status, 200, answer.text);
    return answer;
}

async function refuses(why, dpop, options = {}, code = 'invalid_dpop_proof') {
    const answer = await present(dpop, options);
    isProblem(answer, 401, code);
    assert.match(answer.headers['www-authenticate'], new RegExp(`^DPoP .*error="${code}"`));
    const entry = await (options.on ?? service).logged(({ event, request_id: id }) => /^(token|proof)\.refused$/.test(event) && id === answer.headers['x-request-id']);
    if (why) assert.equal(entry.why, why, String(dpop).slice(0, 300));
    return answer;
}

describe('DP-01 a bound token as plain Bearer', () => {
    const bindings = async () => [{ cnf: { jkt: await calculateJwkThumbprint(key.jwk) } }, { cnf: { 'x5t#S256': hashOf('certificate') } }, { cnf: {} }, { cnf: { jkt: 7 } }, { cnf: null },
        { cnf: 'text' }, { cnf: { jkt: await calculateJwkThumbprint(key.jwk), 'x5t#S256': hashOf('certificate') } }];

    for (const [name, mode] of [['is off', 'off'], ['is on', 'on'], ['wants a nonce', 'nonce']]) {
        it(`DP-01 where DPoP ${name}`, async () => {
            const on = await start({ AGIZO_OIDC_DPOP: mode });
            assert.equal((await on.withToken(provider.token()).get('/v1/orders')).status, 200);
            for (const claims of await bindings()) {
                const bearer = provider.token({ claims });
                const answer = await on.withToken(bearer).get('/v1/orders');
                isProblem(answer, 401, 'invalid_token');
                const withProof = await present(proof({ of: bearer, on }), { scheme: 'Bearer', of: bearer, on });
                isProblem(withProof, 401, 'invalid_token');
            }
            await on.kill();
        });
    }

    it('DP-01 where DPoP is off the scheme opens nothing', async () => {
        const on = await start({ AGIZO_OIDC_DPOP: 'off' });
        const answer = await present(proof({ on }), { on });
        assert.equal(answer.status, 401);
        const plain = provider.token();
        assert.equal((await present(proof({ on, of: plain }), { on, of: plain })).status, 401);
        await on.kill();
    });
});

it('DP-02 a valid proof, the scheme in any case, of each kind of key', async () => {
    for (const scheme of ['DPoP', 'dpop', 'DPOP', 'dPoP']) await accepts(proof(), { scheme });
    for (const kind of ['rs256', 'ps256', 'es256', 'eddsa', 'ed25519']) {
        const by = await makeKey(kind);
        const of = await boundTo(by);
        await accepts(proof({ by, of }), { of });
    }
});

it('DP-02 by oidc-provider and openid-client', async () => {
    const identity = keep(await startIdentity());
    const home = await startService({ store: sqlite, identity, settings: { AGIZO_OIDC_DPOP: 'on', AGIZO_PUBLIC_URL: (url) => url } });
    const { id, secret } = identity.clients.service;
    const config = await client.discovery(new URL(identity.issuer), id, undefined, client.ClientSecretBasic(secret), { execute: [client.allowInsecureRequests] });
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const tokens = await client.clientCredentialsGrant(config, { resource: identity.audience, scope: 'orders:read' }, { DPoP });
    assert.equal(tokens.token_type, 'dpop');
    const target = new URL(`${home.url}/v1/orders`);
    const reply = await client.fetchProtectedResource(config, tokens.access_token, target, 'GET', undefined, undefined, { DPoP });
    assert.equal(reply.status, 200, await reply.text());
    isProblem(await home.withToken(tokens.access_token).get('/v1/orders'), 401, 'invalid_token');
});

it('DP-02 a token that is bound to no key', async () => {
    await accepts();
    const of = provider.token();
    await refuses('not_bound_to_a_key', proof({ of }), { of }, 'invalid_token');
});

it('DP-03 no proof, or two', async () => {
    await accepts();
    await refuses('proof_count', undefined);
    await refuses('proof_count', [proof(), proof()]);
    const twice = await raw(service.address, `GET /v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: DPoP ${token}\r\nDPoP: ${proof()}\r\nDPoP: ${proof()}\r\n\r\n`);
    assert.equal(twice[0].status, 401);
    for (const text of ['', 'x', 'a.b.c', `${proof()}, ${proof()}`, `${proof()} ${proof()}`]) {
        const answer = await present(text);
        isProblem(answer, 401, 'invalid_dpop_proof');
    }
});

it('DP-04 of another type, without a signature, or with a private key', async () => {
    await accepts();
    for (const typ of [undefined, 'JWT', 'at+jwt', 'dpop', 7, 'logout+jwt']) await refuses('type', proof({ header: { typ } }));
    for (const alg of ['none', 'None', undefined, 7]) await refuses('algorithm', proof({ header: { alg } }));
    await refuses('algorithm', proof({ header: { alg: 'none' }, signature: () => '' }));
    await refuses('algorithm', proof({ hmac: 'secret' }));
    await refuses('proof_key', proof({ header: { jwk: key.privateKey.export({ format: 'jwk' }) } }));
    await refuses('other_key', proof({ header: { jwk: undefined } }));
    await refuses('other_key', proof({ header: { jwk: { kty: 'oct', k: 'c2VjcmV0' } } }));
    await refuses('signature', proof({ signature: (good) => flipBit(good, -1) }));
    await refuses('signature', proof({ signature: (good) => Buffer.alloc(good.length) }));
    await refuses('extension', proof({ header: { crit: ['urn:x'], 'urn:x': 1 } }));
});

it('DP-05 for another request', async () => {
    await accepts();
    for (const htm of ['POST', 'get', '', undefined, 7, 'GET ']) await refuses('method', proof({ claims: { htm } }));
    const { port } = new URL(service.url);
    const others = [`${service.url}/v1/customers`, `${service.url}/v1/orders/`, `https://127.0.0.1:${port}/v1/orders`, 'http://evil.example/v1/orders', `http://127.0.0.1:${Number(port) + 1}/v1/orders`,
        '/v1/orders', '', undefined, 7, `${service.url}/V1/orders`, `${service.url}@evil.example/v1/orders`];
    for (const htu of others) await refuses('url', proof({ claims: { htu } }));
    await accepts(proof({ claims: { htu: `${service.url}/v1/orders?limit=3` } }));
    await accepts(proof({ claims: { htu: `${service.url}/v1/orders?limit=3#part` } }));
    await accepts(proof(), { target: '/v1/orders?limit=1' });
    await accepts(proof({ claims: { htu: `${service.url.replace('http', 'HTTP')}/v1/orders` } }));
});

it('DP-05 the address is the one of the settings, not of the Host', async () => {
    const ask = (htu) => raw(service.address, `GET /v1/orders HTTP/1.1\r\nHost: evil.example\r\nAuthorization: DPoP ${token}\r\nDPoP: ${proof({ claims: { htu } })}\r\n\r\n`);
    assert.equal((await ask('http://evil.example/v1/orders'))[0].status, 401);
    assert.equal((await ask(`${service.url}/v1/orders`))[0].status, 200);
});

it('DP-06 made too long ago, or in the future', async () => {
    await accepts();
    for (const iat of [now(-30), now(-2), now(2)]) await accepts(proof({ claims: { iat } }));
    for (const iat of [now(-70), now(-3600), now(60), now(3600), undefined, String(now()), -1, 1e300]) await refuses('issued_at', proof({ claims: { iat } }));
});

it('DP-07 a second time', async () => {
    const once = proof();
    await accepts(once);
    await refuses('seen_before', once);
    const jti = randomUUID();
    await accepts(proof({ claims: { jti } }));
    await refuses('seen_before', proof({ claims: { jti, iat: now(-1) } }));
    for (const bad of [undefined, '', 7]) await refuses('token_id', proof({ claims: { jti: bad } }));
    /* Another key may use the same name; and a thousand proofs do not make the first one good again. */
    const by = await makeKey('es256');
    const of = await boundTo(by);
    await accepts(proof({ by, of, claims: { jti } }), { of });
    await Promise.all(Array.from({ length: 1000 }, () => accepts()));
    await refuses('seen_before', once);
});

it('DP-07 a second time at another worker, all at once', async () => {
    for (let round = 0; round < 5; round++) {
        const once = proof();
        const answers = await Promise.all(Array.from({ length: 16 }, () => present(once)));
        assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    }
});

it('DP-08 for another token, or by another key', async () => {
    await accepts();
    for (const ath of [undefined, '', hashOf('other'), 7, hashOf(token).slice(0, -1), createHash('sha256').update(token).digest('base64')]) await refuses('token_hash', proof({ claims: { ath } }));
    const thief = await makeKey('es256');
    await refuses('other_key', proof({ by: thief }));
    await refuses('signature', proof({ by: thief, header: { jwk: publicJwk(key) } }));
    await accepts(proof({ header: { jwk: { ...publicJwk(key), use: 'sig', alg: 'ES256', kid: 'mine' } } }));
    const wrong = await boundTo(thief);
    await refuses('other_key', proof({ of: wrong }), { of: wrong });
});

it('DP-08 each token is checked with its proof, whatever was cached', async () => {
    const of = await boundTo(key);
    await accepts(proof({ of }), { of });
    await refuses('proof_count', undefined, { of });
    isProblem(await present(undefined, { of, scheme: 'Bearer' }), 401, 'invalid_token');
    await accepts(proof({ of }), { of });
});

it('DP-08 a permission is still needed', async () => {
    const of = await boundTo(key, { scope: 'customers:read' });
    const answer = await present(proof({ of }), { of });
    isProblem(answer, 403, 'insufficient_scope');
    assert.match(answer.headers['www-authenticate'], /^DPoP /);
});

it('DP-09 a nonce, where one is required', async () => {
    const on = await start({ AGIZO_OIDC_DPOP: 'nonce' });
    const first = await refuses('nonce', proof({ on }), { on }, 'use_dpop_nonce');
    const nonce = first.headers['dpop-nonce'];
    assert.match(nonce, /^[\x21\x23-\x5b\x5d-\x7e]{16,}$/);
    await accepts(proof({ on, claims: { nonce } }), { on });
    await accepts(proof({ on, claims: { nonce } }), { on }); /* good for more than one */
    for (const bad of ['', 'stale', nonce.slice(0, -1), 7, [nonce]]) {
        const answer = await refuses('nonce', proof({ on, claims: { nonce: bad } }), { on }, 'use_dpop_nonce');
        assert.ok(answer.headers['dpop-nonce']);
    }
    /* A proof that is bad otherwise gets no further by a nonce. */
    await refuses('method', proof({ on, claims: { nonce, htm: 'POST' } }), { on });
    /* Of another run. */
    await on.restart();
    await refuses('nonce', proof({ on, claims: { nonce } }), { on }, 'use_dpop_nonce');
});

it('DP-09 none is given where none is required', async () => {
    const answer = await accepts();
    assert.equal(answer.headers['dpop-nonce'], undefined);
});
