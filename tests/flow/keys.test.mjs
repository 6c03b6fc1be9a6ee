// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Discovery and key sets, row by row: rotation, failures, and providers that lie. The ids are those of the acceptance table of identity.
 *
 * Each test has a provider and a service of its own, and shows a normal token passing beside what is refused. Rows that have to wait for a
 * scheduled fetch run side by side. The store plays no part in this: SQLite alone.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get as getSecure } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeKey, now, startMisbehaving } from '../../dev/misbehaving.mjs';
import { makeAuthority } from '../../dev/misbehaving/tls.mjs';
import { browserFor, isProblem, keep, runProgram, signInSettings, sqlite, startService, until } from './harness.mjs';

const NEVER_FETCHED = { discovery: 0, jwks: 0, trap: 0, other: 0 };

async function startProvider(options) {
    return keep(await startMisbehaving(options));
}

function start(provider, { settings, ...options } = {}) {
    return startService({ store: sqlite, identity: provider, settings, ...options });
}

function present(service, token) {
    return service.withToken(token).get('/v1/orders');
}

async function accepts(service, ...tokens) {
    for (const token of tokens) {
        const answer = await present(service, token);
        assert.equal(answer.status, 200, answer.text);
    }
}

async function refuses(service, ...tokens) {
    for (const token of tokens) isProblem(await present(service, token), 401, 'invalid_token');
}

/** Not ready, and says so everywhere: nobody is let in, nobody is told that their token is bad. */
async function isUnavailable(service, token) {
    const { status, checks } = await service.readiness();
    assert.deepEqual({ status, keys: checks.keys }, { status: 'unavailable', keys: 'unavailable' });
    isProblem(await present(service, token), 503, 'unavailable');
}

/** Why the latest fetch failed. */
async function fault(service, words) {
    return service.logged(({ event, why }) => event === 'identity.fault' && words.test(why));
}

function ignoredKeys(service) {
    return service.events('identity.key_ignored');
}

it('JK-00 the service starts without its provider, and is ready when it comes', async () => {
    const provider = await startProvider();
    await provider.down();
    const service = await start(provider, { waitReady: false });
    await fault(service, /did not answer/);
    await isUnavailable(service, provider.token());
    await provider.up();
    await service.ready();
    await accepts(service, provider.token());
});

it('JK-01 metadata of another issuer is refused', async () => {
    const provider = await startProvider();
    for (const issuer of ['https://id.example', `${provider.issuer}/`, provider.issuer.toUpperCase(), undefined, 7, [provider.issuer]]) {
        provider.metadata({ issuer });
        const service = await start(provider, { waitReady: false });
        await fault(service, /another issuer/);
        await isUnavailable(service, provider.token());
        assert.equal(provider.counts().jwks, 0);
        await service.kill();
        provider.reset();
    }
    await accepts(await start(provider), provider.token());
});

it('JK-02 addresses come from the metadata, also for an issuer with a path', async () => {
    for (const path of ['', '/realms/agizo']) {
        const provider = await startProvider({ path });
        const service = await start(provider);
        await accepts(service, provider.token());
        assert.deepEqual(provider.counts(), { ...NEVER_FETCHED, discovery: 1, jwks: 1 });
    }
    /* A slash at the end is part of the issuer's name, but not doubled when asking (Discovery §4.1). */
    const slashed = await startProvider({ path: '/a/b/' });
    const document = { issuer: slashed.issuer, jwks_uri: `${slashed.issuer}/public/keys-of-today?set=1` };
    slashed.handle('.well-known/openid-configuration', (_, response) => response.end(JSON.stringify(document)));
    await accepts(await start(slashed), slashed.token());
});

