// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Access tokens, row by row: what gets in, and everything that must not. The ids are those of the acceptance table of identity.
 *
 * Each test shows a normal token passing beside the ones it refuses, and each refusal is looked up in the log by its request, so that
 * none is refused for another reason than the one it is about. The store plays no part in this: SQLite alone.
 */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { before, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { P256_ORDER, ecdsaSignature, encode, flipBit, makeKey, now, setUnusedBit, startMisbehaving } from '../../dev/misbehaving.mjs';
import { signAs } from '../../dev/misbehaving/keys.mjs';
import { makeCertificate } from '../../dev/misbehaving/tls.mjs';
import { SHIPPED, connectRaw, isProblem, keep, raw, sqlite, startService, until } from './harness.mjs';

const PUBLISHED = ['rs256', 'ps256', 'es256', 'eddsa', 'ed25519', 'es384'];
const EVERY_ALGORITHM = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519';
const SKEW_S = 60;
const INVALID = 'Bearer error="invalid_token"';

let provider;
let service;
const others = {};
const said = { presented: [], answered: [] };

before(async () => {
    provider = keep(await startMisbehaving());
    provider.publish(...PUBLISHED);
    service = await start(provider);
});

/* With every line the service can write, so that all of them are searched for what must not be there. */
function start(identity, settings = {}) {
    return startService({ store: sqlite, identity, settings: { AGIZO_LOG_LEVEL: 'debug', ...settings } });
}

/** A service with other settings, started when first asked for. */
function serviceWith(settings) {
    return others[JSON.stringify(settings)] ??= start(provider, settings);
}

async function present(token, on = service, path = '/v1/orders') {
    const answer = await on.withToken(token).get(path);
    said.presented.push(token);
    said.answered.push(answer.text);
    return answer;
}

async function accepts(token, on) {
    const answer = await present(token, on);
    assert.equal(answer.status, 200, answer.text);
    return answer;
}

function reasonFor(answer, on = service) {
    const id = answer.headers['x-request-id'];
    return on.logged((entry) => entry.event === 'token.refused' && entry.request_id === id);
}

async function refuses(why, token, on) {
    const answer = await present(token, on);
    isProblem(answer, 401, 'invalid_token');
    assert.equal(answer.headers['www-authenticate'], INVALID);
    assert.equal((await reasonFor(answer, on)).why, why, token.slice(0, 300));
}

/** Larger than any request's head: refused before anybody knows what it is. */
async function refusesHead(token) {
    assert.equal((await present(token)).status, 431);
}

/** The same token made with each of `claims`, all refused for one reason. */
async function refusesClaims(why, ...list) {
    await accepts(provider.token());
    for (const claims of list) await refuses(why, provider.token({ claims }));
}

async function refusesHeaders(why, ...list) {
    await accepts(provider.token());
    for (const header of list) await refuses(why, provider.token({ header }));
}

function claimsText(change) {
    const { iss, aud } = { iss: provider.issuer, aud: provider.audience };
    const claims = { iss, aud, sub: 's', client_id: 's', jti: 'j', iat: now(), exp: now(300), scope: 'orders:read' };
    return change(JSON.stringify(claims));
}

it('RS-01 a valid token of each algorithm is the same identity', async () => {
    const makers = new Set();
    await service.post('/v1/customers', { code: 'RS01', name: 'Asha' });
    for (const key of ['rs256', 'ps256', 'es256', 'eddsa', 'ed25519']) {
        const { json, status } = await service.withToken(provider.token({ key })).post('/v1/orders', { customer: 'RS01', item: 'Tea', amount: '1' });
        assert.equal(status, 201);
        makers.add(json.created_by);
    }
    assert.equal(makers.size, 1);
    /* One algorithm, two names. */
    await accepts(provider.token({ key: 'eddsa', header: { alg: 'Ed25519' } }));
    await accepts(provider.token({ key: 'ed25519', header: { alg: 'EdDSA' } }));
});

it('RS-02 no Authorization: challenged without an error code', async () => {
    const answer = await service.withToken(null).get('/v1/orders');
    isProblem(answer, 401, 'no_credentials');
    assert.equal(answer.headers['www-authenticate'], 'Bearer');
    await accepts(provider.token());
});

it('RS-03 two Authorization headers, or a header and a parameter', async () => {
    const token = provider.token();
    const anybody = service.withToken(null);
    isProblem(await anybody.get('/v1/orders', { headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] } }), 400, 'invalid_request');
    isProblem(await service.withToken(token).get(`/v1/orders?access_token=${token}`), 400, 'invalid_request');
    await accepts(token);
});

