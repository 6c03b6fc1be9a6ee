// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * A provider that hangs or trickles, more sign-ins than it can serve, and the end of the service while somebody waits for it. The ids are
 * those of the acceptance table of identity.
 *
 * Each test has a provider and a service of its own; those that have to wait for a time limit run side by side. SQLite alone, but for the two
 * copies on one database.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { startMisbehaving } from '../../dev/misbehaving.mjs';
import {
    LOGIN_COOKIE, SESSION_COOKIE, SHIPPED, browserFor, callbackOf, isProblem, keep, postgres, signIn, signInSettings, signedIn, sqlite, startService, until,
} from './harness.mjs';

const HANG = { kind: 'hang' }, TRICKLE = { kind: 'trickle' }, HONEST = { kind: 'ok' };
/* auth/flows.h: of one provider; auth/flows.c: of one call; main.c: of the end. */
const PLACES = 112, CALL_MS = 10_000, STOP_MS = 8_000;
/* What two busy cores may add to a time limit. */
const SLACK_MS = 4_000;

async function startBoth(more) {
    const provider = keep(await startMisbehaving());
    const service = await startService({ store: sqlite, identity: provider, settings: { ...signInSettings(provider), ...more } });
    return { provider, service };
}

/** A browser that the provider has sent back, and where to. */
async function sentBack(service, browser = browserFor(service), path = '/auth/login') {
    const login = await browser.go(path);
    const { headers } = await browser.go(login.headers.location, { from: service.url });
    return { browser, back: new URL(headers.location), comeBack: () => browser.go(headers.location, { from: login.headers.location }) };
}

async function timed(promise) {
    const began = performance.now();
    const answer = await promise;
    return { answer, ms: performance.now() - began };
}

function isPage(answer, status) {
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.headers['content-type'], /^text\/html/);
}

