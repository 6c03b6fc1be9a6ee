// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Who may do what: every route for every role and scope, and customers, who see only what is theirs.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { forEachStore, isProblem, startService } from './harness.mjs';

const SCOPES = [
    'customers:read', 'customers:write', 'orders:read', 'orders:write', 'messages:read', 'messages:write', 'imports:write', 'audit:read',
];
const READS = ['customers:read', 'orders:read', 'messages:read'];
const ROLES = {
    viewer: READS,
    clerk: [...READS, 'customers:write', 'orders:write'],
    manager: SCOPES,
    customer: READS,
};

/* [method, path with {kind} for the id of such a row, what is needed, status when allowed]. Creates are sent an empty object: 422
 * shows that the caller got as far as the body. */
const ROUTES = [
    ['GET', '/v1/customers', 'customers:read', 200],
    ['POST', '/v1/customers', 'customers:write', 422],
    ['GET', '/v1/customers/{customer}', 'customers:read', 200],
    ['GET', '/v1/orders', 'orders:read', 200],
    ['POST', '/v1/orders', 'orders:write', 422],
    ['GET', '/v1/orders/{order}', 'orders:read', 200],
    ['GET', '/v1/messages', 'messages:read', 200],
    ['GET', '/v1/messages/{message}', 'messages:read', 200],
];

