// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The end of the service in bad company: clients that have only just connected, a database that does not answer.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SHIPPED, connectRaw, postgres, sqlite, startPostgres, startService } from './harness.mjs';

const WITHIN_MS = 10_000; /* SIGTERM to exit */

describe('SIGTERM', () => {
    /* While it is stopped, the kernel accepts connections for it; on waking it finds them and the signal at once. */
    it('answers everybody whom the kernel has already let in', async () => {
        const service = await startService({ store: sqlite, settings: { AGIZO_WORKERS: '1' } });
        service.signal('SIGSTOP');
        const lines = await Promise.all(Array.from({ length: 500 }, () => connectRaw(service.address)));
        await Promise.all(lines.map((line) => line.write('GET /v1/orders HTTP/1.1\r\nHost: a\r\n\r\n')));
        service.signal('SIGTERM');
        service.signal('SIGCONT');
        const answers = await Promise.all(lines.map((line) => line.answer()));
        assert.deepEqual(new Set(answers.map((answer) => answer?.status)), new Set([401]));
        assert.deepEqual(await service.exited, { code: 0, signal: null });
    });

    /* What is left to the end of the process counts as leaked in the sanitizers' builds. */
    it('is not held up by a database that hangs', { skip: !SHIPPED }, async () => {
        const server = await startPostgres();
        const service = await startService({ store: postgres, database: await postgres.createDatabase(server) });
        await service.post('/v1/customers', { code: 'C1', name: 'Asha', phone: '0712345678' });
        const backends = await server.query('postgres', "select pid from pg_stat_activity where application_name = 'agizo'");
        const [[postmaster]] = await server.query('postgres', "select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)");
        const all = [postmaster, ...backends.map(([pid]) => pid)].map(Number);
        all.forEach((pid) => process.kill(pid, 'SIGSTOP'));
        const client = service.freshClient({ roles: ['clerk'] });
        const order = () => client.post('/v1/orders', { customer: 'C1', item: 'Maize', amount: '250.00' });
        try {
            assert.equal((await order()).status, 503);
            const late = order();
            await service.admin('/livez'); /* sent after it, answered after it came */
            const start = Date.now();
            service.signal('SIGTERM');
            assert.deepEqual(await service.exited, { code: 0, signal: null });
            assert.ok(Date.now() - start < WITHIN_MS, `${Date.now() - start} ms`);
            assert.equal((await late).status, 503);
        } finally {
            all.forEach((pid) => process.kill(pid, 'SIGCONT'));
            client.close();
        }
    });
});