it('RS-04 a token in the query string is not looked at and not logged', async () => {
    const token = provider.token();
    const answer = await service.withToken(null).get(`/v1/orders?access_token=${token}`);
    isProblem(answer, 401, 'no_credentials');
    assert.ok(!answer.text.includes(token));
    await service.logged(({ event, request_id: id }) => event === 'request' && id === answer.headers['x-request-id']);
    assert.ok(!JSON.stringify(service.log).includes(token));
    await accepts(token);
});

it('RS-05 a token in a form body is not looked at', async () => {
    const token = provider.token();
    const form = { body: `access_token=${token}`, type: 'application/x-www-form-urlencoded' };
    isProblem(await service.withToken(null).request('POST', '/v1/orders', form), 401, 'no_credentials');
    await accepts(token);
});

it('RS-06 the scheme has no case; the token is one word', async () => {
    const token = provider.token();
    const send = (authorization) => service.withToken(null).get('/v1/orders', { headers: { authorization } });
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) assert.equal((await send(`${scheme} ${token}`)).status, 200);
    const middle = token.length / 2;
    for (const value of ['Bearer', 'Bearer ', `Bearer ${token.slice(0, middle)} ${token.slice(middle)}`, `Bearer ${token} x`]) {
        const answer = await send(value);
        isProblem(answer, 401, 'invalid_token');
        await service.logged(({ event, request_id: id }) => event === 'request' && id === answer.headers['x-request-id']);
        const looked = service.events('token.refused').some(({ request_id: id }) => id === answer.headers['x-request-id']);
        assert.equal(looked, false, `${value.slice(0, 20)}: only what may be a token is looked at`);
    }
    for (const value of [token, `Token ${token}`, `Bearer${token}`, `Bearer\t${token}`]) isProblem(await send(value), 401, 'no_credentials');
});

it('RS-07 alg none in every spelling, signed or not', async () => {
    await accepts(provider.token());
    for (const alg of ['none', 'None', 'nOnE', 'NONE', '']) {
        await refuses('algorithm', provider.token({ header: { alg } }));
        await refuses('algorithm', provider.token({ header: { alg }, signature: () => '' }));
        await refuses('algorithm', provider.token({ header: { alg, kid: undefined }, signature: () => '' }));
    }
});

it('RS-08 HS256 keyed with the public key', async () => {
    const key = 'rs256';
    const { publicKey, jwk } = provider.keys[key];
    await accepts(provider.token({ key }));
    const secrets = [
        publicKey.export({ type: 'spki', format: 'pem' }), publicKey.export({ type: 'pkcs1', format: 'pem' }),
        publicKey.export({ type: 'spki', format: 'der' }), Buffer.from(jwk.n, 'base64url'), jwk.n, JSON.stringify(jwk), '',
    ];
    for (const hmac of secrets) {
        await refuses('algorithm', provider.token({ key, hmac }));
        await refuses('signature_length', provider.token({ key, hmac, header: { alg: 'RS256' } }));
    }
});

it('RS-09 alg missing, of another type, or in another case', () => refusesHeaders('algorithm',
    { alg: undefined }, { alg: 256 }, { alg: ['ES256'] }, { alg: null }, { alg: { ES256: true } }, { alg: 'es256' }, { alg: 'ES256 ' }));

it("RS-10 an algorithm that is not in the issuer's list", async () => {
    const broad = await serviceWith({ AGIZO_OIDC_ALGORITHMS: EVERY_ALGORITHM });
    const narrow = await serviceWith({ AGIZO_OIDC_ALGORITHMS: 'EdDSA' });
    const token = provider.token({ key: 'es384' });
    await accepts(token, broad);
    await refuses('algorithm', token);
    await accepts(provider.token({ key: 'eddsa' }), narrow);
    await refuses('algorithm', provider.token(), narrow);
});

it('RS-11 another algorithm of the same kind than the key is for', async () => {
    const broad = await serviceWith({ AGIZO_OIDC_ALGORITHMS: EVERY_ALGORITHM });
    const key = 'rs256';
    await accepts(provider.token({ key }), broad);
    for (const alg of ['RS512', 'PS256', 'RS384']) {
        const signature = (_, input) => signAs(alg, provider.keys[key].privateKey, input);
        await refuses('key_mismatch', provider.token({ key, header: { alg }, signature }), broad);
    }
});

