// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Every role and scope, by token and by session, at every route with every method. The ids are those of the acceptance table of identity.
 *
 * The rows come from the route table of the source, what they must answer from the rules below, written down a second time: a route that is not
 * here fails, and so does one that is here and no more there.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { now, startMisbehaving } from '../../dev/misbehaving.mjs';
import { expireTokens, forEachStore, isProblem, keep, signInSettings, signedIn, sqlite, startService, until } from './harness.mjs';

const provider = keep(await startMisbehaving());

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const SCOPES = ['customers:read', 'customers:write', 'orders:read', 'orders:write', 'messages:read', 'messages:write', 'imports:write', 'audit:read', 'sessions:write'];
const READS = ['customers:read', 'orders:read', 'messages:read'];
const ROLES = { viewer: READS, clerk: [...READS, 'customers:write', 'orders:write'], manager: SCOPES, customer: READS };

const SECRET = 'callbacks-of-the-matrix';
const TEMPLATE = '/v1/templates/order.received/en';
/* A GET of it asks for a message of that name, which there is not. */
const BULK = '/v1/messages/resend';

/* Route → what it needs. `reached`: what whoever has it is answered; creates and changes are sent an empty object. `staff`: not for customers. */
const GUARDED = {
    'GET /v1/customers': { needs: 'customers:read', reached: 200 },
    'POST /v1/customers': { needs: 'customers:write', reached: 422 },
    'GET /v1/customers/{id}': { needs: 'customers:read', reached: 200, row: 'customer' },
    'GET /v1/orders': { needs: 'orders:read', reached: 200 },
    'POST /v1/orders': { needs: 'orders:write', reached: 422 },
    'GET /v1/orders/{id}': { needs: 'orders:read', reached: 200, row: 'order' },
    'GET /v1/messages': { needs: 'messages:read', reached: 200 },
    'GET /v1/messages/{id}': { needs: 'messages:read', reached: 200, row: 'message' },
    'POST /v1/messages/{id}/resend': { needs: 'messages:write', reached: 409, row: 'message' },
    'POST /v1/messages/{id}/settle': { needs: 'messages:write', reached: 422, row: 'message' },
    'POST /v1/messages/resend': { needs: 'messages:write', reached: 422 },
    'GET /v1/gateway': { needs: 'messages:read', staff: true, reached: 200 },
    'PUT /v1/gateway': { needs: 'messages:write', reached: 422 },
    'GET /v1/suppressions': { needs: 'messages:read', staff: true, reached: 200 },
    'POST /v1/suppressions': { needs: 'messages:write', reached: 422 },
    'DELETE /v1/suppressions/{id}': { needs: 'messages:write', reached: 404, row: 'order' },
    'GET /v1/templates': { needs: 'messages:read', staff: true, reached: 200 },
    'GET /v1/templates/{event}/{language}': { needs: 'messages:read', staff: true, reached: 200, target: TEMPLATE },
    'PUT /v1/templates/{event}/{language}': { needs: 'messages:write', reached: 422, target: TEMPLATE },
    'DELETE /v1/templates/{event}/{language}': { needs: 'messages:write', reached: 404, target: TEMPLATE },
    'GET /v1/audit': { needs: 'audit:read', reached: 200 },
    'DELETE /v1/sessions': { needs: 'sessions:write', reached: 200, query: 'subject=nobody' },
};

/* Routes that need no permission: their answer to a request of our own page with nothing else in it, by the credentials it brings. */
const OPEN = {
    'POST /v1/callbacks/africastalking/{secret}/delivery': { none: 415, token: 415, session: 415, target: `/v1/callbacks/africastalking/${SECRET}/delivery` },
    'POST /v1/callbacks/africastalking/{secret}/optout': { none: 415, token: 415, session: 415, target: `/v1/callbacks/africastalking/${SECRET}/optout` },
    'GET /': { none: 200, token: 200, session: 200 },
    'GET /openapi.json': { none: 200, token: 200, session: 200 },
    'GET /docs': { none: 200, token: 200, session: 200 },
    'GET /docs/{file}': { none: 200, token: 200, session: 200, target: '/docs/start.js' },
    'GET /auth/login': { none: 303, token: 303, session: 303, once: true },
    'GET /auth/callback': { none: 400, token: 400, session: 400, once: true },
    'GET /auth/callback/{issuer}': { none: 400, token: 400, session: 400, once: true, target: '/auth/callback/1' },
    'GET /auth/session': { none: 401, token: 400, session: 200 },
    'POST /auth/logout': { none: 200, token: 200, ends: true },
    'GET /auth/logout': { none: 400, token: 400, session: 400, once: true },
    'POST /auth/backchannel-logout': { none: 415, token: 415, session: 415 },
};

