// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Every operation of /openapi.json with every answer that it declares, each provoked once, and each real answer held against what is declared.
 *
 * What an operation is asked stands in REQUESTS; how an answer is provoked, by status, in BY_STATUS; where that is another way for one operation, in OWN.
 * An operation or an answer that is declared and not provoked fails, and so does an answer that is not declared: each operation is also asked in the ways that
 * provoke answers of others. A service whose tables are gone answers
 * 500; one whose provider was never there, or whose database takes nothing any more, 503.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { startGateway } from '../../dev/gateway.mjs';
import { startMisbehaving } from '../../dev/misbehaving.mjs';
import {
    CALLBACK_SECRET, browserFor, callbackOf, create, forEachStore, freshCode, freshNumber, keep, order, raw, reaches, signIn, signInSettings, signedIn, sqlite, startPostgres, startService,
    until,
} from './harness.mjs';
import { Description, officialSchema } from './harness/openapi.mjs';

const FORM = 'application/x-www-form-urlencoded';
const CALLBACKS = `/v1/callbacks/africastalking/${CALLBACK_SECRET}`;
const NOBODY = '01a2043f-7a96-767f-8ad7-539c5866c885';
const TEMPLATE = '/v1/templates/order.received/sw';
const MIB = 1024 * 1024;
const STRANGER = `__Host-agizo=${Buffer.alloc(32, 7).toString('base64url')}`;

const provider = keep(await startMisbehaving());
const second = keep(await startMisbehaving());

const get = (target, options) => ({ method: 'GET', target, ...options });
const post = (target, json, options) => ({ method: 'POST', target, json, ...options });
const form = (target, fields) => ({ method: 'POST', target, body: String(new URLSearchParams(fields)), type: FORM, who: 'nobody' });
const open = (target, options) => get(target, { who: 'nobody', ...options });

/* Operation → a request that is answered with 2xx, but for what OWN says. */
const REQUESTS = {
    customer_list: () => get('/v1/customers?limit=1'),
    customer_create: () => post('/v1/customers', { code: freshCode('K'), name: 'Asha', phone: '0712345678', language: 'sw' }),
    customer_get: ({ ids }) => get(`/v1/customers/${ids.customer}`),
    order_list: () => get('/v1/orders?limit=1'),
    order_create: ({ ids }) => post('/v1/orders', { customer: ids.code, item: 'Maize', amount: '1250.00', external_ref: randomUUID() }),
    order_get: ({ ids }) => get(`/v1/orders/${ids.order}`),
    message_list: () => get('/v1/messages'),
    message_get: ({ ids }) => get(`/v1/messages/${ids.message}`),
    message_resend: ({ ids }) => ({ method: 'POST', target: `/v1/messages/${ids.message}/resend` }),
    message_settle: ({ ids }) => post(`/v1/messages/${ids.message}/settle`, { state: 'delivered', note: 'She called' }),
    messages_resend: () => post('/v1/messages/resend', { state: 'failed', dry_run: true }),
    gateway_view: () => get('/v1/gateway'),
    gateway_switch: () => ({ method: 'PUT', target: '/v1/gateway', json: { sending: true } }),
    suppression_list: () => get('/v1/suppressions'),
    suppression_add: () => post('/v1/suppressions', { phone: freshNumber(), sender: 'AGIZO', reason: 'Asked' }),
    suppression_remove: () => ({ method: 'DELETE', target: `/v1/suppressions/${NOBODY}` }),
    template_list: () => get('/v1/templates'),
    template_get: () => get(TEMPLATE),
    template_put: () => ({ method: 'PUT', target: TEMPLATE, json: { text: 'Habari {name}: “{item}”' } }),
    template_remove: () => ({ method: 'DELETE', target: TEMPLATE }),
    callback_delivery: () => form(`${CALLBACKS}/delivery`, { id: 'ATXid_1', status: 'Success', phoneNumber: '+254712345678' }),
    callback_optout: () => form(`${CALLBACKS}/optout`, { phoneNumber: '+254712345678', senderId: 'AGIZO' }),
    audit_list: () => get('/v1/audit'),
    sessions_end: () => ({ method: 'DELETE', target: '/v1/sessions?subject=nobody' }),
    landing_view: () => open('/'),
    openapi_view: () => open('/openapi.json'),
    docs_view: () => open('/docs'),
    docs_file: () => open('/docs/start.js'),
    sign_in_begin: () => open('/auth/login'),
    sign_in_finish: () => open('/auth/callback'),
    sign_in_finish_issuer: () => open('/auth/callback/2'),
    sign_out: () => ({ method: 'POST', target: '/auth/logout', who: 'nobody', headers: { 'x-agizo-request': '1', cookie: STRANGER } }),
    sign_out_leave: () => open('/auth/logout'),
    session_view: () => open('/auth/session', { headers: { cookie: STRANGER } }),
    backchannel_logout: () => form('/auth/backchannel-logout', { logout_token: provider.logoutToken({ claims: { sid: randomUUID() } }) }),
};