it('RS-12 the key of another kind or curve', async () => {
    const { es256, rs256, es384 } = provider.keys;
    await accepts(provider.token());
    await refuses('key_mismatch', provider.token({ header: { kid: rs256.kid } }));
    await refuses('key_mismatch', provider.token({ key: 'rs256', header: { kid: es256.kid } }));
    await refuses('key_mismatch', provider.token({ header: { kid: es384.kid } }));
    await refuses('key_mismatch', provider.token({ key: 'es384', header: { alg: 'ES256' } }));
    await refuses('signature_length', provider.token({ key: 'es384', header: { alg: 'ES256', kid: es256.kid } }));
});

it('RS-13 critical and unencoded-payload headers', () => refusesHeaders('extension',
    { crit: ['urn:x'], 'urn:x': 1 }, { crit: [] }, { crit: ['b64'], b64: false }, { crit: ['b64'], b64: true }, { crit: 'exp' }, { crit: null },
    { b64: false }, { b64: true }));

it('RS-14 keys that the token brings along or points to are never used', async () => {
    await accepts(provider.token());
    const attacker = await makeKey('es256');
    const { cert } = makeCertificate(['id.example']);
    const x5c = [new X509Certificate(cert).raw.toString('base64')];
    const { kid } = provider.keys.es256;
    const earlier = provider.counts();
    for (const header of [{ jwk: attacker.jwk }, { x5c }, { jku: provider.trapUrl }, { x5u: provider.trapUrl }]) {
        await refuses('signature', provider.token({ key: attacker, header: { kid, ...header } }));
        await refuses('signature', provider.token({ key: attacker, header: { kid: undefined, ...header } }));
    }
    assert.deepEqual(provider.counts(), earlier);
});

it('RS-15 key names are looked up in memory and nowhere else', async () => {
    await accepts(provider.token());
    const { kid } = provider.keys.es256;
    const names = ['../../x', `../${kid}`, "' or 1=1 --", "'; drop table orders; --", `${kid} `, kid.toUpperCase(), '', 'x'.repeat(4096), '%2e%2e', kid.slice(0, -1)];
    for (const name of names) isProblem(await present(provider.token({ header: { kid: name } })), 401, 'invalid_token');
    await refuses('header', provider.token({ rawHeader: `{"typ":"at+jwt","alg":"ES256","kid":"${kid}\\u0000x"}` }));
    await refuses('key_id', provider.token({ header: { kid: 7 } }));
    await refuses('key_id', provider.token({ header: { kid: [kid] } }));
    await refuses('length', provider.token({ header: { kid: 'x'.repeat(8192) } }));
    await refusesHead(provider.token({ header: { kid: 'x'.repeat(65_536) } }));
    assert.ok((await service.count('orders')) >= 0);
});

it('RS-16 a header member or a claim that stands twice', async () => {
    await accepts(provider.token());
    const { kid } = provider.keys.es256;
    await refuses('header', provider.token({ rawHeader: `{"typ":"at+jwt","alg":"ES256","kid":"${kid}","kid":"${kid}"}` }));
    await refuses('header', provider.token({ rawHeader: `{"alg":"none","typ":"at+jwt","alg":"ES256","kid":"${kid}"}` }));
    await refuses('claims', provider.token({ rawClaims: claimsText((text) => text.replace('"sub":"s"', '"sub":"admin","sub":"s"')) }));
    await refuses('claims', provider.token({ rawClaims: claimsText((text) => text.replace('{', '{"x":{"a":1,"a":2},')) }));
    await accepts(provider.token({ rawClaims: claimsText((text) => text) }));
});

it('RS-17 signatures with one wrong bit, a byte less or more, or none', async () => {
    for (const key of ['rs256', 'ps256', 'es256', 'eddsa', 'ed25519']) {
        await accepts(provider.token({ key }));
        for (const bit of [0, 7, 100, 256, 300, -1, -8]) {
            await refuses('signature', provider.token({ key, signature: (good) => flipBit(good, bit) }));
        }
        for (const cut of [0, 1, 32, -1]) {
            await refuses('signature_length', provider.token({ key, signature: (good) => good.subarray(0, cut) }));
        }
        await refuses('signature_length', provider.token({ key, signature: (good) => Buffer.concat([good, Buffer.of(0)]) }));
        await refuses('signature_length', provider.token({ key, signature: (good) => Buffer.concat([Buffer.of(0), good]) }));
        await refuses('signature', provider.token({ key, signature: (good) => Buffer.alloc(good.length) }));
        await refuses('signature', provider.token({ key, signature: (good) => Buffer.alloc(good.length, 0xff) }));
    }
});

