// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The program's life: its commands and settings, start, readiness, neighbours that are away, the end.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
    SHIPPED, connectRaw, forEachStore, freshCode, inTime, isProblem, keep, postgres, runProgram, sharedProvider, sqlite, startPostgres, startService, until,
} from './harness.mjs';
import { startMisbehaving } from '../../dev/misbehaving.mjs';

const CLIENTS = 32;

async function addCustomer(service) {
    const made = await service.post('/v1/customers', { code: 'C1', name: 'Asha' });
    assert.equal(made.status, 201, made.text);
}

function order(members) {
    return { customer: 'C1', item: 'Maize', amount: '250.00', ...members };
}

describe('the command', () => {
    it('version prints it', async () => {
        const { code, stdout } = await runProgram(['version']);
        assert.equal(code, 0);
        assert.match(stdout, /^agizo \d+\.\d+\.\d+\S*\n$/);
    });

    it('--help lists commands and settings', async () => {
        const { code, stdout } = await runProgram(['--help']);
        assert.equal(code, 0);
        for (const word of ['serve', 'migrate', 'check-config', 'version', 'AGIZO_LISTEN', 'AGIZO_DATABASE']) assert.ok(stdout.includes(word), word);
    });

    it('that does not exist is 2', async () => {
        for (const args of [[], ['start'], ['Serve']]) assert.equal((await runProgram(args)).code, 2);
    });

    it('check-config prints the settings without the secrets', async () => {
        const folder = mkdtempSync(join(tmpdir(), 'agizo-config-'));
        const file = join(folder, 'key');
        writeFileSync(file, 'hush-in-a-file\n');
        const { code, stdout } = await runProgram(['check-config', '--workers=3'], {
            AGIZO_DATABASE: 'postgres://agizo:hush-in-a-url@db/agizo', AGIZO_AT_API_KEY_FILE: file, AGIZO_OIDC_CLIENT_SECRET: 'hush-in-the-open',
        });
        rmSync(folder, { recursive: true });
        assert.equal(code, 0);
        assert.ok(!stdout.includes('hush'), stdout);
        assert.match(stdout, /"workers":\s*3/);
    });

    it('serve with a setting that cannot be used is 2, with one line that shows no secret', async () => {
        const bad = [
            [{ AGIZO_WORKERS: 'hush' }, 'AGIZO_WORKERS'], [{ AGIZO_WORKERS: '257' }, 'AGIZO_WORKERS'], [{ AGIZO_LOG_LEVEL: 'loud' }, 'AGIZO_LOG_LEVEL'],
            [{ AGIZO_PASSWORD: 'hush' }, 'AGIZO_PASSWORD'], [{ AGIZO_AT_API_KEY_FILE: '/nowhere/hush' }, 'AGIZO_AT_API_KEY'], [{ AGIZO_AT_API_KEY: 'hush\n' }, 'AGIZO_AT_API_KEY'],
            [{ AGIZO_SMS_TIMEOUT: '-1' }, 'AGIZO_SMS_TIMEOUT'],
        ];
        for (const [settings, name] of bad) {
            const { code, lines } = await runProgram(['serve'], { AGIZO_DATABASE: 'sqlite:/nowhere/hush.db', ...settings });
            assert.equal(code, 2, JSON.stringify(settings));
            assert.equal(lines.length, 1, JSON.stringify(lines));
            assert.ok(lines[0].text.includes(name), lines[0].text);
            assert.ok(!lines[0].text.includes('hush'), lines[0].text);
        }
    });

    it('serve with a setting that can never work fails, with a line that says which and shows no secret', async () => {
        const bad = [
            { AGIZO_DATABASE: 'mysql://agizo:hush@db/agizo' }, { AGIZO_DATABASE: 'sqlite:/nowhere/at/all/agizo.db' }, { AGIZO_LISTEN: 'nowhere' },
            { AGIZO_LISTEN: '127.0.0.1:99999' }, { AGIZO_LISTEN: '127.0.0.1:' }, { AGIZO_LISTEN: ':8080' }, { AGIZO_LISTEN: '127.0.0.1:http' }, { AGIZO_LISTEN: '192.0.2.1:8080' }, { AGIZO_SMS_GATEWAY: 'pigeon' }, { AGIZO_SMS_GATEWAY: 'africastalking' },
            { AGIZO_OIDC_ISSUER: 'not a url' }, { AGIZO_OIDC_ALGORITHMS: 'none' }, { AGIZO_OIDC_PROFILE: 'relaxed' },
        ];
        const { url } = await sqlite.createDatabase();
        for (const settings of bad) {
            const { code, lines } = await runProgram(['serve'], {
                AGIZO_LISTEN: '127.0.0.1:0', AGIZO_ADMIN_LISTEN: '127.0.0.1:0', AGIZO_DATABASE: url, AGIZO_OIDC_ISSUER: 'http://127.0.0.1:9', ...settings,
            });
            const shown = `${JSON.stringify(settings)}: ${JSON.stringify(lines)}`;
            assert.ok(code === 1 || code === 2, `${code} ${shown}`);
            assert.equal(lines.filter(({ level, why }) => level === 'error' && why).length, 1, shown);
            assert.ok(!JSON.stringify(lines).includes('hush'), shown);
        }
    });
});