function residentBytes({ pid }) {
    return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

/** `early`: the answers so far, in the order in which they came. */
function comeBackAtOnce(visits) {
    const early = [];
    const all = Promise.all(visits.map(async ({ comeBack }) => {
        const answer = await comeBack();
        early.push(answer);
        return answer;
    }));
    return { early, all };
}

function countByStatus(answers) {
    const counts = {};
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
}

describe('who waits for a provider', { concurrency: true }, () => {
    for (const [words, behaviour] of [['hangs', HANG], ['trickles', TRICKLE]]) {
        it(`RP-29 a token endpoint that ${words} is given up, and nothing is left of the sign-in`, async () => {
            const { provider, service } = await startBoth();
            provider.behave('token', behaviour);
            const browser = browserFor(service);
            const { answer, ms } = await timed(signIn(browser));
            isPage(callbackOf(answer), 504);
            assert.ok(ms < CALL_MS + SLACK_MS, `${ms} ms`);
            assert.deepEqual([browser.cookie(SESSION_COOKIE), browser.cookie(LOGIN_COOKIE)], [undefined, undefined]);
            assert.equal(await service.count('sessions'), 0);
            provider.behave('token', HONEST);
            await signedIn(service);
        });

        it(`RP-13 a userinfo endpoint that ${words} delays a sign-in, and no more`, async () => {
            const { provider, service } = await startBoth();
            provider.behave('userinfo', behaviour);
            const { answer: { browser }, ms } = await timed(signedIn(service));
            assert.ok(ms < CALL_MS + SLACK_MS, `${ms} ms`);
            const { json } = await browser.fetch('/auth/session');
            assert.equal(json.subject, 'user-amina');
            assert.ok(json.permissions.includes('orders:write'));
        });

        it(`IN-05 an introspection endpoint that ${words} lets nobody in`, async () => {
            const { provider, service } = await startBoth({ AGIZO_OIDC_INTROSPECTION: 'on' });
            provider.behave('introspection', behaviour);
            const { answer, ms } = await timed(service.withToken(provider.opaque()).get('/v1/orders'));
            isProblem(answer, 503, 'unavailable');
            assert.ok(ms < CALL_MS, `${ms} ms`);
            provider.behave('introspection', HONEST);
            assert.equal((await service.withToken(provider.opaque()).get('/v1/orders')).status, 200);
        });
    }

    it('RP-31 those for whom there is no place are told to come back; others are not held up', async () => {
        const { provider, service } = await startBoth();
        const more = 88;
        await signedIn(service);
        const visits = [];
        for (let i = 0; i < PLACES + more; i++) visits.push(await sentBack(service));
        const resident = residentBytes(service);
        provider.forgetRequests();
        provider.behave('token', HANG);
        const { early, all } = comeBackAtOnce(visits);
        await until('some are answered', () => early.length >= more);
        for (const answer of early) {
            isPage(answer, 503);
            assert.match(answer.headers['retry-after'], /^\d+$/);
        }
        /* The provider's own word that a session is over needs no call, and has places that sign-ins cannot take. */
        const { status } = await service.withToken(null).request('POST', '/auth/backchannel-logout', {
            type: 'application/x-www-form-urlencoded', body: `logout_token=${provider.logoutToken()}`,
        });
        assert.equal(status, 200);
        assert.equal(await service.count('sessions'), 0);
        assert.equal((await service.get('/v1/orders')).status, 200);
        if (SHIPPED) assert.ok(residentBytes(service) - resident < 64 << 20, `${residentBytes(service) - resident} bytes`);
        assert.deepEqual(countByStatus(await all), { 503: more, 504: PLACES });
        assert.ok(provider.asked('token').length <= PLACES);
        assert.equal(await service.count('sessions'), 0);
        provider.behave('token', HONEST);
        await signedIn(service);
    });

    it('RP-31 one provider that hangs does not hold up the people of the other', async () => {
        const [first, second] = [keep(await startMisbehaving()), keep(await startMisbehaving())];
        const service = await startService({ store: sqlite, identity: first, settings: signInSettings(first, second) });
        await until('both are ready', () => service.events('identity.ready').length >= 2);
        const visits = [];
        for (let i = 0; i < 2 * PLACES + 40; i++) visits.push(await sentBack(service));
        first.behave('token', HANG);
        const { early, all } = comeBackAtOnce(visits);
        await until('some are answered', () => early.length >= PLACES + 40);
        await signedIn(service, { path: '/auth/login?issuer=2' });
        assert.deepEqual(countByStatus(await all), { 503: PLACES + 40, 504: PLACES });
    });
});

describe('the end of the service', { concurrency: true }, () => {
    async function endsInTime(service) {
        const { answer, ms } = await timed(service.stop());
        assert.deepEqual(answer, { code: 0, signal: null });
        assert.ok(ms < STOP_MS, `${ms} ms`);
    }

    it('does not wait for a token endpoint that hangs: who waits is told so', async () => {
        const { provider, service } = await startBoth();
        const { comeBack } = await sentBack(service);
        provider.behave('token', HANG);
        const answer = comeBack();
        await provider.reached('token', 1);
        await endsInTime(service);
        isPage(await answer, 504);
        assert.equal(await service.count('sessions'), 0);
    });

    it('does not wait for a userinfo endpoint that hangs after a slow token endpoint', async () => {
        const { provider, service } = await startBoth();
        const { comeBack } = await sentBack(service);
        provider.behave('token', { kind: 'ok', delayMs: 2000 });
        provider.behave('userinfo', HANG);
        const answer = comeBack();
        await provider.reached('token', 1);
        await endsInTime(service);
        assert.equal((await answer).status, 303);
        assert.equal(await service.count('sessions'), 1);
    });

    it('does not wait for keys that nobody brings', async () => {
        const { provider, service } = await startBoth();
        const { comeBack } = await sentBack(service);
        provider.script.idToken = { header: { kid: 'unknown' } };
        provider.behave('token', { kind: 'ok', delayMs: 3500 });
        provider.behave('jwks', HANG);
        const answer = comeBack();
        await provider.reached('token', 1);
        await endsInTime(service);
        isPage(await answer, 403);
        assert.equal(await service.count('sessions'), 0);
    });

    it('does not wait for two issuers that say nothing about an opaque token', async () => {
        const { service, first, second } = await startTwo();
        first.behave('introspection', HANG);
        second.behave('introspection', HANG);
        const answer = service.withToken(first.opaque()).get('/v1/orders');
        await first.reached('introspection', 1);
        await endsInTime(service);
        isProblem(await answer, 503, 'unavailable');
    });
});

/** A service that asks both issuers about opaque tokens. */
async function startTwo(more) {
    const [first, second] = [keep(await startMisbehaving()), keep(await startMisbehaving())];
    const service = await startService({
        store: sqlite, identity: first,
        settings: { ...signInSettings(first, second), AGIZO_LOG_LEVEL: 'debug', AGIZO_OIDC_INTROSPECTION: 'on', AGIZO_OIDC2_INTROSPECTION: 'on', ...more },
    });
    await until('both are ready', () => service.events('identity.ready').length >= 2);
    return { service, first, second };
}

describe('opaque tokens of two issuers', () => {
    const present = (service, token) => service.withToken(token).get('/v1/orders');

    it('IN-01 each knows its own; the second is asked about what the first does not know', async () => {
        const { service, first, second } = await startTwo();
        assert.equal((await present(service, first.opaque())).status, 200);
        assert.equal(second.asked('introspection').length, 0);
        const token = second.opaque({ scope: 'orders:read' });
        assert.equal((await present(service, token)).status, 200);
        isProblem(await service.withToken(token).get('/v1/customers'), 403, 'insufficient_scope');
        assert.equal(first.asked('introspection').length, 2);
        assert.deepEqual(second.asked('introspection')[0].credentials, second.client);
        isProblem(await present(service, 'opaque-unknown'), 401, 'invalid_token');
        /* What is active there, but not for us, may still be another's. */
        first.script.introspection = { active: true, aud: 'other', sub: 'x', client_id: 'x' };
        assert.equal((await present(service, second.opaque())).status, 200);
        second.script.introspection = { iss: first.issuer };
        isProblem(await present(service, second.opaque()), 401, 'invalid_token');
    });

    it('IN-04 IN-05 one that cannot be asked is no reason to refuse what the other knows, nor to call a token bad', async () => {
        for (const behaviour of [{ kind: 'status', status: 500 }, { kind: 'status', status: 401 }, { kind: 'html' }, { kind: 'reset' }]) {
            for (const order of [['first', 'second'], ['second', 'first']]) {
                const parts = await startTwo();
                const [faulty, well] = order.map((name) => parts[name]);
                faulty.behave('introspection', behaviour);
                assert.equal((await present(parts.service, well.opaque())).status, 200);
                isProblem(await present(parts.service, 'opaque-unknown'), 503, 'unavailable');
                faulty.behave('introspection', HONEST);
                isProblem(await present(parts.service, 'opaque-unknown'), 401, 'invalid_token');
                await parts.service.kill();
            }
        }
    });

    it('IN-08 an issuer for which it is off is not told of them', async () => {
        for (const [off, name] of [['AGIZO_OIDC_INTROSPECTION', 'first'], ['AGIZO_OIDC2_INTROSPECTION', 'second']]) {
            const parts = await startTwo({ [off]: 'off' });
            const asked = name === 'first' ? parts.second : parts.first;
            assert.equal((await present(parts.service, asked.opaque())).status, 200);
            isProblem(await present(parts.service, parts[name].opaque()), 401, 'invalid_token');
            assert.equal(parts[name].asked('introspection').length, 0);
            await parts.service.kill();
        }
    });
});

it('RP-17 RP-18 a callback that one copy has seen is refused by another', async () => {
    const provider = keep(await startMisbehaving());
    const database = await postgres.createDatabase();
    const settings = signInSettings(provider);
    const one = await startService({ store: postgres, database, identity: provider, settings });
    const shared = { ...settings, AGIZO_PUBLIC_URL: one.url };
    const other = await startService({ store: postgres, database, identity: provider, settings: shared });
    const { browser, back, comeBack } = await sentBack(one);
    const { value } = browser.cookie(LOGIN_COOKIE);
    assert.equal((await comeBack()).status, 303);
    /* Whoever saw the address and has the cookie, too. */
    const thief = browserFor(other);
    thief.setCookie(`${LOGIN_COOKIE}=${value}; Secure; Path=/`);
    const answer = await thief.go(`${other.url}${back.pathname}${back.search}`, { from: provider.url });
    isPage(answer, 403);
    assert.equal(thief.cookie(SESSION_COOKIE), undefined);
    assert.equal(await other.count('sessions'), 1);
    assert.equal((await browser.fetch('/auth/session')).status, 200);
    /* The copies are alike in all else: what was begun at one may end at the other. */
    const second = await sentBack(one);
    const moved = browserFor(other);
    moved.setCookie(`${LOGIN_COOKIE}=${second.browser.cookie(LOGIN_COOKIE).value}; Secure; Path=/`);
    assert.equal((await moved.go(`${other.url}${second.back.pathname}${second.back.search}`, { from: provider.url })).status, 303);
    assert.equal((await moved.fetch('/auth/session')).status, 200);
});