it('RS-18 ECDSA numbers out of range, DER, over-long numbers', async () => {
    await accepts(provider.token());
    const n = P256_ORDER;
    for (const [r, s] of [[0n, 0n], [0n, 1n], [1n, 0n], [n, 1n], [1n, n], [n, n], [n + 1n, 1n], [n - 1n, n - 1n]]) {
        await refuses('signature', provider.token({ signature: () => ecdsaSignature(r, s) }));
    }
    await refuses('signature_length', provider.token({ der: true }));
    const pad = (good) => Buffer.concat([Buffer.of(0), good.subarray(0, 32), Buffer.of(0), good.subarray(32)]);
    await refuses('signature_length', provider.token({ signature: pad }));
});

it('RS-19 one way to write a token: no padding, other alphabet, blanks or spare bits', async () => {
    await accepts(provider.token());
    for (const change of [(part) => `${part}=`, (part) => `${part}==`, (part) => `+${part.slice(1)}`, (part) => `/${part.slice(1)}`, (part) => `${part.slice(0, 4)}%${part.slice(5)}`]) {
        for (const index of [0, 1, 2]) {
            await refuses('alphabet', provider.token({ segments: (parts) => parts.map((part, at) => (at === index ? change(part) : part)) }));
        }
    }
    for (const blank of ['\t', '\v', '\u00a0']) {
        const segments = ([head, ...rest]) => [`${head.slice(0, 5)}${blank}${head.slice(5)}`, ...rest];
        const { status } = await present(provider.token({ segments })).catch(() => ({ status: 'not sendable' }));
        assert.notEqual(status, 200);
    }
    await refuses('encoding', provider.token({ segments: ([h, c, s]) => [h, c, setUnusedBit(s)] }));
    await refuses('encoding', provider.token({ segments: ([h, c, s]) => [h, c, s.slice(0, -1)] }));
    const token = provider.token();
    for (const inside of ['\n', '\r\n ', '\r']) {
        const [answer] = await raw(service.address, `GET /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token.slice(0, 9)}${inside}${token.slice(9)}\r\n\r\n`);
        assert.ok([400, 401].includes(answer.status), `${answer.status}`);
    }
});

it('RS-20 other numbers of segments, encrypted tokens, JSON serialization', async () => {
    await accepts(provider.token());
    await refuses('segments', provider.token({ segments: ([h, c]) => [h, c] }));
    await refuses('segments', provider.token({ segments: ([h]) => [h] }));
    await refuses('segments', provider.token({ segments: (parts) => [...parts, ''] }));
    await refuses('segments', provider.token({ segments: (parts) => ['', ...parts] }));
    await refuses('segments', provider.token({ segments: (parts) => [...parts, parts[2]] }));
    await refuses('segments', `${encode({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.AAAA.AAAA.AAAA.AAAA`);
    await refuses('segments', `${encode({ alg: 'dir', enc: 'A256GCM' })}..AAAA.AAAA.AAAA`);
    const json = ([h, c, s]) => JSON.stringify({ payload: c, protected: h, signature: s });
    await refuses('alphabet', provider.token({ segments: json }));
    await refuses('segments', provider.token({ segments: (parts) => encode(json(parts)) }));
});

function residentKiB() {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))[1]);
}

it('RS-21 compressed bombs and huge tokens take no memory', async () => {
    await accepts(provider.token());
    const payload = deflateRawSync(Buffer.alloc(4 * 1024 * 1024, ' '));
    const bomb = () => provider.token({ header: { zip: 'DEF' }, rawClaims: payload });
    const huge = `${'A'.repeat(1024 * 1024)}.${'A'.repeat(100)}.A`;
    const present21 = async () => {
        await refuses('extension', bomb());
        await refusesHead(huge);
    };
    await present21(); /* whatever is made once is made here */
    const earlier = residentKiB();
    for (let i = 0; i < 20; i++) await present21();
    /* Under a sanitizer freed memory stays resident. */
    if (SHIPPED) assert.ok(residentKiB() - earlier < 1024, `${residentKiB() - earlier} KiB more`);
});

