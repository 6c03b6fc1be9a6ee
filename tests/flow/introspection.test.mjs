// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Opaque access tokens, asked about at their issuer (RFC 7662), row by row. The ids are those of the acceptance table of identity.
 *
 * The store plays no part in this: SQLite alone.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { startIdentity } from '../../dev/identity.mjs';
import { now, startMisbehaving } from '../../dev/misbehaving.mjs';
import { isProblem, keep, signInSettings, sqlite, startService, until } from './harness.mjs';

/* Nothing is remembered of a token longer than this (IN-06). */
const CACHED_MS = 30_000;

let provider;
let service;

before(async () => {
    provider = keep(await startMisbehaving());
    service = await start(provider);
});

function settingsFor(identity, more) {
    return { AGIZO_LOG_LEVEL: 'debug', AGIZO_OIDC_INTROSPECTION: 'on', ...signInSettings(identity), ...more };
}

function start(identity, more) {
    return startService({ store: sqlite, identity, settings: settingsFor(identity, more) });
}

function present(token, on = service, path = '/v1/orders') {
    return on.withToken(token).get(path);
}

async function accepts(token = provider.opaque(), on = service) {
    const answer = await present(token, on);
    assert.equal(answer.status, 200, answer.text);
}

async function refuses(token, on = service, why = undefined) {
    const earlier = on.events('token.refused').length;
    const answer = await present(token, on);
    isProblem(answer, 401, 'invalid_token');
    const entry = await until('the refusal in the log', () => on.events('token.refused')[earlier]);
    assert.equal(entry.request_id, answer.json.request_id);
    if (why) assert.equal(entry.why, why);
}

/** Each answer about a token refuses it for one reason, beside one that passes. */
async function refusesAnswers(why, ...answers) {
    for (const introspection of answers) {
        provider.reset();
        await accepts();
        provider.script.introspection = introspection;
        await refuses(provider.opaque(), service, why);
    }
}

it('IN-01 an active token of ours', async () => {
    provider.reset();
    const token = provider.opaque({ scope: 'orders:read' });
    await accepts(token);
    const [call] = provider.asked('introspection');
    assert.equal(call.method, 'POST');
    assert.match(call.headers['content-type'], /^application\/x-www-form-urlencoded/);
    assert.deepEqual(call.credentials, provider.client);
    assert.equal(call.parameters.get('token'), token);
    assert.ok(!call.url.includes(token) && !call.body.includes(provider.client.secret));
    isProblem(await present(token, service, '/v1/customers'), 403, 'insufficient_scope');
});

it('IN-01 of a person, with their roles', async () => {
    provider.reset();
    const person = { sub: 'user-1', client_id: 'app', scope: undefined, roles: ['clerk'] };
    const token = provider.opaque(person);
    await accepts(token);
    assert.equal((await service.withToken(token).post('/v1/customers', { code: 'IN01', name: 'Asha' })).status, 201);
    const viewer = provider.opaque({ ...person, roles: ['viewer'] });
    isProblem(await service.withToken(viewer).post('/v1/customers', { code: 'IN01b', name: 'Asha' }), 403);
    assert.equal((await service.query("select count(*) from customers where code = 'IN01'"))[0][0], '1');
});

it('IN-01 is asked about once in a while', async () => {
    provider.reset();
    const token = provider.opaque();
    for (let i = 0; i < 20; i++) await accepts(token);
    assert.ok(provider.asked('introspection').length <= 2, `${provider.asked('introspection').length} questions`); /* one for each worker */
});

it('IN-02 inactive, or not clearly active', () => refusesAnswers('inactive',
    { active: false }, { active: undefined }, { active: 'true' }, { active: 1 }, { active: null }, { active: [true] }, () => ({}), () => ({ active: false, error: 'x' })));

it('IN-02 a token that nobody gave', async () => {
    provider.reset();
    await accepts();
    await refuses(`opaque-${randomUUID()}`);
});

it('IN-03 active, but past its time, for another, or of another', async () => {
    await refusesAnswers('expired', { exp: now(-120) });
    await refusesAnswers('expiry', { exp: 'soon' });
    await refusesAnswers('not_yet', { nbf: now(600) });
    await refusesAnswers('issued_at', { iat: now(600) });
    await refusesAnswers('audience', { aud: 'other' }, { aud: undefined }, { aud: [] }, { aud: 7 });
    await refusesAnswers('issuer', { iss: 'https://id.example' }, { iss: `${provider.issuer}/` }, { iss: 7 });
    await refusesAnswers('subject', { sub: 7 }, { sub: '' }, { sub: null });
    await refusesAnswers('client', { client_id: undefined }, { client_id: 7 }, { client_id: '' });
});

