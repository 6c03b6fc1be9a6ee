// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The outbox when the service dies, freezes or loses its sense of time: what was promised goes out, and nothing twice.
 *
 * Nobody waits for a lease of half a minute here: it is moved into the past behind the service's back.
 */
import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'node:test';
import { startGateway } from '../../dev/gateway.mjs';
import {
    acceptedFor, countIn, create, forEachStore, freshCode, freshNumber, isProblem, keep, message, order, reaches, sendsFor, startService, states, until,
} from './harness.mjs';

const HOUR_MS = 3_600_000;

forEachStore((store) => {
    const sqlite = store.name === 'sqlite';
    let gateway;
    let service;
    before(async () => {
        gateway = keep(await startGateway());
        service = await startService({ store, gateway });
    });
    afterEach(() => gateway.reset());

    const hexId = (id) => (sqlite ? `x'${id.replaceAll('-', '')}'` : `'${id}'`);
    const change = ({ message: { id } }, what) => service.database.change(`update messages set ${what} where id = ${hexId(id)}`);
    const endLease = (made) => change(made, `lease_until = ${sqlite ? 1 : "'2000-01-01'"}`);
    const resend = ({ message: { id } }) => service.as({ roles: ['manager'] }).request('POST', `/v1/messages/${id}/resend?unknown=true`);

    /** Its order's message is with the gateway, which does not answer. */
    async function stalled() {
        const phone = freshNumber();
        gateway.control({ mode: 'stall', to: phone });
        const made = await order(service, { phone });
        await until('it is with the gateway', () => sendsFor(gateway, made).length > 0);
        return made;
    }

    async function restart() {
        await service.start();
        await service.ready();
    }

    it('O01 a refused order has no message and no SMS', async () => {
        const code = freshCode();
        const phone = freshNumber();
        await create(service, 'customers', { code, name: 'Wanjiru', phone });
        await create(service, 'orders', { customer: code, item: 'Tea', amount: '1', external_ref: `Ref ${code}` });
        const before = [await service.count('orders'), await service.count('messages')];
        const post = (members) => service.post('/v1/orders', { customer: code, item: 'Tea', amount: '1', ...members });
        isProblem(await post({ external_ref: `Ref ${code}` }), 409, 'external_ref_taken');
        isProblem(await post({ customer: 'NoSuch' }), 422, 'unknown_customer');
        isProblem(await post({ amount: '-1' }), 422, 'invalid');
        /* Together with good ones, in one transaction of the store. */
        const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => post(i % 2 ? { external_ref: `Ref ${code}` } : {})));
        assert.equal(answers.filter(({ status }) => status === 201).length, 10);
        assert.deepEqual([await service.count('orders'), await service.count('messages')], before.map((count) => count + 10));
        await until('all are sent', () => gateway.accepted().filter(({ to }) => to === phone).length === 11);
        assert.equal((await service.query(`select count(*) from messages m where not exists (select 1 from orders o where o.id = m.order_id)`))[0][0], '0');
        assert.equal((await service.query(`select count(*) from orders o where not exists (select 1 from messages m where m.order_id = o.id)`))[0][0], '0');
    });

    it('O02 what was committed and not yet claimed goes out after a crash', async () => {
        const switched = (sending) => service.as({ roles: ['manager'] }).request('PUT', '/v1/gateway', { json: { sending } });
        await switched(false);
        const made = [];
        for (let i = 0; i < 5; i++) made.push(await order(service));
        await service.kill();
        await restart();
        for (const one of made) assert.deepEqual([(await message(service, one)).state, sendsFor(gateway, one).length], ['queued', 0]);
        await switched(true);
        for (const one of made) assert.equal((await reaches(service, one, 'accepted')).attempts, 1);
        for (const one of made) assert.equal(acceptedFor(gateway, one).length, 1);
    });

    describe('O03 a crash', () => {
        it('O03 between the call and its answer leaves an unknown message, which is not sent again', async () => {
            const made = await stalled();
            assert.equal((await message(service, made)).state, 'sending');
            await service.kill();
            gateway.reset();
            await restart();
            assert.equal((await message(service, made)).state, 'sending');
            await endLease(made);
            const seen = await reaches(service, made, 'unknown');
            assert.deepEqual(states(seen), ['queued', 'sending', 'unknown']);
            assert.match(seen.failure, /lease/);
            await reaches(service, await order(service), 'accepted');
            assert.equal(sendsFor(gateway, made).length, 1);
            assert.ok((await service.metrics()).agizo_sms_lost_total >= 1);
            await service.logged('sms.lease_lost');
        });

        it('O03 between the answer and our note of it, likewise', async () => {
            const phone = freshNumber();
            gateway.control({ mode: 'normal', to: phone, delayMs: 300 });
            const made = await order(service, { phone });
            await until('it is with the gateway', () => sendsFor(gateway, made).length > 0);
            const release = await service.database.holdWrites();
            await until('it was answered', () => gateway.stats().inFlight === 0);
            await service.kill();
            /* Its transaction is whole at the server, and waits: it would be carried out even now. */
            if (!sqlite) await service.query('select pg_terminate_backend(pid) from pg_locks where not granted');
            await release();
            gateway.reset();
            await restart();
            assert.equal((await message(service, made)).state, 'sending');
            await endLease(made);
            const seen = await reaches(service, made, 'unknown');
            assert.ok(!('provider_id' in seen));
            assert.equal(acceptedFor(gateway, made).length, 1);
        });
    });

    it('O04 copies of the service claim no message twice', { skip: sqlite && 'one copy owns a SQLite file' }, async () => {
        const orders = 400;
        const peer = keep(await startGateway());
        const first = await startService({ store, gateway: peer, settings: { AGIZO_WORKERS: '1' } });
        const more = await Promise.all([1, 2].map(() => startService({ store, gateway: peer, database: first.database, settings: { AGIZO_WORKERS: '1' } })));
        const copies = [first, ...more];
        const code = freshCode();
        await create(first, 'customers', { code, name: 'Wanjiru', phone: freshNumber() });
        const made = await Promise.all(Array.from({ length: orders }, (_, i) => create(copies[i % 3], 'orders', { customer: code, item: 'Tea', amount: '10' })));
        await until('all are accepted', async () => await countIn(first, 'accepted') === orders);
        assert.deepEqual([peer.journal().length, peer.accepted().length, new Set(peer.accepted().map(({ key }) => key)).size], [orders, orders, orders]);
        assert.equal(made.length, orders);
        for (const copy of copies) await copy.close();
    });

    it('O05 a frozen copy that wakes behind its lease is refused', { skip: sqlite && 'one copy owns a SQLite file' }, async () => {
        const peer = keep(await startGateway());
        const frozen = await startService({ store, gateway: peer });
        const phone = freshNumber();
        peer.control({ mode: 'normal', to: phone, delayMs: 300 });
        const made = await order(frozen, { phone });
        await until('it is with the gateway', () => sendsFor(peer, made).length > 0);
        frozen.signal('SIGSTOP');
        const second = await startService({ store, gateway: peer, database: frozen.database });
        await frozen.database.change(`update messages set lease_until = '2000-01-01' where id = '${made.message.id}'`);
        await reaches(second, made, 'unknown');
        frozen.signal('SIGCONT');
        await frozen.logged('sms.lease_lost');
        const seen = await message(second, made);
        assert.deepEqual(states(seen), ['queued', 'sending', 'unknown']);
        assert.ok(!('provider_id' in seen));
        assert.equal(sendsFor(peer, made).length, 1);
        await frozen.close();
        await second.close();
    });

    it('O12 a message over which the service dies three times is sent no more; the others are', async () => {
        const made = await stalled();
        for (let death = 1; death <= 3; death++) {
            const other = await order(service);
            await reaches(service, other, 'accepted');
            await service.kill();
            await restart();
            await endLease(made);
            await reaches(service, made, 'unknown');
            const answer = await resend(made);
            if (death === 3) {
                isProblem(answer, 409, 'quarantined');
                break;
            }
            assert.equal(answer.status, 200, answer.text);
            await until('it is with the gateway again', () => sendsFor(gateway, made).length === death + 1);
        }
        gateway.reset();
        await reaches(service, await order(service), 'accepted');
        assert.equal(sendsFor(gateway, made).length, 3);
        /* Nor by a way round. */
        const manager = service.as({ roles: ['manager'] });
        assert.equal((await manager.post(`/v1/messages/${made.message.id}/settle`, { state: 'failed' })).status, 200);
        isProblem(await resend(made), 409, 'quarantined');
        const { json } = await manager.post('/v1/messages/resend', { state: 'failed', customer: made.customer, dry_run: false });
        assert.deepEqual(json, { matched: 0, resent: 0, dry_run: false });
    });

    it('O19 with its clock an hour back nothing is sent twice', async () => {
        const phone = freshNumber();
        const accepted = await order(service);
        await reaches(service, accepted, 'accepted');
        gateway.control({ mode: 'truncated', to: phone, next: 1 });
        const unknown = await order(service, { phone });
        await reaches(service, unknown, 'unknown');
        const sending = await stalled();
        await service.kill();
        gateway.reset();
        /* To a clock that was set back, all that was written lies ahead. */
        const later = (column) => `${column} = ${column} + ${sqlite ? HOUR_MS : "interval '1 hour'"}`;
        await service.database.change(`update messages set ${['due_at', 'turn_at', 'lease_until', 'expires_at', 'attempted_at', 'created_at'].map(later).join()} where state <> 'queued'`);
        await restart();
        const fresh = await order(service, { phone });
        await reaches(service, fresh, 'accepted');
        assert.deepEqual([accepted, unknown, sending].map((made) => sendsFor(gateway, made).length), [1, 2, 1]); /* the fresh one went to the unknown one's number */
        assert.deepEqual([(await message(service, accepted)).state, (await message(service, unknown)).state, (await message(service, sending)).state], ['accepted', 'unknown', 'sending']);
        await endLease(sending);
        await reaches(service, sending, 'unknown');
        assert.equal(sendsFor(gateway, sending).length, 1);
    });
});