it('RS-22 claims that are not clean UTF-8', async () => {
    const named = (name) => claimsText((text) => text.replace('{', `{"name":"${name}",`));
    for (const name of ['Asha', '\u00e4\u20ac\u{1f600}', '\\u00e9\\ud83d\\ude00']) await accepts(provider.token({ rawClaims: named(name) }));
    for (const name of ['\xff', '\xc0\xaf', '\xed\xa0\x80', '\xe2\x82', '\xf5\x80\x80\x80']) {
        await refuses('claims', provider.token({ rawClaims: Buffer.from(named(name), 'latin1') }));
    }
    for (const name of ['\\ud800', '\\udc00x', '\\ud800\\ud800', 'a\\u0000b', 'a\0b', 'a\nb', '\\x']) {
        await refuses('claims', provider.token({ rawClaims: named(name) }));
    }
    for (const change of [(text) => `\ufeff${text}`, (text) => `${text}x`, (text) => `${text}\0`, (text) => `[${text}]`, (text) => text.slice(1)]) {
        await refuses('claims', provider.token({ rawClaims: claimsText(change) }));
    }
});

async function millisecondsOf(token) {
    const start = performance.now();
    await refusesHead(token);
    return performance.now() - start;
}

/** How many milliseconds longer the one token's refusal takes: by the fastest of 15 of each, in turn, so that what else is going on here hits both. */
async function longer(token, other) {
    const times = [];
    for (let i = 0; i < 15; i++) times.push([await millisecondsOf(token), await millisecondsOf(other)]);
    return Math.min(...times.map(([one]) => one)) - Math.min(...times.map(([, two]) => two));
}

it('RS-23 deep and wide JSON is refused at once', async () => {
    await accepts(provider.token());
    const nested = (depth) => claimsText((text) => text.replace('{', `{"x":${'['.repeat(depth)}${']'.repeat(depth)},`));
    const wide = (count) => claimsText((text) => text.replace('{', `{${Array.from({ length: count }, (_, i) => `"m${i}":0`).join()},`));
    await accepts(provider.token({ rawClaims: nested(10) }));
    await accepts(provider.token({ rawClaims: wide(400) }));
    await refuses('claims', provider.token({ rawClaims: nested(20) }));
    await refuses('claims', provider.token({ rawClaims: nested(2000) }));
    await refuses('header', provider.token({ rawHeader: `{"typ":"at+jwt","alg":"ES256","x":${'['.repeat(2000)}${']'.repeat(2000)}}` }));
    await refuses('length', provider.token({ rawClaims: nested(4000) }));
    /* What is in it costs nothing: no more than as many letters do. */
    for (const rawClaims of [nested(100_000), wide(100_000)]) {
        const token = provider.token({ rawClaims });
        const more = await longer(token, 'A'.repeat(token.length));
        assert.ok(more < 5, `${more} ms`);
    }
    said.presented.length = 0; /* a megabyte of brackets is nobody's secret */
});

it('RS-24 an ID token of the same issuer', async () => {
    const lenient = await serviceWith({ AGIZO_OIDC_PROFILE: 'lenient' });
    const claims = { aud: provider.audience, azp: 'sample-client', sub: 'user-1', roles: ['manager'] };
    await accepts(provider.token());
    await refuses('type', provider.other('id-token', { claims }));
    await refuses('type', provider.other('id-token', { claims, header: { typ: undefined } }));
    await accepts(provider.token({ header: { typ: 'JWT' } }), lenient);
    await refuses('type', provider.token({ header: { typ: undefined } }), lenient);
    await refuses('scope', provider.other('id-token', { claims }), lenient);
    await refuses('other_kind', provider.other('id-token', { claims: { ...claims, scope: 'openid' } }), lenient);
    await refuses('audience', provider.other('id-token'), lenient);
});

it('RS-25 logout token, DPoP proof, client assertion', async () => {
    const lenient = await serviceWith({ AGIZO_OIDC_PROFILE: 'lenient' });
    const claims = { client_id: 'c', scope: 'orders:read', jti: 'j', iss: provider.issuer };
    await accepts(provider.token());
    for (const kind of ['logout-token', 'dpop-proof', 'client-assertion']) {
        await refuses('type', provider.other(kind));
        await refuses('type', provider.other(kind, { claims }));
    }
    await refuses('other_kind', provider.other('logout-token', { claims, header: { typ: 'JWT' } }), lenient);
    await refuses('issuer', provider.other('client-assertion'), lenient);
    await refuses('bound_to_a_key', provider.token({ claims: { cnf: { jkt: 'x' } } }));
    await refuses('bound_to_a_key', provider.token({ claims: { cnf: { 'x5t#S256': 'x' } } }), lenient);
});

