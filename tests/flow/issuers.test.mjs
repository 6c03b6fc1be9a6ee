// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Two issuers beside each other: whose token is whose, their own roles, and one of them away. The ids are those of the acceptance table of
 * identity.
 *
 * The store plays no part in this: SQLite alone.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startMisbehaving } from '../../dev/misbehaving.mjs';
import { isProblem, keep, sqlite, startService, until } from './harness.mjs';

function start(first, second, settings = {}, options = {}) {
    return startService({
        store: sqlite, identity: first, ...options,
        settings: { AGIZO_OIDC2_ISSUER: second.issuer, AGIZO_OIDC2_AUDIENCE: second.audience, ...settings },
    });
}

function present(service, token, path = '/v1/orders') {
    return service.withToken(token).get(path);
}

async function accepts(service, ...tokens) {
    for (const token of tokens) {
        const answer = await present(service, token);
        assert.equal(answer.status, 200, answer.text);
    }
}

/* Where an issuer lacks the key, the answer comes after its news, and stands in the log without a request. */
async function refuses(service, why, token) {
    const before = service.events('token.refused').length;
    isProblem(await present(service, token), 401, 'invalid_token');
    await until('the refusal is logged', () => service.events('token.refused').length > before);
    assert.equal(service.events('token.refused').at(-1).why, why);
}

/** Both sets of keys are at hand. */
function bothReady(service) {
    return until('both issuers are ready', () => service.events('identity.ready').length >= 2);
}

async function startBoth() {
    return [keep(await startMisbehaving()), keep(await startMisbehaving())];
}

function person(roles) {
    return { claims: { sub: 'u1', client_id: 'web', scope: undefined, ...roles } };
}

describe('two issuers', () => {
    it('RS-28 each uses its own keys, even under one key name', async () => {
        const [first, second] = await startBoth();
        await second.rotate('es256', { kid: first.keys.es256.kid });
        const service = await start(first, second);
        await bothReady(service);
        await accepts(service, first.token(), second.token(), first.token(), second.token());
        const asFirst = { iss: first.issuer, aud: first.audience }, asSecond = { iss: second.issuer, aud: second.audience };
        await refuses(service, 'issuer', second.token({ claims: asFirst }));
        await refuses(service, 'issuer', first.token({ claims: asSecond }));
        await refuses(service, 'issuer', first.token({ key: 'rs256', claims: asSecond }));
        await refuses(service, 'expired', second.token({ claims: { exp: 1_700_000_000 } }));
        await accepts(service, first.token({ key: 'rs256' }), second.token({ key: 'rs256' }));
    });

    it('each has its own audience, algorithms and roles', async () => {
        const [first, second] = await startBoth();
        const service = await start(first, second, {
            AGIZO_OIDC2_AUDIENCE: 'urn:second', AGIZO_OIDC2_ALGORITHMS: 'ES256', AGIZO_OIDC2_ROLES_CLAIM: 'groups', AGIZO_OIDC2_ROLES_MAP: 'shop staff=viewer, boss = manager',
        });
        const aud = 'urn:second';
        await bothReady(service);
        await accepts(service, first.token(), second.token({ claims: { aud } }));
        await refuses(service, 'audience', second.token());
        await refuses(service, 'unknown_key', second.token({ key: 'rs256', claims: { aud } }));
        const statusOf = async (token) => (await present(service, token)).status;
        assert.equal(await statusOf(first.token(person({ roles: ['viewer'] }))), 200);
        assert.equal(await statusOf(first.token(person({ roles: ['boss'], groups: ['boss'] }))), 403);
        assert.equal(await statusOf(second.token(person({ aud, groups: ['shop staff'] }))), 200);
        assert.equal(await statusOf(second.token(person({ aud, groups: 'x,boss' }))), 200);
        assert.equal(await statusOf(second.token(person({ aud, groups: ['manager'] }))), 403);
        assert.equal(await statusOf(second.token(person({ aud, roles: ['boss'] }))), 403);
    });

    it('JK-07 the keys of either may rotate', async () => {
        const [first, second] = await startBoth();
        for (const [changed, other] of [[first, second], [second, first]]) {
            const service = await start(first, second);
            await bothReady(service);
            await accepts(service, first.token(), second.token());
            const old = await changed.rotate('es256');
            await accepts(service, changed.token(), other.token());
            await refuses(service, 'unknown_key', changed.token({ key: old }));
        }
    });
});

it('one issuer works while the other is away, and nobody is told that their token is bad', async () => {
    const [first, second] = await startBoth();
    await second.down();
    const service = await start(first, second);
    await accepts(service, first.token());
    isProblem(await present(service, second.token()), 503, 'unavailable');
    await refuses(service, 'segments', 'no-token');
    await second.up();
    await until('the second issuer is ready', async () => (await present(service, second.token())).status === 200);
    await first.down();
    await accepts(service, first.token(), second.token());
});
