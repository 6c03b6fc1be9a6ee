// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * docs/operations.md says what the tables of the source say: every metric, and every log event that the source writes.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';

const root = new URL('../../', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');
const doc = read('docs/operations.md');

function groups(text, pattern) {
    const found = [...text.matchAll(pattern)].map((match) => match.slice(1));
    assert.ok(found.length > 0, `nothing looks like ${pattern}`);
    return found;
}

function sources() {
    return readdirSync(new URL('src/', root), { recursive: true }).filter((name) => name.endsWith('.c')).map((name) => read(`src/${name}`)).join('\n');
}

describe('docs/operations.md', () => {
    it('has every metric, and no other', () => {
        const metrics = groups(read('src/obs/metrics.def'), /^METRIC\(\w+, \w+, "(\w+)"/gm);
        assert.deepEqual(groups(doc, /^\| `(agizo_\w+)` \|/gm), metrics);
    });

    it('has every event that is written, with its level, and no other', () => {
        const code = sources();
        const written = groups(read('src/obs/log.def'), /^LOG_EVENT\((\w+), LOG_(\w+), "([\w.]+)"\)/gm)
            .filter(([name]) => new RegExp(`\\bLOG_${name}\\b`).test(code))
            .map(([, level, event]) => [event, level.toLowerCase()]);
        assert.deepEqual(groups(doc, /^\| `([a-z]+(?:\.[a-z_]+)?)` \| (debug|info|warn|error) \|/gm), written);
    });
});