forEachStore((store) => {
    let service;
    let ids;

    before(async () => {
        service = await startService({ store });
        ids = await rowsOf('C1');
        await rowsOf('C2');
    });

    async function rowsOf(code) {
        const { json: { id: customer } } = await service.post('/v1/customers', { code, name: `Customer ${code}`, phone: '0712345678' });
        const { json: { id: order, message } } = await service.post('/v1/orders', { customer: code, item: 'Maize', amount: '1' });
        return { customer, order, message: message.id };
    }

    function call(client, method, path) {
        const target = path.replace(/\{(\w+)\}/, (_, kind) => ids[kind]);
        return client.request(method, target, method === 'POST' ? { json: {} } : {});
    }

    async function check(client, allowed, who) {
        for (const [method, path, needed, status] of ROUTES) {
            const answer = await call(client, method, path);
            if (allowed.includes(needed)) {
                assert.equal(answer.status, status, `${who}: ${method} ${path}: ${answer.text}`);
            } else {
                isProblem(answer, 403, 'insufficient_scope');
                assert.equal(answer.headers['www-authenticate'], `Bearer error="insufficient_scope", scope="${needed}"`);
            }
        }
    }

    describe('nobody', () => {
        it('without credentials gets 401 on every route', async () => {
            for (const [method, path] of ROUTES) {
                const answer = await call(service.withToken(null), method, path);
                isProblem(answer, 401, 'no_credentials');
                assert.equal(answer.headers['www-authenticate'], 'Bearer');
            }
        });

        it('with a token that is none gets 401 with the reason', async () => {
            for (const [method, path] of ROUTES) {
                const answer = await call(service.withToken('not.a.token'), method, path);
                isProblem(answer, 401, 'invalid_token');
                assert.equal(answer.headers['www-authenticate'], 'Bearer error="invalid_token"');
            }
        });

        it('with credentials in another place or another form gets no further', async () => {
            const token = service.provider.token();
            const send = (headers, target = '/v1/orders') => service.withToken(null).get(target, { headers });
            isProblem(await send({ authorization: 'Basic YTpi' }), 401, 'no_credentials');
            isProblem(await send({ authorization: token }), 401, 'no_credentials');
            isProblem(await send({ authorization: 'Bearer' }), 401, 'invalid_token');
            isProblem(await send({ authorization: 'Bearer ' }), 401, 'invalid_token');
            isProblem(await send({ authorization: `Bearer ${token} ${token}` }), 401, 'invalid_token');
            isProblem(await send({ authorization: `Bearer ${token}, Bearer ${token}` }), 401, 'invalid_token');
            isProblem(await send({ authorization: [`Bearer ${token}`, `Bearer ${token}`] }), 400, 'invalid_request');
            isProblem(await send({}, `/v1/orders?access_token=${token}`), 401, 'no_credentials');
            isProblem(await send({ authorization: `Bearer ${token}` }, `/v1/orders?access_token=${token}`), 400, 'invalid_request');
            assert.equal((await send({ authorization: `bEARER   ${token}` })).status, 200);
        });

        it('learns nothing of parameters, bodies and rows before that', async () => {
            const refused = service.withToken(null);
            isProblem(await refused.get('/v1/orders?nonsense=1'), 401);
            isProblem(await refused.get('/v1/orders/01890000-0000-7000-8000-000000000000'), 401);
            isProblem(await refused.request('POST', '/v1/orders', { body: 'no json', type: 'text/plain' }), 401);
            isProblem(await service.as({ roles: ['viewer'] }).request('POST', '/v1/orders', { body: 'no json', type: 'text/plain' }), 403);
        });
    });

    describe('a person', () => {
        for (const [role, allowed] of Object.entries(ROLES)) {
            if (role === 'customer') continue;
            it(`with the role ${role} may what the role may`, () => check(service.as({ roles: [role] }), allowed, role));
        }

        it('with two roles may what either may', () => check(service.as({ roles: ['viewer', 'clerk'] }), ROLES.clerk, 'both'));
        it('without a role of ours may nothing', () => check(service.as({ roles: ['admin', 'Viewer', ''] }), [], 'none'));
        it('is cut down by the scopes of the token', async () => {
            await check(service.as({ roles: ['manager'], scope: 'openid orders:read' }), ['orders:read'], 'manager');
            await check(service.as({ roles: ['viewer'], scope: 'orders:write' }), [], 'viewer');
            await check(service.as({ roles: ['viewer'], scope: 'openid profile' }), READS, 'viewer');
        });
        it('gains nothing by scopes alone', () => check(service.as({ sub: 'user-1', client_id: 'app', scope: SCOPES.join(' ') }), [], 'person'));
    });

    describe('a service', () => {
        for (const scope of SCOPES) {
            it(`with the scope ${scope} may that alone`, () => check(service.as({ scope }), [scope], scope));
        }
        it('without scopes may nothing, whatever its roles', async () => {
            await check(service.as({ scope: undefined }), [], 'service');
            await check(service.as({ sub: 's', client_id: 's', roles: ['manager'], scope: undefined }), [], 'service');
        });
    });

    describe('a customer', () => {
        const me = (code = 'C1') => service.as({ roles: ['customer'], customer_code: code });

        it('reads what is theirs, and writes nothing', () => check(me(), READS, 'customer'));

        it('finds only what is theirs in lists, whatever the filter', async () => {
            for (const list of ['customers', 'orders', 'messages']) {
                for (const query of ['', '?customer=C1', '?customer=c1', '?limit=200']) {
                    const { json } = await me().get(`/v1/${list}${query}`);
                    assert.deepEqual(json.data.map((row) => row.customer ?? row.code), ['C1'], `${list}${query}`);
                }
                const other = await me().get(`/v1/${list}?customer=C2`);
                assert.deepEqual(other.json, { data: [], has_more: false });
            }
        });

        it('cannot tell what belongs to others from what is not there', async () => {
            const missing = '01890000-0000-7000-8000-000000000000';
            for (const [method, path, needed, status] of ROUTES.filter(([, p]) => p.includes('{'))) {
                assert.equal((await call(service.as({ roles: ['customer'], customer_code: 'c1' }), method, path)).status, status, needed);
                const foreign = await call(me('C2'), method, path);
                const absent = await me('C2').get(path.replace(/\{\w+\}/, missing));
                isProblem(foreign, 404, 'not_found');
                const shape = ({ headers, json }) => [Object.keys(headers).sort(), { ...json, instance: '', request_id: '' }];
                assert.deepEqual(shape(foreign), shape(absent));
                const known = await me('C2').get(path.replace(/\{(\w+)\}/, (_, kind) => ids[kind]), { headers: { 'if-none-match': '*' } });
                isProblem(known, 404, 'not_found');
            }
        });

        it('sees nothing under a code that does not exist, and is refused without one', async () => {
            assert.deepEqual((await me('nobody').get('/v1/orders')).json.data, []);
            await check(service.as({ roles: ['customer'] }), [], 'customer without code');
        });

        it('who is also something else is not bound', async () => {
            const { json } = await service.as({ roles: ['customer', 'viewer'], customer_code: 'C1' }).get('/v1/orders');
            assert.equal(json.data.length, 2);
        });
    });
});