it('IN-03 without a person it is the client’s own, and has its scopes alone', async () => {
    provider.reset();
    provider.script.introspection = { sub: undefined, scope: 'orders:read' };
    const token = provider.opaque();
    await accepts(token);
    isProblem(await present(token, service, '/v1/customers'), 403, 'insufficient_scope');
});

it('IN-03 without a person, but with what only people have: nobody comes in past their roles', () => refusesAnswers('subject',
    { sub: undefined, roles: ['viewer'], scope: 'orders:read orders:write' }, { sub: undefined, roles: [] }, { sub: undefined, customer_code: 'C1' }, { sub: undefined, username: 'amina' }));

it('IN-03 bound to a key', () => refusesAnswers('bound_to_a_key', { cnf: { jkt: 'x' } }, { cnf: { 'x5t#S256': 'x' } }, { cnf: {} }, { token_type: 'DPoP' }));

it('IN-03 without an issuer or an expiry, as RFC 7662 allows', async () => {
    provider.reset();
    provider.script.introspection = { iss: undefined };
    await accepts();
    provider.script.introspection = { aud: [provider.audience, 'other'] };
    await accepts();
});

/** No answer that could be used: nobody is told that their token is bad. */
async function isUnavailable(on = service, token = provider.opaque()) {
    isProblem(await present(token, on), 503, 'unavailable');
}

it('IN-04 our own client is refused', async () => {
    provider.reset();
    await accepts();
    const on = await start(provider, { AGIZO_OIDC_CLIENT_SECRET: 'wrong' });
    await isUnavailable(on);
    const faults = on.log.filter(({ level }) => level === 'error' || level === 'warn');
    assert.ok(faults.some((entry) => /introspect|client/i.test(JSON.stringify(entry))), JSON.stringify(faults));
    assert.ok(!JSON.stringify(on.log).includes('opaque-'));
    await on.kill();
});

describe('IN-05 no usable answer', () => {
    const behaviours = {
        'status 500': { kind: 'status', status: 500 }, 'status 404': { kind: 'status', status: 404 }, HTML: { kind: 'html' }, 'a megabyte': { kind: 'huge', bytes: 1024 * 1024 }, 'a redirect': { kind: 'redirect', to: 'TRAP' },
        half: { kind: 'half' }, reset: { kind: 'reset' }, nothing: { kind: 'body', body: '' }, 'a list': { kind: 'body', body: '[]' }, 'members that stand twice': { kind: 'body', body: '{"active":false,"active":true}' },
        'a gzip bomb': { kind: 'gzip-bomb' },
    };
    for (const [name, behaviour] of Object.entries(behaviours)) {
        it(`IN-05 ${name}`, async () => {
            provider.reset();
            await accepts();
            provider.behave('introspection', behaviour.to ? { ...behaviour, to: provider.trapUrl } : behaviour);
            await isUnavailable();
            assert.equal(provider.counts().trap, 0);
            provider.behave('introspection', { kind: 'ok' });
            await accepts();
        });
    }

    it('IN-05 none at all', async () => {
        provider.reset();
        await accepts();
        provider.behave('introspection', { kind: 'hang' });
        const begun = Date.now();
        await isUnavailable();
        assert.ok(Date.now() - begun < 20_000);
    });

    it('IN-05 the provider is away, JWTs go on', async () => {
        provider.reset();
        const cached = provider.opaque();
        await accepts(cached);
        await provider.down();
        await isUnavailable();
        await accepts(provider.token());
        await provider.up();
        await until('the provider is asked again', async () => (await present(provider.opaque())).status === 200);
    });
});

describe('what is remembered', { concurrency: true }, () => {
    it('IN-06 a revoked token is refused soon', async () => {
        const own = keep(await startMisbehaving());
        const on = await start(own);
        const token = own.opaque();
        await accepts(token, on);
        own.revoke(token);
        const begun = Date.now();
        await until('the token is refused', async () => (await present(token, on)).status === 401, { within: CACHED_MS + 5000 });
        assert.ok(Date.now() - begun <= CACHED_MS + 2000);
        await accepts(own.opaque(), on);
    });

    it('IN-06 never past its own end', async () => {
        const own = keep(await startMisbehaving());
        const on = await start(own);
        const exp = now(5); /* no skew: whoever answers goes by the same clock */
        own.script.introspection = { exp };
        const token = own.opaque();
        await accepts(token, on);
        own.script.introspection = {};
        own.revoke(token);
        await until('the token is over', async () => (await present(token, on)).status === 401, { within: 10_000 });
    });
});

