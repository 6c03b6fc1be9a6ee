// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The table of `make mutation` fits the tree: a row whose text is gone would test nothing, and a new refusal without a row nobody would miss.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { faultsOf, loadRows } from '../mutation/table.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('the table of mutations', () => {
    it('fits the tree', async () => {
        assert.deepEqual(faultsOf(await loadRows(), ROOT), []);
    });

    it('has each reason to refuse a token', async () => {
        const names = readFileSync(join(ROOT, 'src/auth/refusal.def'), 'utf8').matchAll(/^REFUSAL\((\w+),/gm);
        const wanted = [...names].map(([, name]) => `REFUSAL_${name}`).filter((name) => name !== 'REFUSAL_NONE');
        const texts = (await loadRows()).map(({ from }) => from).join('\n');
        assert.ok(wanted.length > 0);
        assert.deepEqual(wanted.filter((name) => !new RegExp(`\\b${name}\\b`).test(texts)), []);
    });
});

describe('the judge of the table', () => {
    const good = { id: 'a', file: 'src/a.c', from: 'if (bad) return false;', to: '', units: ['test_a'], flows: ['a#first'], store: 'sqlite' };
    const wrong = [
        ['another text', { from: 'if (worse)' }, 'a: its text occurs 0 times in src/a.c: if (worse)'],
        ['a text that occurs twice', { from: 'return' }, 'a: its text occurs 2 times in src/a.c: return'],
        ['another file', { file: 'src/b.c' }, 'a: there is no src/b.c'],
        ['no change', { to: good.from }, 'a: it changes nothing'],
        ['a change forgotten', { to: undefined }, 'a: it changes nothing'],
        ['no witness', { units: [], flows: [] }, 'a: nothing could kill it'],
        ['another unit program', { units: ['test_b'] }, 'a: there is no tests/unit/test_b.c'],
        ['another flow file', { flows: ['b'] }, 'a: there is no tests/flow/b.test.mjs'],
        ['another store', { store: 'none' }, 'a: there is no store none'],
    ];
    let root;

    before(() => {
        root = mkdtempSync(join(tmpdir(), 'agizo-table-'));
        for (const folder of ['src', 'tests/unit', 'tests/flow']) mkdirSync(join(root, folder), { recursive: true });
        writeFileSync(join(root, 'src/a.c'), 'if (bad) return false;\nreturn true;\n');
        writeFileSync(join(root, 'tests/unit/test_a.c'), '');
        writeFileSync(join(root, 'tests/flow/a.test.mjs'), '');
    });

    after(() => rmSync(root, { recursive: true, force: true }));

    it('takes a row that fits', () => {
        assert.deepEqual(faultsOf([good], root), []);
    });

    for (const [what, change, fault] of wrong) {
        it(`finds ${what}`, () => assert.deepEqual(faultsOf([{ ...good, ...change }], root), [fault]));
    }

    it('finds two rows of one id', () => {
        assert.deepEqual(faultsOf([good, good], root), ['a: two rows have this id']);
    });
});