it('JK-03 plain http to elsewhere, and certificates that cannot be trusted', async () => {
    const { url } = await sqlite.createDatabase();
    const refused = await runProgram(['serve'], {
        AGIZO_DATABASE: url, AGIZO_LISTEN: '127.0.0.1:0', AGIZO_ADMIN_LISTEN: '127.0.0.1:0', AGIZO_OIDC_ISSUER: 'http://id.example',
    });
    assert.equal(refused.code, 1);
    assert.match(JSON.stringify(refused.lines), /AGIZO_OIDC_ISSUER must be an https URL/);

    for (const names of [['127.0.0.1'], ['id.example']]) {
        const provider = await startProvider({ tls: { names } });
        const service = await start(provider, { waitReady: false });
        await fault(service, /did not answer/);
        await isUnavailable(service, provider.token());
        assert.deepEqual(provider.counts(), NEVER_FETCHED);
        assert.equal(await statusOf(provider), names[0] === '127.0.0.1' ? 200 : 'ERR_TLS_CERT_ALTNAME_INVALID');
    }
    const other = await startProvider();
    other.metadata({ jwks_uri: 'http://id.example/keys' });
    const service = await start(other, { waitReady: false });
    await fault(service, /no jwks_uri/);
    other.reset();
    await service.ready();
    await accepts(service, other.token());
});

describe('JK-03 an authority of one’s own', () => {
    const authority = makeAuthority(), stranger = makeAuthority();
    const folder = mkdtempSync(join(tmpdir(), 'agizo-ca-'));
    const AGIZO_CA_FILE = join(folder, 'ca.pem');

    before(() => writeFileSync(AGIZO_CA_FILE, `An authority of our own:\n${authority.cert}`));
    after(() => rmSync(folder, { recursive: true }));

    async function refusesPeer(tls, settings, words) {
        const provider = await startProvider({ tls });
        const service = await start(provider, { settings, waitReady: false });
        assert.match((await fault(service, /did not answer/)).detail, words);
        await isUnavailable(service, provider.token());
        assert.deepEqual(provider.counts(), NEVER_FETCHED);
    }

    it('JK-03 is trusted by all calls, for the names in its certificates', async () => {
        const provider = await startProvider({ tls: { names: ['127.0.0.1'], authority } });
        const service = await start(provider, { settings: { ...signInSettings(provider), AGIZO_CA_FILE, AGIZO_OIDC_INTROSPECTION: 'on' } });
        await accepts(service, provider.token(), provider.opaque());
        const browser = browserFor(service);
        const login = await browser.go('/auth/login');
        const { headers } = await visitSecurely(login.headers.location, authority.cert);
        assert.equal((await browser.go(headers.location, { from: provider.url })).status, 303);
        assert.equal((await browser.fetch('/auth/session')).status, 200);
        assert.equal(provider.asked('userinfo').length, 1);
    });

    it('JK-03 not for other names, and no other authority', async () => {
        await refusesPeer({ names: ['id.example'], authority }, { AGIZO_CA_FILE }, /match/);
        await refusesPeer({ names: ['127.0.0.1'], authority: stranger }, { AGIZO_CA_FILE }, /certificate/);
        await refusesPeer({ names: ['127.0.0.1'], authority }, {}, /certificate/);
    });

    it('JK-03 that cannot be read ends the start', async () => {
        const files = { '/nowhere/ca.pem': undefined, [join(folder, 'empty.pem')]: '', [join(folder, 'text.pem')]: 'none', [join(folder, 'key.pem')]: authority.key };
        const { url } = await sqlite.createDatabase();
        for (const [file, text] of Object.entries(files)) {
            if (text !== undefined) writeFileSync(file, text);
            const { code, lines } = await runProgram(['serve'], { AGIZO_DATABASE: url, AGIZO_LISTEN: '127.0.0.1:0', AGIZO_ADMIN_LISTEN: '127.0.0.1:0', AGIZO_CA_FILE: file });
            assert.equal(code, 1);
            assert.match(JSON.stringify(lines), /AGIZO_CA_FILE names no file/);
        }
    });
});