function routesOfSource() {
    const source = readFileSync(new URL('../../src/api/routes.c', import.meta.url), 'utf8');
    const table = /static const struct route routes\[\] = \{([^]*?)\n\};/.exec(source)?.[1];
    assert.ok(table, 'src/api/routes.c has no table of routes');
    const methods = Object.fromEntries([...source.matchAll(/#define (\w+)\(path, [^]*?"([A-Z]+)", path/g)].map(([, macro, method]) => [macro, method]));
    const rows = [...table.matchAll(/\b([A-Z_]+)\(((?:[^()]|\([^()]*\))*)\),/g)].map(([, macro, text]) => rowOf(macro, text, methods[macro]));
    assert.ok(rows.length > 0, 'the table of routes has no rows');
    assert.equal(rows.length, table.split('\n').filter((line) => /^ {4}\S/.test(line)).length, 'some rows of the table were not understood');
    return rows;
}

/* Some macros have their method in themselves. */
function rowOf(macro, text, own) {
    const texts = [...text.matchAll(/"([^"]*)"/g)].map(([, value]) => value);
    const [method, path] = own ? [own, texts[0]] : texts;
    const needs = /CAN\((\w+)\)/.exec(text)?.[1]?.toLowerCase().replace(/_(?=[a-z]+$)/, ':');
    return { method, path, label: `${method} ${path}`, needs, staff: macro === 'STAFF' };
}

const ROWS = routesOfSource();
const PATHS = [...new Set(ROWS.map(({ path }) => path))];
const rowsAt = (path) => ROWS.filter((row) => row.path === path);

it('AZ-01 the routes of the source are the ones below, each with its permission', () => {
    assert.deepEqual(ROWS.map(({ label }) => label).sort(), [...Object.keys(GUARDED), ...Object.keys(OPEN)].sort());
    for (const { label, needs, staff } of ROWS) assert.deepEqual([needs, staff], [GUARDED[label]?.needs, GUARDED[label]?.staff ?? false], label);
});

/* Who asks: `rights` are what they may do. Tokens of people and of programs, sessions of people, and nobody. */
const TOKENS = Object.entries(ROLES).map(([role, rights]) => ({ name: `a ${role}'s token`, kind: 'token', rights, customer: role === 'customer', claims: { roles: [role], customer_code: 'C1' } }));
const PROGRAMS = SCOPES.map((scope) => ({ name: `a program's token for ${scope}`, kind: 'token', rights: [scope], claims: { scope } }));
const SESSIONS = Object.entries(ROLES).map(([role, rights]) => ({ name: `a ${role}'s session`, kind: 'session', rights, customer: role === 'customer', person: { roles: [role], customer_code: 'C1' } }));
const STRANGERS = [
    { name: 'nobody', kind: 'none', rights: [] },
    { name: 'a token without roles and scopes', kind: 'token', rights: [], claims: { sub: 'user-x', client_id: 'app', scope: undefined } },
    { name: 'a token of an unknown role', kind: 'token', rights: [], claims: { roles: ['admin', 'Manager', 'manager ', ''] } },
    { name: 'a program without scopes', kind: 'token', rights: [], claims: { scope: undefined } },
    { name: 'a session without roles', kind: 'session', rights: [], person: { roles: undefined } },
    { name: 'a session of an unknown role', kind: 'session', rights: [], person: { roles: ['admin', 'MANAGER'] } },
    { name: 'a customer’s session without a code', kind: 'session', rights: [], person: { roles: ['customer'] } },
];

async function rowsOf(service, code) {
    const { json: { id: customer } } = await service.post('/v1/customers', { code, name: `Customer ${code}`, phone: '0712345678' });
    const { json: { id: order, message } } = await service.post('/v1/orders', { customer: code, item: 'Maize', amount: '1' });
    return { customer, order, message: message.id };
}

function personOf({ person, name }) {
    return { sub: `user of ${name}`, name, ...person };
}

async function signInAs(service, person) {
    provider.reset();
    provider.script.person = person;
    return (await signedIn(service)).browser;
}

forEachStore((store) => {
    let service;
    let ids;

    before(async () => {
        service = await startService({ store, identity: provider, settings: { ...signInSettings(provider), AGIZO_SMS_CALLBACK_SECRET: SECRET } });
        ids = await rowsOf(service, 'C1');
        await rowsOf(service, 'C2');
    });

    /** A function (method, target) → answer for each way to ask. */
    async function asker(who) {
        if (who.kind === 'session') {
            const browser = await signInAs(service, personOf(who));
            return (method, target, options) => browser.fetch(target, { method, ...options });
        }
        const client = who.kind === 'none' ? service.withToken(null) : service.as(who.claims);
        return (method, target, options) => client.request(method, target, { headers: { 'x-agizo-request': '1' }, ...options });
    }

    const targetOf = (path, { row, query, target } = {}) => `${(target ?? path).replace('{id}', ids[row])}${query ? `?${query}` : ''}`;

    function isNoMethod(answer, path) {
        assert.ok([405, 501].includes(answer.status), `${answer.status} ${answer.text}`);
        if (answer.status === 405) assert.ok(answer.headers.allow.includes(rowsAt(path)[0].method));
    }

    function statusFor(who, { needs, staff }, reached) {
        if (who.kind === 'none') return 401;
        return who.rights.includes(needs) && !(staff && who.customer) ? reached : 403;
    }

    async function checkGuarded(ask, who, { method, path, label, head }) {
        const { needs, staff, reached, ...rule } = GUARDED[label];
        const answer = await ask(head ? 'HEAD' : method, targetOf(path, rule), method === 'POST' || method === 'PUT' ? { json: {} } : {});
        assert.equal(answer.status, statusFor(who, { needs, staff }, reached), `${who.name}: ${label}: ${answer.status} ${answer.text}`);
    }

    async function checkOpen(ask, who, { method, path, label, head }) {
        const rule = OPEN[label];
        if (rule.ends && who.kind === 'session') return; /* tests/flow/logout.test.mjs */
        const answer = await ask(head ? 'HEAD' : method, targetOf(path, rule));
        assert.equal(answer.status, rule[who.kind], `${who.name}: ${label}: ${answer.status} ${answer.text}`);
    }

    async function checkMethod(ask, who, path, method) {
        const row = rowsAt(path).find((candidate) => candidate.method === method || (method === 'HEAD' && candidate.method === 'GET'));
        const head = method === 'HEAD';
        if (path === BULK && (head || method === 'GET')) return assert.equal((await ask(method, path)).status, statusFor(who, GUARDED['GET /v1/messages/{id}'], 404));
        if (!row || (head && OPEN[row.label]?.once)) {
            const { label } = row ?? rowsAt(path)[0];
            return isNoMethod(await ask(method, targetOf(path, GUARDED[label] ?? OPEN[label])), path);
        }
        return GUARDED[row.label] ? checkGuarded(ask, who, { ...row, head }) : checkOpen(ask, who, { ...row, head });
    }

    describe('AZ-01', () => {
        for (const who of [...TOKENS, ...PROGRAMS, ...SESSIONS, ...STRANGERS]) {
            describe(who.name, () => {
                let ask;
                before(async () => { ask = await asker(who); });
                for (const path of PATHS) {
                    it(`AZ-01 ${who.name} at ${path}, by every method`, async () => {
                        for (const method of METHODS) await checkMethod(ask, who, path, method);
                    });
                }
            });
        }

        it('AZ-01 what is no route is nobody’s', async () => {
            for (const who of [TOKENS[2], STRANGERS[0]]) {
                const ask = await asker(who);
                for (const path of ['/v1', '/v1/', '/v1/nothing', '/v1/orders/', '/v1/orders/x/y', '/auth', '/auth/', '/auth/login/', '/auth/callback/1/2', '/V1/orders', '/admin', '/metrics', '/readyz']) {
                    assert.equal((await ask('GET', path)).status, 404, path);
                }
            }
        });
    });

    it('AZ-02 role and scope: what both allow', async () => {
        for (const [role, rights] of Object.entries(ROLES)) {
            for (const scope of [...SCOPES, 'orders:read orders:write', 'openid customers:read', SCOPES.join(' ')]) {
                const both = rights.filter((right) => scope.split(' ').includes(right));
                const ask = await asker({ kind: 'token', claims: { roles: [role], scope, customer_code: 'C1' } });
                for (const row of ROWS.filter(({ label }) => GUARDED[label])) await checkGuarded(ask, { kind: 'token', name: `${role} with ${scope}`, rights: both, customer: role === 'customer' }, row);
            }
        }
    });

    it('AZ-03 a program has no session, and no roles', async () => {
        const program = service.as({ roles: undefined, scope: 'orders:read' });
        assert.equal((await program.get('/v1/orders')).status, 200);
        const { status } = await program.get('/auth/session');
        assert.ok(status === 400 || status === 403, String(status));
        const pretender = service.as({ sub: 'agizo-service', client_id: 'agizo-service', roles: ['manager'], scope: 'orders:read' });
        assert.equal((await pretender.get('/v1/orders')).status, 200);
        isProblem(await pretender.get('/v1/customers'), 403, 'insufficient_scope');
    });

    describe('AZ-04 a customer', () => {
        for (const kind of ['token', 'session']) {
            it(`AZ-04 by ${kind} cannot tell what is another's from what is not there`, async () => {
                const claims = { roles: ['customer'], customer_code: 'C2' };
                const ask = await asker({ kind, claims, person: claims, name: `C2 by ${kind}` });
                const missing = '01890000-0000-7000-8000-000000000000';
                for (const { path, label } of ROWS.filter(({ method, label }) => method === 'GET' && GUARDED[label]?.row)) {
                    const foreign = await ask('GET', targetOf(path, GUARDED[label]));
                    const absent = await ask('GET', path.replace('{id}', missing));
                    isProblem(foreign, 404, 'not_found');
                    const shape = ({ headers, json }) => [Object.keys(headers).sort(), headers['content-length'], { ...json, instance: '', request_id: '' }];
                    assert.deepEqual(shape(foreign), shape(absent));
                    const times = { foreign: [], absent: [] };
                    for (let i = 0; i < 60; i++) {
                        for (const [name, target] of [['foreign', targetOf(path, GUARDED[label])], ['absent', path.replace('{id}', missing)]]) {
                            const begun = performance.now();
                            await ask('GET', target);
                            times[name].push(performance.now() - begun);
                        }
                    }
                    const [one, other] = Object.values(times).map((list) => list.sort((a, b) => a - b)[30]);
                    assert.ok(Math.max(one, other) < 5 + 3 * Math.min(one, other), `${label}: ${one} ms, ${other} ms`);
                }
            });

            it(`AZ-04 by ${kind} sees their own in every list, filter and page`, async () => {
                const claims = { roles: ['customer'], customer_code: 'c1' };
                const ask = await asker({ kind, claims, person: claims, name: `c1 by ${kind}` });
                for (const list of ['customers', 'orders', 'messages']) {
                    for (const query of ['', '?limit=1', '?limit=200', '?customer=C1', '?from=2000-01-01T00:00:00Z']) {
                        const { json } = await ask('GET', `/v1/${list}${query}`);
                        assert.deepEqual([json.data.map((row) => row.customer ?? row.code), json.has_more], [['C1'], false], `${list}${query}`);
                    }
                    assert.deepEqual((await ask('GET', `/v1/${list}?customer=C2`)).json, { data: [], has_more: false });
                    const { json: page } = await service.get(`/v1/${list}?limit=1`);
                    const turned = await ask('GET', `/v1/${list}?limit=1&cursor=${page.next_cursor}`);
                    assert.ok(turned.status === 400 || turned.json.data.every((row) => (row.customer ?? row.code) === 'C1'), turned.text);
                }
                const other = (await service.get('/v1/orders?customer=C2')).json.data[0].id;
                const { json } = await ask('GET', `/v1/messages?order=${other}`);
                assert.deepEqual(json.data, []);
            });
        }

        /* No token makes such a session; the row alone must not open anything either. */
        it('AZ-04 by a session that lost its code sees nothing', async () => {
            const browser = await signInAs(service, { sub: 'user-codeless', name: 'Codeless', roles: ['customer'], customer_code: 'C1' });
            assert.equal((await browser.fetch(`/v1/orders/${ids.order}`)).status, 200);
            await service.database.change("update sessions set customer_code = null where subject = 'user-codeless'");
            for (const list of ['customers', 'orders', 'messages']) {
                assert.deepEqual((await browser.fetch(`/v1/${list}`)).json, { data: [], has_more: false }, list);
            }
            for (const row of ['customer', 'order', 'message']) isProblem(await browser.fetch(`/v1/${row}s/${ids[row]}`), 404, 'not_found');
        });
    });

    it('AZ-06 who becomes a customer, or another one, sees theirs alone from the next refresh on', async () => {
        const browser = await signInAs(service, { sub: 'user-bound', name: 'Bound', roles: ['viewer'] });
        const seen = async () => [...new Set((await browser.fetch('/v1/orders')).json.data.map((row) => row.customer))].sort();
        assert.deepEqual(await seen(), ['C1', 'C2']);
        for (const code of ['C2', 'C1']) {
            provider.script.person = { ...provider.script.person, roles: ['customer'], customer_code: code };
            await expireTokens(service);
            assert.deepEqual(await seen(), [code]);
        }
    });

    it('AZ-06 a role that is taken away is gone at the next refresh', async () => {
        provider.reset();
        provider.script.person = { sub: 'user-demoted', name: 'Demoted', roles: ['manager'] };
        const { browser } = await signedIn(service);
        assert.equal((await browser.fetch('/v1/audit')).status, 200);
        provider.script.person = { ...provider.script.person, roles: ['viewer'] };
        await expireTokens(service);
        assert.equal((await browser.fetch('/v1/audit')).status, 403);
        assert.equal((await browser.fetch('/v1/orders')).status, 200);
        provider.script.person = { ...provider.script.person, roles: [] };
        await expireTokens(service);
        assert.equal((await browser.fetch('/v1/orders')).status, 403);
        assert.deepEqual((await browser.fetch('/auth/session')).json.permissions, []);
    });
});

describe('names of roles', () => {
    async function rightsWith(settings, claims) {
        provider.reset();
        const service = await startService({ store: sqlite, identity: provider, settings: { ...signInSettings(provider), ...settings } });
        const results = [];
        for (const person of claims) {
            const browser = await signInAs(service, { sub: 'user-roles', name: 'Roles', ...person });
            const { json: { permissions } } = await browser.fetch('/auth/session');
            const token = service.as({ sub: 'user-roles', client_id: 'app', scope: undefined, ...person });
            const byToken = (await token.request('POST', '/v1/customers', { json: {} })).status;
            assert.equal(byToken, permissions.includes('customers:write') ? 422 : 403, 'token and session disagree');
            results.push(permissions.length);
        }
        await service.kill();
        return results;
    }

    const COUNT = Object.fromEntries(Object.entries(ROLES).map(([role, rights]) => [role, rights.length]));

    it('AZ-05 as a list, as words with commas, or as nothing that can be read', async () => {
        const claims = [{ roles: ['viewer', 'clerk'] }, { roles: 'viewer,clerk' }, { roles: 'viewer, clerk' }, { roles: 'clerk viewer' }, { roles: [['clerk']] }, { roles: { clerk: true } }, { roles: 7 }, { roles: null },
            { roles: [] }, { roles: '' }, { roles: [null, 7, 'viewer'] }, { roles: Array.from({ length: 400 }, (_, i) => `role-${i}`) }];
        assert.deepEqual(await rightsWith({}, claims), [COUNT.clerk, COUNT.clerk, COUNT.clerk, 0, 0, 0, 0, 0, 0, 0, COUNT.viewer, 0]);
    });

    it('AZ-05 in a claim further in, or one whose name is a URL', async () => {
        assert.deepEqual(await rightsWith({ AGIZO_OIDC_ROLES_CLAIM: 'realm_access.roles' }, [{ realm_access: { roles: ['clerk'] } }, { 'realm_access.roles': ['viewer'] }, { roles: ['manager'] }, { realm_access: ['clerk'] }]),
            [COUNT.clerk, COUNT.viewer, 0, 0]);
        assert.deepEqual(await rightsWith({ AGIZO_OIDC_ROLES_CLAIM: 'https://agizo.example/roles' }, [{ 'https://agizo.example/roles': ['clerk'] }, { roles: ['clerk'] }]), [COUNT.clerk, 0]);
    });

    it('AZ-05 by a map: what is not in it counts for nothing', async () => {
        const map = { AGIZO_OIDC_ROLES_MAP: 'sales-team=clerk, Back Office=manager,everybody=viewer' };
        assert.deepEqual(await rightsWith(map, [{ roles: ['sales-team'] }, { roles: ['Back Office'] }, { roles: ['everybody', 'sales-team'] }, { roles: ['clerk'] }, { roles: ['manager', 'Sales-Team'] }]),
            [COUNT.clerk, COUNT.manager, COUNT.clerk, 0, 0]);
        /* Where the provider knows no roles, by whatever it knows. */
        const people = { AGIZO_OIDC_ROLES_CLAIM: 'email', AGIZO_OIDC_ROLES_MAP: 'asha@example.com=manager, juma@example.com=clerk' };
        assert.deepEqual(await rightsWith(people, [{ email: 'asha@example.com' }, { email: 'juma@example.com' }, { email: 'asha@example.com.evil' }, { roles: ['manager'] }]), [COUNT.manager, COUNT.clerk, 0, 0]);
    });
});

it('AZ-06 a token keeps its rights to its end, and no longer', async () => {
    provider.reset();
    const service = await startService({ store: sqlite, identity: provider });
    const token = provider.token({ claims: { exp: now(-58) } }); /* a skew of a minute is granted */
    assert.equal((await service.withToken(token).get('/v1/orders')).status, 200);
    await until('its end', async () => (await service.withToken(token).get('/v1/orders')).status === 401, { within: 10_000 });
});
