// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * A PostgreSQL server of one's own: made by initdb in a temporary folder with its default settings, reached on a socket there.
 *
 * Default settings mean default durability: fsync and synchronous_commit are on. The server listens on no port. It ends with `stop`,
 * and dies with the process that started it even when that is killed. As root it runs as the user `postgres`, because it refuses root.
 * For programs that are no tests (the chaos run, the bench); the flow tests' own lives inside node:test and is not safe from a power cut.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const PACKAGES = '/usr/lib/postgresql'; /* where Debian keeps each version's programs */
const UP_WITHIN_MS = 30_000;
const POLL_MS = 50;

/** Folder of the server's programs: the newest version that Debian's packages installed, else what pg_config says. */
export function programs() {
    try {
        const versions = readdirSync(PACKAGES).sort((a, b) => Number(b) - Number(a));
        return join(PACKAGES, versions[0], 'bin');
    } catch {
        return execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim();
    }
}

/**
 * Starts a server.
 * @param {{settings?: Record<string, string | number>}} [options] of postgresql.conf
 * @returns {Promise<{address: string, folder: string, stop: () => Promise<void>}>} `address` is a connection string
 */
export async function startPostgres({ settings = {} } = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'agizo-postgres-'));
    const data = join(folder, 'data');
    if (process.getuid() === 0) chownSync(folder, numberOf('-u'), numberOf('-g'));
    const initdb = asServer([join(programs(), 'initdb'), '-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8']);
    execFileSync(initdb.file, initdb.args, { cwd: '/', stdio: ['ignore', 'ignore', 'inherit'] });
    const all = { listen_addresses: '', unix_socket_directories: folder, ...settings };
    const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = asServer([join(programs(), 'postgres'), '-D', data, ...flags]);
    const child = spawn(server.file, server.args, { cwd: '/', stdio: 'ignore' });
    await waitUntilUp(child, folder);
    return {
        address: `postgres://postgres@/postgres?host=${encodeURIComponent(folder)}`,
        folder,
        stop: () => stop(child, folder),
    };
}

function numberOf(flag) {
    return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
}

/* setpriv is part of util-linux, which every Debian has. */
function asServer(command) {
    const user = process.getuid() === 0 ? ['--reuid=postgres', '--regid=postgres', '--init-groups'] : [];
    return { file: 'setpriv', args: [...user, '--pdeathsig=QUIT', ...command] };
}

async function waitUntilUp(child, folder) {
    const deadline = Date.now() + UP_WITHIN_MS;
    while (child.exitCode === null && Date.now() < deadline) {
        try {
            execFileSync(join(programs(), 'pg_isready'), ['-q', '-h', folder]);
            return;
        } catch {
            await pause(POLL_MS);
        }
    }
    throw new Error('PostgreSQL did not come up');
}

async function stop(child, folder) {
    const ended = once(child, 'exit');
    child.kill('SIGINT'); /* "fast": ends the sessions that are left */
    await ended;
    rmSync(folder, { recursive: true, force: true });
}