function send(service, { method, target, who = 'all', ...options }) {
    const clients = { all: service, nobody: service.withToken(null), powerless: service.as({ scope: undefined }) };
    return clients[who].request(method, target, options);
}

const with_ = (request, { headers, ...more }) => ({ ...request, ...more, headers: { ...request.headers, ...headers } });
const asked = (world, { id }) => REQUESTS[id](world);
const askedWith = (more) => async (world, operation) => send(world.service, with_(await asked(world, operation), more));

/* A head of our own making; what is wrong with it is found before its path counts. */
function head(target, { method }, { fields = '' }) {
    return `${method} ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
}

const headWith = (change) => async ({ service, ...world }, operation) => {
    const { target } = await asked(world, operation);
    const { suffix = '', ...rest } = change;
    return (await raw(service.address, head(`${target}${suffix}`, operation, rest)))[0];
};

const unknown = (path) => path.replace('{id}', NOBODY).replace('{event}', 'nothing').replace('{language}', 'zz').replace('{file}', 'none').replace('{issuer}', '0');

const BY_STATUS = {
    200: askedWith({}),
    201: askedWith({}),
    204: askedWith({}),
    304: askedWith({ headers: { 'if-none-match': '*' } }),
    400: async (world, operation) => {
        const request = await asked(world, operation);
        return send(world.service, { ...request, target: `${request.target}${request.target.includes('?') ? '&' : '?'}x=%zz` });
    },
    401: askedWith({ who: 'nobody' }),
    403: askedWith({ who: 'powerless' }),
    404: async (world, operation) => send(world.service, with_(await asked(world, operation), { target: unknown(operation.path) })),
    406: askedWith({ headers: { accept: 'text/csv' } }),
    412: askedWith({ headers: { 'if-match': '"99"' } }),
    413: headWith({ fields: `Content-Length: ${MIB + 1}\r\n` }),
    414: headWith({ suffix: `?${'x'.repeat(9000)}` }),
    415: askedWith({ json: undefined, body: 'x', type: 'text/plain' }),
    417: headWith({ fields: 'Content-Length: 0\r\nExpect: 200-ok\r\n' }),
    422: askedWith({ json: {} }),
    431: headWith({ fields: Array.from({ length: 101 }, (_, i) => `X-${i}: a\r\n`).join('') }),
    500: async (world, operation) => send(world.broken, await asked(world, operation)),
    503: async (world, operation) => send(operation.guarded ? world.alone : world.away, await asked(world, operation)),
};

/* --- what one operation needs in its own way --- */

async function ended({ service, gateway }, mode, state) {
    const phone = freshNumber();
    gateway.control({ mode, to: phone, next: 1 });
    const made = await order(service, { phone });
    await reaches(service, made, state);
    return { ids: { message: made.message.id } };
}

const refusedUntil = (status, request) => (world) => until(`${status}`, async () => {
    const answer = await send(world.limited, await request(world));
    return answer.status === status && answer;
});

async function tooManyTemplates(world) {
    const letters = [...'abcdefghijklmnopqrstuvwxyz'];
    const languages = ['a', 'b', 'c'].flatMap((first) => letters.map((letter) => `${first}${letter}`)).slice(0, 64);
    const put = (language) => send(world.service, { method: 'PUT', target: `/v1/templates/order.changed/${language}`, json: { text: 'x' } });
    await Promise.all(languages.map(put));
    const answer = await put('zz');
    await Promise.all(languages.map((language) => send(world.service, { method: 'DELETE', target: `/v1/templates/order.changed/${language}` })));
    return answer;
}

/* A sign-in by the first or the second provider, and what its way back is answered. */
const signInBy = (issuer) => async (service, prepare = () => {}) => {
    const by = issuer === 1 ? provider : second;
    by.reset();
    prepare(by);
    const page = await signIn(browserFor(service), { path: `/auth/login?issuer=${issuer}` });
    by.reset();
    return callbackOf(page);
};

function wayBack(issuer) {
    const answer = signInBy(issuer);
    return {
        303: ({ service }) => answer(service),
        403: ({ service }) => answer(service, (by) => { by.script.idToken = { claims: { aud: 'another' } }; }),
        500: ({ broken }) => answer(broken),
        502: ({ service }) => answer(service, (by) => by.behave('token', { kind: 'status', status: 500 })),
        503: ({ away }) => answer(away),
        504: ({ service }) => answer(service, (by) => by.behave('token', { kind: 'hang' })),
    };
}

async function leave({ service }) {
    provider.reset();
    const { browser } = await signedIn(service);
    const { json } = await browser.fetch('/auth/logout', { method: 'POST' });
    return browser.go(json.redirect);
}

async function ownBrowser({ service }) {
    provider.reset();
    provider.script.person = { sub: 'user-contract', name: 'Asha', roles: ['clerk'] };
    return (await signedIn(service)).browser;
}

const ownSession = async (world) => (await ownBrowser(world)).fetch('/auth/session');

/* Its tokens ran out longer ago than their rights count, and the provider gives no new ones. */
async function staleSession(world) {
    const browser = await ownBrowser(world);
    provider.behave('token', { kind: 'status', status: 503 });
    const { service: { database } } = world;
    const past = database.store === 'sqlite' ? Date.now() - 600_000 : "now() - interval '10 minutes'";
    await database.change(`update sessions set refresh_at = ${past}, refresh_until = null`);
    const answer = await browser.fetch('/auth/session');
    provider.reset();
    return answer;
}

const wrongSecret = (kind) => ({ target: `/v1/callbacks/africastalking/another/${kind}` });
const ofCallback = (id, kind) => ({
    401: askedWith(wrongSecret(kind)),
    404: async (world) => send(world.plain, REQUESTS[id](world)),
    429: refusedUntil(429, (world) => with_(REQUESTS[id](world), wrongSecret(kind))),
});

const OWN = {
    customer_create: { 409: async ({ service, ids }) => send(service, post('/v1/customers', { code: ids.code, name: 'Asha' })) },
    order_create: {
        409: async ({ service, ids }) => send(service, post('/v1/orders', { customer: ids.code, item: 'x', amount: '1', external_ref: ids.ref })),
    },
    message_resend: {
        200: async (world, operation) => send(world.service, await asked(await ended(world, 403, 'dead'), operation)),
        409: askedWith({}),
    },
    message_settle: {
        200: async (world, operation) => send(world.service, await asked(await ended(world, 'truncated', 'unknown'), operation)),
        409: askedWith({}),
    },
    gateway_view: {
        /* By a session, which is looked up before. */
        500: async (world, operation) => send(world.broken, with_(await asked(world, operation), { who: 'nobody', headers: { cookie: STRANGER } })),
    },
    suppression_add: {
        200: async (world, operation) => {
            const request = await asked(world, operation);
            await send(world.service, request);
            return send(world.service, request);
        },
    },
    suppression_remove: {
        204: async ({ service }) => {
            const { id } = await create(service, 'suppressions', { phone: freshNumber() });
            return send(service, { method: 'DELETE', target: `/v1/suppressions/${id}` });
        },
    },
    template_put: { 409: tooManyTemplates },
    template_remove: {
        412: async (world, operation) => {
            await send(world.service, REQUESTS.template_put());
            return BY_STATUS[412](world, operation);
        },
    },
    callback_delivery: ofCallback('callback_delivery', 'delivery'),
    callback_optout: ofCallback('callback_optout', 'optout'),
    docs_file: { 406: askedWith({ target: '/docs/viewer.js', headers: { 'accept-encoding': 'gzip;q=0' } }) },
    sign_in_begin: {
        303: askedWith({}),
        404: askedWith({ target: '/auth/login?issuer=9' }),
        503: async ({ alone }) => send(alone, open('/auth/login')),
    },
    sign_in_finish: wayBack(1),
    sign_in_finish_issuer: wayBack(2),
    sign_out: {
        403: askedWith({ headers: { 'x-agizo-request': undefined } }),
        503: ({ staying }) => staying.fetch('/auth/logout', { method: 'POST' }),
    },
    sign_out_leave: { 303: leave },
    session_view: { 200: ownSession, 401: askedWith({}), 503: staleSession },
    backchannel_logout: {
        429: refusedUntil(429, () => form('/auth/backchannel-logout', { logout_token: 'x' })),
    },
};

/* --- the walk --- */

/* A service, and somebody signed in, whose database then takes nothing any more. */
async function startAway(store, start) {
    const server = store === sqlite ? undefined : await startPostgres();
    const database = await store.createDatabase(server);
    const service = await start({ database });
    provider.reset();
    const { browser } = await signedIn(service);
    if (server) await server.stop();
    const release = server ? () => server.close() : await database.holdWrites();
    return { service, browser, release };
}

async function loseTables(database) {
    const all = database.store === 'sqlite' ? "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'" : "select tablename from pg_tables where schemaname = 'public'";
    for (const [table] of await database.query(all)) await database.change(`alter table ${table} rename to gone_${table}`);
}

async function startWorld(store) {
    const gateway = keep(await startGateway());
    const settings = { ...signInSettings(provider, second), AGIZO_SMS_CALLBACK_SECRET: CALLBACK_SECRET };
    const start = (options) => startService({ store, identity: provider, ...options, settings: { ...settings, ...options.settings } });
    const [service, limited, broken, plain, alone] = await Promise.all([
        start({ gateway }), start({ settings: { AGIZO_LOGOUT_RATE: '1' } }), start({}), startService({ store, identity: provider }),
        start({ settings: { AGIZO_OIDC_ISSUER: 'http://127.0.0.1:9', AGIZO_OIDC2_ISSUER: 'http://127.0.0.1:19' }, waitReady: false }),
    ]);
    const away = await startAway(store, start);
    await loseTables(broken.database);
    const made = await order(service, { external_ref: 'the-first' });
    await reaches(service, made, 'accepted');
    const ids = { customer: made.customer_id, code: made.customer, order: made.id, message: made.message.id, ref: 'the-first' };
    return { service, limited, broken, plain, alone, away: away.service, staying: away.browser, gateway, ids, release: away.release };
}

describe('the description', () => {
    let document;
    let description;

    before(async () => {
        const service = await startService({ store: sqlite, identity: provider, settings: { ...signInSettings(provider), AGIZO_OIDC_DPOP: 'on' } });
        document = (await service.withToken(null).get('/openapi.json')).json;
        description = new Description(document);
    });

    it('is an OpenAPI 3.1 document', () => {
        const judge = officialSchema();
        assert.deepEqual(judge(document), []);
        assert.notDeepEqual(judge({ ...document, paths: { x: {} } }), []); /* it does judge */
    });

    it('has examples that are what they describe', () => {
        const examples = description.examples();
        assert.ok(examples.length > 100);
        for (const [what, schema, example] of examples) description.fits(schema, example, what);
        assert.throws(() => description.fits({ $ref: '#/components/schemas/Order' }, { id: 7 }, 'no order'));
    });

    it('names each operation once, says what it does, and who may ask', () => {
        const ids = description.operations.map(({ id }) => id);
        assert.deepEqual([...new Set(ids)], ids);
        const schemes = document.components.securitySchemes;
        assert.deepEqual(Object.keys(schemes).sort(), ['dpop', 'openid', 'session']);
        assert.equal(schemes.openid.openIdConnectUrl, `${provider.issuer}/.well-known/openid-configuration`);
        for (const { id, entry, guarded, statuses } of description.operations) {
            assert.ok(entry.summary, id);
            assert.equal(guarded, statuses.includes('401') && id !== 'session_view' && !id.startsWith('callback_'), id);
            if (guarded) assert.equal(entry.security.length, 3, id);
        }
    });

    it('refers to nothing that is not there, and has nothing that nothing refers to', () => {
        const text = JSON.stringify(document);
        const used = new Set([...text.matchAll(/"#\/components\/([^"]+)"/g)].map(([, path]) => path));
        for (const path of used) assert.ok(description.resolve({ $ref: `#/components/${path}` }), path);
        for (const kind of ['schemas', 'responses', 'headers']) {
            for (const name of Object.keys(document.components[kind])) assert.ok(used.has(`${kind}/${name}`), `${kind}/${name}`);
        }
    });
});