it('RS-26 typ is a media type: any case, with or without application/', async () => {
    for (const typ of ['at+jwt', 'AT+JWT', 'At+Jwt', 'application/at+jwt', 'APPLICATION/AT+JWT']) await accepts(provider.token({ header: { typ } }));
    await refusesHeaders('type', { typ: 'JWT' }, { typ: 'jwt+at' }, { typ: '' }, { typ: 'text/at+jwt' }, { typ: ['at+jwt'] }, { typ: undefined }, { typ: 'at+jwt;x=1' });
});

it('RS-27 iss must be ours to the byte', () => refusesClaims('issuer',
    { iss: 'https://id.example' }, { iss: undefined }, { iss: `${provider.issuer}/` }, { iss: provider.issuer.toUpperCase() },
    { iss: [provider.issuer] }, { iss: '' }, { iss: provider.issuer.replace('127.0.0.1', 'localhost') }, { iss: ` ${provider.issuer}` }));

it("RS-28 the issuer's own keys alone count, even under the same key name", async () => {
    const second = keep(await startMisbehaving());
    const kid = provider.keys.es256.kid;
    await second.rotate('es256', { kid });
    const there = await start(second);
    const here = { iss: provider.issuer, aud: provider.audience };
    await accepts(provider.token());
    await accepts(second.token(), there);
    await refuses('signature', second.token({ claims: here }));
    await refuses('issuer', second.token({ claims: here }), there);
    await refuses('signature', provider.token({ claims: { iss: second.issuer, aud: second.audience } }), there);
    isProblem(await present(second.token({ key: 'rs256', claims: here })), 401, 'invalid_token');
});

it('RS-29 aud missing, of another API, or of another type', () => refusesClaims('audience',
    { aud: undefined }, { aud: 'urn:other:api' }, { aud: 7 }, { aud: { [provider.audience]: true } }, { aud: [] }, { aud: ['urn:other:api'] },
    { aud: provider.audience.toUpperCase() }, { aud: [[provider.audience]] }, { aud: [provider.audience, 7] }, { aud: `${provider.audience} x` }, { aud: null }));

it('RS-30 aud is a list that contains ours', async () => {
    await accepts(provider.token({ claims: { aud: [provider.audience] } }));
    await accepts(provider.token({ claims: { aud: ['urn:other:api', provider.audience] } }));
});

it('RS-31 exp past, missing, or no time', async () => {
    await refusesClaims('expired', { exp: now(-3600) }, { exp: 0 });
    await refusesClaims('expiry', { exp: undefined }, { exp: `${now(300)}` }, { exp: -1 }, { exp: null }, { exp: true }, { exp: 1e15 });
    for (const exp of ['1e20', '1e300', '-0.5e-300']) {
        await refuses('expiry', provider.token({ rawClaims: claimsText((text) => text.replace(/"exp":\d+/, `"exp":${exp}`)) }));
    }
    for (const exp of ['1e999', '100000000000000000000', '01', '0x7fffffff', 'Infinity', 'NaN']) {
        await refuses('claims', provider.token({ rawClaims: claimsText((text) => text.replace(/"exp":\d+/, `"exp":${exp}`)) }));
    }
});

it('RS-32 fractions, and the edge of the skew', async () => {
    const edge = now(-SKEW_S);
    await accepts(provider.token({ claims: { exp: now(300) + 0.5 } }));
    await accepts(provider.token({ claims: { exp: now(2 - SKEW_S) } }));
    await accepts(provider.token({ claims: { exp: now(2 - SKEW_S) + 0.999 } }));
    await refuses('expired', provider.token({ claims: { exp: edge } }));
    await refuses('expired', provider.token({ claims: { exp: edge - 1 } }));
    await refuses('expired', provider.token({ claims: { exp: edge - 0.001 } }));
    await accepts(provider.token({ claims: { iat: now(SKEW_S - 1) } }));
    await accepts(provider.token({ claims: { iat: now(-1) + 0.25, nbf: now(-1) + 0.75 } }));
});