function visitSecurely(url, ca) {
    return new Promise((resolve, reject) => {
        const request = getSecure(url, { ca }, (response) => {
            response.resume();
            resolve({ status: response.statusCode, headers: response.headers });
        });
        request.on('error', reject);
    });
}

/* What a client that trusts the certificate gets: the provider itself is there and well. */
function statusOf(provider) {
    return visitSecurely(`${provider.issuer}/.well-known/openid-configuration`, provider.certificate).then(({ status }) => status, ({ code }) => code);
}

it('JK-04 redirects are not followed', async () => {
    const honest = await startProvider();
    for (const endpoint of ['discovery', 'jwks']) {
        for (const status of [301, 302, 303, 307, 308]) {
            const provider = await startProvider();
            provider.behave(endpoint, { kind: 'redirect', status, to: `${honest.issuer}/.well-known/openid-configuration` });
            const service = await start(provider, { waitReady: false });
            assert.equal((await fault(service, /error or a redirect/)).status, status);
            await isUnavailable(service, provider.token());
            await service.kill();
            await provider.close();
        }
    }
    assert.deepEqual(honest.counts(), NEVER_FETCHED);
    await accepts(await start(honest), honest.token());
});

it('JK-05 a token without a key name, and one key', async () => {
    const provider = await startProvider();
    provider.publish('es256');
    const service = await start(provider);
    await accepts(service, provider.token(), provider.token({ header: { kid: undefined } }));
    await refuses(service, provider.token({ key: 'rs256', header: { kid: undefined } }));
    await refuses(service, provider.token({ key: await makeKey('es256'), header: { kid: undefined } }));
});

it('JK-06 a token without a key name, and several keys: those that fit, at most four', async () => {
    const provider = await startProvider();
    const service = await start(provider);
    for (const key of ['rs256', 'ps256', 'es256', 'eddsa', 'ed25519']) await accepts(service, provider.token({ key, header: { kid: undefined } }));

    const strangers = await Promise.all(Array.from({ length: 4 }, () => makeKey('es256')));
    const nameless = provider.token({ header: { kid: undefined } });
    provider.publish('rs256', 'eddsa', ...strangers.slice(0, 3), 'es256');
    await accepts(await start(provider), nameless);
    provider.publish('rs256', 'eddsa', ...strangers, 'es256');
    const crowded = await start(provider);
    await refuses(crowded, nameless);
    await accepts(crowded, provider.token());
});

it('JK-07 keys that rotate just before signing cost one fetch', async () => {
    const provider = await startProvider();
    const service = await start(provider);
    await accepts(service, provider.token());
    provider.resetCounts();
    await provider.rotate('es256');
    await accepts(service, provider.token(), provider.token());
    assert.deepEqual(provider.counts(), { ...NEVER_FETCHED, jwks: 1 });
});

it('JK-08 after a rotation the new key counts and the old one does not', async () => {
    const provider = await startProvider();
    const service = await start(provider);
    const before = provider.token();
    await accepts(service, before, before);
    const old = await provider.rotate('es256');
    await accepts(service, provider.token());
    await refuses(service, before, provider.token({ key: old }));
    await accepts(service, provider.token({ key: 'rs256' }));
});

it('JK-09 a thousand unknown key names cost one fetch', async () => {
    const provider = await startProvider();
    const service = await start(provider);
    provider.resetCounts();
    const tokens = Array.from({ length: 1000 }, (_, i) => provider.token({ header: { kid: `random-${i}` } }));
    const answers = await Promise.all(tokens.map((token) => present(service, token)));
    assert.ok(answers.every(({ status }) => status === 401));
    await service.logged('token.refused');
    const ids = new Set(answers.map(({ json }) => json.request_id));
    for (const entry of service.events('token.refused')) assert.ok(ids.has(entry.request_id), JSON.stringify(entry));
    const { jwks, discovery } = provider.counts();
    assert.ok(jwks === 1 && discovery === 0, `${jwks} ${discovery}`);
    await accepts(service, provider.token());
});

