// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The sender's chaos run in short: some dozen faults of the gateway on each store, among kills. `make chaos` is the long one, in which leases end
 * and a copy freezes as well.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runSenderTrial } from '../chaos/sender_trial.mjs';

const FAULTS = 24;
const SEED = 20260301;

describe('a gateway that fails while copies die', { concurrency: true }, () => {
    for (const store of ['sqlite', 'postgres']) {
        it(`gets no SMS twice, and none is lost without a word on ${store}`, async (test) => {
            const { findings } = await runSenderTrial({
                program: process.env.AGIZO_BIN ?? 'build/agizo', store, faults: FAULTS, seed: SEED, leases: false,
            });
            for (const { id, title, wrong, of } of findings) test.diagnostic(`${id} ${title}: ${wrong.length} of ${of}`);
            assert.deepEqual(findings.filter(({ wrong }) => wrong.length > 0), []);
        });
    }
});
