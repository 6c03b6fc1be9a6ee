// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What was measured on, with what: the lines without which a figure means nothing.
 */
import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

/** @returns {[string, string][]} rows of a table */
export function describeMachine({ program, postgres, settings }) {
    const text = (file, ...args) => execFileSync(file, args, { encoding: 'utf8' }).trim();
    const sql = (query) => text('psql', '-XAtq', '-d', postgres.address, '-c', query);
    const durability = ['fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method'].map((name) => `${name} ${sql(`show ${name}`)}`);
    const changed = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
    return [
        ['Date', new Date().toISOString().replace(/\.[0-9]+Z$/, 'Z')],
        ['Commit', commit(text)],
        ['Service', `${text(program, 'version')}, default settings`],
        ['Processor', `${cpus()[0].model.trim()}, ${cpus().length} cores`],
        ['Memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
        ['Kernel', `Linux ${release()}`],
        ['PostgreSQL', `${sql('show server_version')}; ${durability.join(', ')}; changed: ${changed.join(', ')}`],
        ['Load', `${wrkVersion()}; pgbench ${text('pgbench', '--version').split(' ')[2]}; all on the same machine`],
    ];
}

function commit(text) {
    try {
        return text('git', 'describe', '--always', '--dirty');
    } catch {
        return 'not under version control';
    }
}

/* wrk prints its version with its usage, and fails. */
function wrkVersion() {
    try {
        return execFileSync('wrk', ['-v'], { encoding: 'utf8' }).split(' Copyright')[0].trim();
    } catch (error) {
        return `${error.stdout}`.split(' Copyright')[0].trim();
    }
}