describe('JK-10 keys are used for their stale time, not longer', { concurrency: true }, () => {
    const kinds = [{ kind: 'status', status: 500 }, { kind: 'hang' }, { kind: 'trickle' }, { kind: 'reset' }, { kind: 'half' }];
    for (const behaviour of kinds) {
        it(`JK-10 while the key set ${behaviour.kind}s`, async () => {
            const provider = await startProvider();
            const service = await start(provider, { settings: { AGIZO_OIDC_REFRESH: '10', AGIZO_OIDC_STALE: '4' } });
            const began = now();
            const token = provider.token();
            await accepts(service, token);
            provider.resetCounts();
            provider.behave('jwks', behaviour);
            await provider.reached('jwks', 1);
            await accepts(service, token, provider.token({ key: 'eddsa' }));
            const answer = await until('the keys are too old', async () => {
                const seen = await present(service, token);
                return seen.status !== 200 && seen;
            });
            assert.ok(now() - began >= 13 && now() - began <= 20, `${now() - began} s`);
            isProblem(answer, 503, 'unavailable');
            await isUnavailable(service, provider.token({ key: 'rs256' }));
            provider.behave('jwks', { kind: 'ok' });
            await service.ready();
            await accepts(service, token);
        });
    }
});

it('JK-10 a fetch that hangs keeps nobody waiting for long, least of all the end of the service', async () => {
    const provider = await startProvider();
    const service = await start(provider);
    provider.behave('jwks', { kind: 'hang' });
    const began = performance.now();
    await refuses(service, provider.token({ header: { kid: 'unknown' } }));
    assert.ok(performance.now() - began < 8000, `${performance.now() - began} ms`);
    await accepts(service, provider.token());
    const late = present(service, provider.token({ header: { kid: 'another' } }));
    await service.metrics(); /* one round trip later it waits */
    const ended = service.stop();
    isProblem(await late, 401, 'invalid_token');
    assert.deepEqual(await ended, { code: 0, signal: null });
});

it('JK-11 keys that cannot be read leave their neighbours alone', async () => {
    const provider = await startProvider();
    provider.publish('badBase64', 7, 'unknownKty', [], 'x25519', 'shortX', {}, 'numberMember', 'noModulus', 'ktyMissing', 'rs256', 'es256', 'eddsa');
    const service = await start(provider);
    for (const key of ['rs256', 'es256', 'eddsa']) await accepts(service, provider.token({ key }));
    assert.equal(ignoredKeys(service).length, 10);
});

it('JK-12 weak and misplaced keys are ignored', async () => {
    const provider = await startProvider();
    const bad = {
        rsa1024: 'modulus size', rsaE1: 'exponent', rsaEvenE: 'exponent', rsaHugeE: 'exponent size', offCurve: 'point off its curve',
        useEnc: 'not for signatures', keyOpsEncrypt: 'not for verification', algMismatch: undefined,
    };
    provider.publish('es256', ...Object.keys(bad));
    const service = await start(provider);
    await accepts(service, provider.token());
    for (const key of Object.keys(bad)) await refuses(service, provider.token({ key }));
    assert.deepEqual(ignoredKeys(service).map(({ why }) => why), Object.values(bad).filter(Boolean));
});

it('JK-13 shared secrets and private keys in the set are ignored with an alarm', async () => {
    const provider = await startProvider();
    provider.publish('rs256', 'oct', 'withPrivate');
    const service = await start(provider);
    await accepts(service, provider.token({ key: 'rs256' }));
    await refuses(service, provider.token({ key: 'oct' }), provider.token({ key: 'withPrivate' }), provider.token({ key: 'oct', header: { alg: 'ES256' } }));
    assert.deepEqual(ignoredKeys(service).map(({ level, why, index }) => ({ level, why, index })),
        [{ level: 'warn', why: 'shared secret', index: 1 }, { level: 'warn', why: 'private key', index: 2 }]);
});