it('RS-33 nbf or iat too far in the future; iat missing', async () => {
    await refusesClaims('not_yet', { nbf: now(SKEW_S + 30) }, { nbf: 'now' }, { nbf: null });
    await refusesClaims('issued_at', { iat: now(SKEW_S + 30) }, { iat: undefined }, { iat: `${now()}` }, { iat: -1 });
    await accepts(provider.token({ claims: { nbf: now(SKEW_S - 2), iat: now(SKEW_S - 2) } }));
    await accepts(provider.token({ claims: { nbf: now(-100) } }));
});

it('RS-34 sub missing, empty, of another type, or too long', async () => {
    await refusesClaims('subject', { sub: undefined }, { sub: '' }, { sub: 7 }, { sub: null }, { sub: ['a'] }, { sub: 'x'.repeat(256) });
    await refuses('length', provider.token({ claims: { sub: 'x'.repeat(10_240 - 2048) } }));
    await accepts(provider.token({ claims: { sub: 'x'.repeat(255), client_id: 'x'.repeat(255) } }));
});

it('RS-35 client_id or jti missing: refused, unless the issuer has the lenient profile', async () => {
    const lenient = await serviceWith({ AGIZO_OIDC_PROFILE: 'lenient' });
    await refusesClaims('client', { client_id: undefined }, { client_id: '' }, { client_id: 7 }, { client_id: undefined, azp: 'x' });
    await refusesClaims('token_id', { jti: undefined }, { jti: '' }, { jti: 7 });
    await accepts(provider.token({ claims: { jti: undefined, client_id: undefined, azp: 'sample-client' } }), lenient);
    await refuses('client', provider.token({ claims: { client_id: undefined } }), lenient);
});