forEachStore((store) => {
    it('gives every answer that it declares, and no other', async (t) => {
        const world = await startWorld(store);
        const description = new Description((await world.service.withToken(null).get('/openapi.json')).json);
        const faults = [];
        const check = async ({ operation, status, declared }) => {
            try {
                const provoke = OWN[operation.id]?.[status] ?? BY_STATUS[status];
                assert.ok(provoke, 'nothing provokes it');
                const answer = await provoke(world, operation);
                description.judge(operation, answer);
                if (declared) assert.equal(String(answer.status), status, answer.text);
            } catch (error) {
                faults.push(`${operation.id} ${status}: ${error.message}`);
            }
        };
        const answers = description.operations.flatMap((operation) => operation.statuses.map((status) => ({ operation, status, declared: true })));
        assert.deepEqual(description.operations.map(({ id }) => id).sort(), Object.keys(REQUESTS).sort());
        /* What waits for somebody who never comes waits together. */
        const waits = [({ status }) => status === '504', ({ operation, status }) => status === '503' && !operation.guarded && operation.id !== 'session_view'];
        for (const wait of waits) await Promise.all(answers.filter(wait).map(check));
        for (const answer of answers) if (!waits.some((wait) => wait(answer))) await check(answer);
        /* What provokes an answer elsewhere must not provoke one here that nobody knows of. */
        const others = description.operations.flatMap((operation) => Object.keys({ ...BY_STATUS, ...OWN[operation.id] })
            .filter((status) => !operation.statuses.includes(status)).map((status) => ({ operation, status })));
        for (const other of others) await check(other);
        await world.release();
        t.diagnostic(`the contract on ${store.name}: ${description.operations.length} operations, ${answers.length} declared answers provoked, ${others.length} others not, ${faults.length} faults`);
        assert.deepEqual(faults, []);
    });
});