describe('JK-14 a key set that is too much or none is refused, the old one kept', () => {
    const answers = {
        'five megabytes': (provider) => provider.behave('jwks', { kind: 'huge' }),
        'ten thousand keys': (provider) => provider.publish(...provider.manyKeys(10_000)),
        'a hundred keys': (provider) => provider.publish(...provider.manyKeys(100)),
        'a gzip bomb': (provider) => provider.behave('jwks', { kind: 'gzip-bomb' }),
        HTML: (provider) => provider.behave('jwks', { kind: 'html' }),
        'a list': (provider) => provider.behave('jwks', { kind: 'body', body: '[]' }),
        'members that stand twice': (provider) => provider.behave('jwks', { kind: 'body', body: '{"keys":[],"keys":[]}' }),
        nothing: (provider) => provider.behave('jwks', { kind: 'body', body: '' }),
        'another status': (provider) => provider.behave('jwks', { kind: 'status', status: 404, body: '{"keys":[]}' }),
    };
    for (const [name, misbehave] of Object.entries(answers)) {
        it(`JK-14 ${name}`, async () => {
            const provider = await startProvider();
            const service = await start(provider);
            misbehave(provider);
            provider.resetCounts();
            await refuses(service, provider.token({ header: { kid: 'unknown' } })); /* has it fetched */
            assert.equal(provider.counts().jwks, 1);
            assert.equal(service.events('identity.fault').length, 1);
            await accepts(service, provider.token(), provider.token({ key: 'rs256' }));
        });
    }

    it('JK-14 a set without a usable key withdraws the old keys', async () => {
        const provider = await startProvider();
        const service = await start(provider);
        const token = provider.token();
        await accepts(service, token);
        provider.publish('oct');
        isProblem(await present(service, provider.token({ header: { kid: 'unknown' } })), 503, 'unavailable');
        await isUnavailable(service, token);
        provider.reset();
        await service.ready();
        await accepts(service, token);
    });
});

it('JK-15 of two keys with one name, both are tried', async () => {
    const provider = await startProvider();
    const kid = 'one-name';
    const [first, second, third] = await Promise.all([makeKey('es256', { kid }), makeKey('es256', { kid }), makeKey('eddsa', { kid })]);
    provider.publish(first, second, third);
    const service = await start(provider);
    await accepts(service, ...[first, second, third].map((key) => provider.token({ key })));
    await refuses(service, provider.token({ key: await makeKey('es256', { kid }) }));
});

it('JK-16 a hundred tokens of a new key at once cost one fetch', async () => {
    const provider = await startProvider();
    const service = await start(provider);
    provider.resetCounts();
    provider.behave('jwks', { kind: 'ok', delayMs: 300 });
    await provider.rotate('es256');
    const tokens = Array.from({ length: 100 }, () => provider.token());
    const answers = await Promise.all(tokens.map((token) => present(service, token)));
    assert.ok(answers.every(({ status }) => status === 200));
    assert.equal(provider.counts().jwks, 1);
});

it('JK-17 what the metadata lists is no permission', async () => {
    const provider = await startProvider();
    for (const algorithms of [['none'], ['HS256'], ['none', 'HS256', 'RS256'], [], undefined, 'none']) {
        provider.metadata({
            id_token_signing_alg_values_supported: algorithms, access_token_signing_alg_values_supported: algorithms,
        });
        const service = await start(provider);
        const { publicKey } = provider.keys.rs256;
        await refuses(service, provider.token({ header: { alg: 'none' }, signature: () => '' }));
        await refuses(service, provider.token({ key: 'rs256', hmac: publicKey.export({ type: 'spki', format: 'pem' }) }));
        await accepts(service, provider.token(), provider.token({ key: 'rs256' }));
        await service.kill();
    }
});

it('JK-18 a provider without logout and introspection serves', async () => {
    const provider = await startProvider();
    provider.metadata({ end_session_endpoint: undefined, introspection_endpoint: undefined, userinfo_endpoint: undefined });
    await accepts(await start(provider), provider.token());
});