it('RS-36 a token that expires between two requests of one connection', async () => {
    const token = provider.token({ claims: { exp: now(2 - SKEW_S) } });
    const line = await connectRaw(service.address);
    const ask = async () => {
        await line.write(`GET /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
        return line.answer();
    };
    assert.equal((await ask()).status, 200);
    const refused = await until('the token is refused', async () => {
        const answer = await ask();
        return answer.status !== 200 && answer;
    }, { within: 5000 });
    isProblem(refused, 401, 'invalid_token');
    assert.equal((await reasonFor(refused)).why, 'expired');
    line.end();
    await accepts(provider.token());
});

it('RS-37 requests of several people in a row on one connection', async () => {
    const tokens = ['viewer', 'nobody', 'clerk', undefined].map((role) => role && provider.token({ claims: { sub: `user-${role}`, roles: [role], scope: undefined } }));
    const expected = [200, 403, 200, 401];
    const order = Array.from({ length: 48 }, (_, i) => (i * 7 + (i >> 3)) % 4);
    const request = (who) => `GET /v1/orders HTTP/1.1\r\nHost: x\r\n${tokens[who] ? `Authorization: Bearer ${tokens[who]}\r\n` : ''}\r\n`;
    const answers = await raw(service.address, order.map(request).join(''), { count: order.length });
    assert.deepEqual(answers.map(({ status }) => status), order.map((who) => expected[who]));
});

it('RS-38 a cached token ends with its key, within the refresh time', async () => {
    const own = keep(await startMisbehaving());
    const watched = await start(own, { AGIZO_OIDC_REFRESH: '10' });
    const token = own.token();
    await accepts(token, watched);
    await accepts(token, watched);
    own.publish('rs256', 'eddsa');
    await until('the token is refused', async () => (await present(token, watched)).status === 401, { within: 12_000 });
    await accepts(own.token({ key: 'eddsa' }), watched);
});

it('RS-39 the right token without the scope', async () => {
    const reader = provider.token({ claims: { scope: 'orders:read' } });
    await accepts(reader);
    const answer = await service.withToken(reader).post('/v1/orders', {});
    isProblem(answer, 403, 'insufficient_scope');
    assert.equal(answer.headers['www-authenticate'], 'Bearer error="insufficient_scope", scope="orders:write"');
});

it('RS-40 scopes count exactly as they are written', async () => {
    for (const scope of ['orders:read', ' orders:read', 'openid  orders:read  x', 'orders:read orders:read']) {
        await accepts(provider.token({ claims: { scope } }));
    }
    const none = ['orders:readx', 'xorders:read', 'ORDERS:READ', 'Orders:Read', 'orders', 'orders:', 'orders:*', '*', 'orders:read\tx', 'orders:read,x', '', ['orders:read'], { 'orders:read': true }, 7, null];
    for (const scope of none) isProblem(await present(provider.token({ claims: { scope } })), 403, 'insufficient_scope');
    /* A scope that cannot be read does not leave a person with everything their role allows. */
    isProblem(await present(provider.token({ claims: { sub: 'user-1', roles: ['manager'], scope: ['orders:read'] } })), 403, 'insufficient_scope');
});

it('RS-40 scopes in a claim of another name, as some providers have it', async () => {
    const other = await serviceWith({ AGIZO_OIDC_SCOPE_CLAIM: 'scp', AGIZO_OIDC_PROFILE: 'lenient' });
    /* As of Microsoft Entra, version 2.0. */
    const entra = (claims) => provider.token({ header: { typ: 'JWT' }, claims: { client_id: undefined, jti: undefined, azp: 'app', sub: 'user-1', ver: '2.0', scope: undefined, roles: ['clerk'], ...claims } });
    for (const scp of ['orders:read', 'access_as_user', ['orders:read'], []]) await accepts(entra({ scp }), other);
    for (const scp of ['orders:write', ['orders:write'], 'customers:read orders:readx']) isProblem(await present(entra({ scp }), other), 403, 'insufficient_scope');
    for (const scp of [undefined, null, 7, ['orders:read', 7], { 'orders:read': true }]) isProblem(await present(entra({ scp }), other), 401, 'invalid_token');
    isProblem(await present(entra({ scope: 'orders:read' }), other), 401, 'invalid_token');
    isProblem(await present(entra({ scp: 'orders:read', nonce: 'n' }), other), 401, 'invalid_token'); /* an ID token */
});

it('RS-41 roles as list, as text, nested, and in forms that mean nothing', async () => {
    const nested = await serviceWith({ AGIZO_OIDC_ROLES_CLAIM: 'realm_access.roles' });
    const person = (more) => provider.token({ claims: { sub: 'user-1', scope: undefined, ...more } });
    for (const roles of [['viewer'], ['unknown', 'clerk'], 'viewer', 'manager,clerk', 'x, viewer', [7, null, 'viewer']]) await accepts(person({ roles }));
    for (const roles of [undefined, [], '', 'Viewer', ['viewers'], 'viewer clerk', { viewer: true }, 7, null, [['viewer']], [{ name: 'viewer' }]]) {
        isProblem(await present(person({ roles })), 403, 'insufficient_scope');
    }
    await accepts(person({ realm_access: { roles: ['viewer'] } }), nested);
    await accepts(person({ 'realm_access.roles': ['viewer'] }), nested);
    for (const claims of [{ roles: ['viewer'] }, { realm_access: ['viewer'] }, { realm_access: 'viewer' }, { realm_access: { roles: { viewer: 1 } } }]) {
        isProblem(await present(person(claims), nested), 403, 'insufficient_scope');
    }
    const many = (count) => Array.from({ length: count }, (_, i) => `r${i}`);
    isProblem(await present(person({ roles: [...many(300), 'viewer'] })), 403, 'insufficient_scope');
    await accepts(person({ roles: [...many(100), 'viewer'] }));
    isProblem(await present(person({ roles: [...many(1500), 'viewer'] })), 401, 'invalid_token');
    await refusesHead(person({ roles: many(10_000) }));
});

/* Last: looks at all that the tests before have caused. */
it('RS-42 no failure puts token, claims or keys into answers or logs', async () => {
    const marked = provider.token({ claims: { sub: 'marked-subject', jti: 'marked-identifier', email: 'marked@id.example', exp: 0 } });
    await refuses('expired', marked);
    const lines = JSON.stringify([service, ...await Promise.all(Object.values(others))].map(({ log }) => log));
    const answers = said.answered.join('\n');
    assert.ok(lines.includes('token.refused') && answers.includes('invalid_token'));
    const secrets = said.presented.flatMap((token) => token.split('.')).filter((part) => part.length >= 40);
    assert.ok(secrets.length > 100);
    const keys = Object.values(provider.keys).flatMap(({ jwk }) => [jwk.n, jwk.x, jwk.y, jwk.kid, jwk.k]).filter((text) => typeof text === 'string');
    for (const text of [...secrets, ...keys, 'marked']) {
        assert.ok(!lines.includes(text), `in the log: ${text}`);
        assert.ok(!answers.includes(text), `in an answer: ${text}`);
    }
});