forEachStore((store) => {
    describe('start', () => {
        it('on an empty database makes its tables; the command migrate does so before', async () => {
            const database = await store.createDatabase();
            const { code } = await runProgram(['migrate'], { AGIZO_DATABASE: database.url });
            assert.equal(code, 0);
            assert.equal(await database.count('orders'), 0);
            assert.equal((await runProgram(['migrate'], { AGIZO_DATABASE: database.url })).code, 0);
            const service = await startService({ store, database });
            assert.deepEqual(service.events('migration.applied'), []);
            await service.stop();
        });

        it('comes back to what it left', async () => {
            const service = await startService({ store });
            await addCustomer(service);
            const made = await service.post('/v1/orders', order());
            await service.restart();
            assert.equal((await service.get(made.headers.location)).json.id, made.json.id);
            await service.kill();
            await service.start();
            await service.ready();
            assert.equal((await service.get(made.headers.location)).json.id, made.json.id);
            await service.stop();
        });

        it('fails on a port that is taken, with one line', async () => {
            const holder = keep(createServer()).listen(0, '127.0.0.1');
            await until('the port is held', () => holder.listening);
            const taken = `127.0.0.1:${holder.address().port}`;
            const { url } = await store.createDatabase();
            for (const settings of [{ AGIZO_LISTEN: taken, AGIZO_ADMIN_LISTEN: '127.0.0.1:0' }, { AGIZO_LISTEN: '127.0.0.1:0', AGIZO_ADMIN_LISTEN: taken }]) {
                const { code, lines } = await runProgram(['serve'], { AGIZO_DATABASE: url, ...settings });
                assert.equal(code, 1);
                assert.deepEqual(lines.map(({ event }) => event), ['service.failed']);
                assert.equal(lines[0].listen, taken);
            }
        });

        it('on SQLite answers within 100 ms', { skip: store !== sqlite || !SHIPPED }, async (test) => {
            const times = [];
            for (let i = 0; i < 5; i++) {
                const database = await store.createDatabase();
                const start = performance.now();
                const service = await startService({ store, database, waitReady: false });
                isProblem(await service.withToken(null).get('/v1/orders'), 401);
                times.push(performance.now() - start);
                await service.kill();
            }
            const best = Math.min(...times);
            test.diagnostic(`start to first answer: ${times.map((ms) => ms.toFixed(1)).join(', ')} ms`);
            assert.ok(best < 100, `${best} ms`);
        });

        it('takes less than 20 MB when idle', { skip: !SHIPPED }, async (test) => {
            const service = await startService({ store });
            const resident = () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))[1]);
            const atStart = resident();
            await addCustomer(service);
            for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: CLIENTS }, () => service.post('/v1/orders', order())));
            test.diagnostic(`resident: ${atStart} kB at start, ${resident()} kB after 640 orders`);
            assert.ok(atStart < 20 * 1024, `${atStart} kB`);
            assert.ok(resident() < 20 * 1024, `${resident()} kB`);
            await service.stop();
        });
    });

    describe('readiness', () => {
        it('says what is there', async () => {
            const service = await startService({ store });
            assert.deepEqual((await service.admin('/livez')).json, { status: 'alive' });
            const ready = await service.admin('/readyz');
            assert.equal(ready.status, 200);
            assert.deepEqual(ready.json, { status: 'ready', checks: { database: 'ok', keys: 'ok' }, sms: { hold: 'flows' } });
            await service.stop();
        });

        it('waits for a provider that is down at the start', async () => {
            const identity = keep(await startMisbehaving());
            await identity.down();
            const service = await startService({ store, identity, waitReady: false });
            assert.equal((await service.admin('/livez')).status, 200);
            await until('the database is there', async () => (await service.readiness()).checks.database === 'ok');
            const ready = await service.admin('/readyz');
            assert.equal(ready.status, 503);
            assert.deepEqual(ready.json, { status: 'unavailable', checks: { database: 'ok', keys: 'unavailable' }, sms: { hold: 'flows' } });
            const refused = await service.get('/v1/orders');
            isProblem(refused, 503, 'unavailable');
            assert.equal(refused.headers['retry-after'], '1');
            await identity.up();
            await service.ready();
            assert.equal((await service.get('/v1/orders')).status, 200);
            await service.stop();
        });
    });

    describe('the end', () => {
        /* Posts orders on one connection until the service says it is the last; every request has to be answered. */
        async function postUntilClosed(service, answers) {
            const line = await connectRaw(service.address);
            const token = service.provider.token();
            for (;;) {
                const body = JSON.stringify(order());
                await line.write(`POST /v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
                    + `Content-Length: ${body.length}\r\n\r\n${body}`);
                const answer = await line.answer();
                answers.push(answer);
                if (!answer || answer.headers.connection === 'close') break;
            }
            line.end();
        }

        it('by SIGTERM under load answers every request, and is 0 within 10 s', async (test) => {
            const service = await startService({ store });
            await addCustomer(service);
            const answers = [];
            const clients = Array.from({ length: CLIENTS }, () => postUntilClosed(service, answers));
            await until('load', () => answers.length > 200);
            const start = Date.now();
            const ended = service.stop();
            await inTime('the clients', Promise.all(clients), 10_000);
            assert.deepEqual(await ended, { code: 0, signal: null });
            test.diagnostic(`${answers.length} requests, ended after ${Date.now() - start} ms`);
            assert.ok(Date.now() - start < 10_000);
            assert.deepEqual(new Set(answers.map((answer) => answer?.status)), new Set([201]));
            assert.equal(await service.count('orders'), answers.length);
            assert.equal(await service.count('messages'), answers.length);
        });

        it('does not wait for idle clients', async () => {
            const service = await startService({ store });
            const idle = await Promise.all(Array.from({ length: 20 }, () => connectRaw(service.address)));
            const halfway = await connectRaw(service.address);
            await halfway.write('POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n{');
            const start = Date.now();
            assert.deepEqual(await service.stop(), { code: 0, signal: null });
            assert.ok(Date.now() - start < 10_000);
            for (const line of [...idle, halfway]) {
                await line.closed(1000);
                line.end();
            }
        });

        it('by a second signal comes at once', async () => {
            for (const signal of ['SIGTERM', 'SIGINT']) {
                const service = await startService({ store });
                const idle = await connectRaw(service.address);
                service.signal('SIGTERM');
                await service.logged('service.stopping');
                const start = Date.now();
                assert.deepEqual(await service.stop(signal), { code: null, signal });
                assert.ok(Date.now() - start < 900, 'before it would have ended by itself');
                idle.end();
            }
        });

        it('is told in the log', async () => {
            const service = await startService({ store });
            assert.deepEqual(await service.stop('SIGINT'), { code: 0, signal: null });
            assert.equal(service.events('service.stopping').length, 1);
            assert.equal(service.log.at(-1).event, 'service.stopped');
        });
    });
});

describe('PostgreSQL', { skip: process.env.AGIZO_TEST_STORE === 'sqlite' }, () => {
    let server;
    before(async () => {
        await sharedProvider();
        server = await startPostgres();
    });
    after(() => server.close());

    it('may be down at the start', async () => {
        const database = await postgres.createDatabase(server);
        await server.stop();
        const service = await startService({ store: postgres, database, waitReady: false });
        assert.equal((await service.admin('/livez')).status, 200);
        await until('the keys are there', async () => (await service.readiness()).checks.keys === 'ok');
        assert.deepEqual(await service.readiness(), { status: 'unavailable', checks: { database: 'unavailable', keys: 'ok' }, sms: { hold: 'flows' } });
        for (const refused of [await service.get('/v1/orders'), await service.post('/v1/orders', order())]) {
            isProblem(refused, 503, 'unavailable');
            assert.equal(refused.headers['retry-after'], '1');
        }
        await server.start();
        await service.ready();
        await addCustomer(service);
        assert.equal((await service.post('/v1/orders', order())).status, 201);
        await service.stop();
    });

    for (const mode of ['fast', 'immediate']) {
        it(`may be stopped (${mode}) and started under load: no 500, nothing lost, nothing doubled`, async (test) => {
            const service = await startService({ store: postgres, database: await postgres.createDatabase(server) });
            await addCustomer(service);
            const statuses = new Map();
            const made = new Map(); /* key → id */
            let going = true;
            const count = ({ status }) => statuses.set(status, (statuses.get(status) ?? 0) + 1);

            /* Each order is asked for until it is made, under one key, as a careful client does. */
            async function client() {
                while (going) {
                    const key = freshCode('k');
                    for (;;) {
                        const answer = await service.post('/v1/orders', order({ external_ref: key }), { key });
                        count(answer);
                        if (answer.status === 201) {
                            made.set(key, answer.json.id);
                            break;
                        }
                        assert.equal(answer.status, 503, answer.text);
                        assert.equal(answer.headers['retry-after'], '1');
                    }
                    const seen = await service.get(`/v1/orders/${made.get(key)}`);
                    count(seen);
                    assert.ok([200, 503].includes(seen.status), seen.text);
                }
            }

            const clients = Array.from({ length: CLIENTS }, client);
            await until('load', () => made.size > 300);
            await server.stop(mode);
            await until('refusals', () => statuses.get(503) > 0);
            assert.equal((await service.admin('/livez')).status, 200);
            await until('not ready', async () => (await service.readiness()).checks.database === 'unavailable');
            await server.start();
            const back = Date.now();
            const before = made.size;
            await until('orders again', () => made.size > before + 300);
            test.diagnostic(`${Date.now() - back} ms from its return to 300 orders more; ${JSON.stringify([...statuses])}`);
            going = false;
            await Promise.all(clients);
            await service.ready();
            assert.deepEqual([...statuses.keys()].sort(), [200, 201, 503]);
            const rows = await service.query('select external_ref, id from orders');
            assert.deepEqual(new Map(rows), made);
            assert.equal(rows.length, made.size);
            assert.equal(await service.count('messages'), made.size);
            await service.stop();
        });
    }
});
