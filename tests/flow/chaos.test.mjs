// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The chaos run in short: a few kills on each store. `make chaos` is the long one, and waits for leases as well.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runTrial } from '../chaos/trial.mjs';

const KILLS = 5;
const SEED = 20260301;

describe('kill -9 under load', () => {
    for (const store of ['sqlite', 'postgres']) {
        it(`breaks no promise on ${store}`, async (test) => {
            const { findings, orders } = await runTrial({
                program: process.env.AGIZO_BIN ?? 'build/agizo', store, kills: KILLS, seed: SEED, connections: 24, leases: false,
            });
            for (const { id, title, wrong, of } of findings) test.diagnostic(`${id} ${title}: ${wrong.length} of ${of}`);
            assert.ok(orders > 0, 'no order was posted');
            assert.deepEqual(findings.filter(({ wrong }) => wrong.length > 0), []);
        });
    }
});