it('IN-07 many random tokens are asked about no more than so often, and one of them once', async () => {
    const own = keep(await startMisbehaving());
    const on = await start(own);
    await accepts(own.opaque(), on);
    const good = own.opaque();
    own.behave('introspection', { kind: 'ok', delayMs: 200 });
    own.forgetRequests();
    const answers = await Promise.all(Array.from({ length: 50 }, () => present(good, on)));
    assert.ok(answers.every(({ status }) => status === 200));
    assert.ok(own.asked('introspection').length <= 2, `${own.asked('introspection').length} questions about one token`);
    own.behave('introspection', { kind: 'ok' });
    own.forgetRequests();
    const statuses = new Map();
    for (let round = 0; round < 40; round++) {
        const some = await Promise.all(Array.from({ length: 250 }, () => present(`opaque-${randomUUID()}`, on)));
        for (const { status } of some) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    for (const status of statuses.keys()) assert.ok([401, 503].includes(status), String(status));
    assert.ok(own.asked('introspection').length < 10_000, 'each of them was asked about');
    await accepts(own.token(), on);
    await until('honest tokens pass again', async () => (await present(own.opaque(), on)).status === 200);
});

it('IN-08 a JWT is never asked about, whoever signed it', async () => {
    provider.reset();
    await accepts();
    provider.forgetRequests();
    const stranger = keep(await startMisbehaving());
    for (const token of [stranger.token(), provider.token({ claims: { iss: 'https://id.example' } }), provider.token({ signature: () => '' }), 'a.b.c', 'a.b.c.d.e', `${'x'.repeat(9000)}`]) await refuses(token);
    assert.equal(provider.asked('introspection').length, 0);
    assert.equal(stranger.asked('introspection').length, 0);
});

it('IN-08 nothing is asked where introspection is off', async () => {
    provider.reset();
    await accepts();
    provider.forgetRequests();
    const on = await start(provider, { AGIZO_OIDC_INTROSPECTION: 'off' });
    await refuses(provider.opaque(), on);
    await accepts(provider.token(), on);
    assert.equal(provider.asked('introspection').length, 0);
    await on.kill();
});

it('IN-08 nor where the provider has no such endpoint', async () => {
    provider.reset();
    provider.metadata({ introspection_endpoint: undefined });
    const on = await start(provider);
    const { status } = await present(provider.opaque(), on);
    assert.ok(status === 401 || status === 503);
    await accepts(provider.token(), on);
    assert.equal(provider.asked('introspection').length, 0);
    await on.kill();
    provider.reset();
});

it('IN-09 names and secrets with signs are form-encoded inside of Basic', async () => {
    const client = { id: 'agizo-web+%:/ä', secret: "p-+%:&= ~'é" };
    const own = keep(await startMisbehaving({ client }));
    const on = await start(own);
    await accepts(own.opaque(), on);
    const [call] = own.asked('introspection');
    assert.deepEqual(call.credentials, client);
    const text = Buffer.from(call.headers.authorization.slice('Basic '.length), 'base64').toString();
    assert.equal(text.split(':').length, 2, text);
});

it('IN-10 a provider that does not know this kind of token', async () => {
    provider.reset();
    await accepts();
    provider.behave('introspection', { kind: 'status', status: 400, body: '{"error":"unsupported_token_type"}' });
    await refuses(provider.opaque());
    provider.behave('introspection', { kind: 'ok' });
});

it('IN-01 IN-09 by oidc-provider, which gives opaque tokens and revokes them', async () => {
    const identity = keep(await startIdentity({ format: 'opaque', webClient: { id: 'agizo-web', secret: 'web-+%:1secret' } }));
    const on = await startService({ store: sqlite, identity, settings: settingsFor(identity) });
    const token = await identity.serviceToken({ scope: 'orders:read' });
    assert.ok(!token.includes('.'));
    await accepts(token, on);
    isProblem(await present(token, on, '/v1/customers'), 403, 'insufficient_scope');
    await refuses(`${token.slice(0, -1)}x`, on);
    identity.setFormat('jwt');
    await accepts(await identity.serviceToken(), on);
});
