// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The service under test as a process that is started, killed and started again on the same ports.
 *
 * Its log goes to a file of its own. A service that is still there when this process exits is killed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { LOOPBACK, listen } from '../../dev/command.mjs';

const READY_WITHIN_MS = 20_000;
const READY_POLL_MS = 2;
const END_WITHIN_MS = 10_000;

export class Service {
    #program;
    #settings;
    #admin;
    #logFile;
    #logPath;
    #child;

    /**
     * @param {string} program the binary
     * @param {Record<string, string>} settings AGIZO_… without the two addresses
     * @param {string} log path of its log
     */
    static async make(program, settings, log) {
        const service = new Service();
        const [api, admin] = await freePorts(2);
        service.#program = program;
        service.url = `http://${LOOPBACK}:${api}`;
        service.#admin = `http://${LOOPBACK}:${admin}`;
        service.#settings = { ...cleanEnvironment(), AGIZO_LISTEN: `${LOOPBACK}:${api}`, AGIZO_ADMIN_LISTEN: `${LOOPBACK}:${admin}`, ...settings };
        service.#logPath = log;
        service.#logFile = openSync(log, 'a');
        process.on('exit', () => service.#child?.kill('SIGKILL'));
        return service;
    }

    /** Starts the process; resolves when it runs, not when it is ready. */
    async start() {
        this.#child = spawn(this.#program, ['serve'], { env: this.#settings, stdio: ['ignore', 'ignore', this.#logFile] });
        await once(this.#child, 'spawn');
    }

    /** Resolves when /readyz says so; throws when the process ended or took too long. */
    ready() {
        return this.#wait('/readyz');
    }

    /** Resolves when anything is answered, which is before it is ready. */
    answers() {
        return this.#wait('/livez');
    }

    get pid() {
        return this.#child.pid;
    }

    get adminUrl() {
        return this.#admin;
    }

    /** The value of one series of /metrics; NaN when it is not there. */
    async metric(series) {
        const reply = await fetch(`${this.#admin}/metrics`);
        const line = (await reply.text()).split('\n').find((text) => text.startsWith(`${series} `));
        return Number(line?.slice(series.length + 1));
    }

    async #wait(path) {
        for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline;) {
            if (this.#ended) throw new Error(`the service ended (${this.#child.exitCode ?? this.#child.signalCode}), see ${this.#logPath}`);
            const reply = await fetch(`${this.#admin}${path}`).catch(() => undefined);
            await reply?.body?.cancel();
            if (reply?.status === 200) return;
            await pause(READY_POLL_MS);
        }
        throw new Error(`${path} did not become good, see ${this.#logPath}`);
    }

    get #ended() {
        return this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
    }

    /** kill -9, and waits until the process is gone; nothing to do when it has ended. */
    async kill() {
        if (this.#ended) return;
        const ended = once(this.#child, 'exit');
        this.#child.kill('SIGKILL');
        await ended;
    }

    /** Asks it to end in order; throws when it does not, or not cleanly. */
    async stop() {
        const ended = once(this.#child, 'exit');
        this.#child.kill('SIGTERM');
        const late = setTimeout(() => this.#child.kill('SIGKILL'), END_WITHIN_MS);
        const [code, signal] = await ended;
        clearTimeout(late);
        if (code !== 0) throw new Error(`the service ended with ${code ?? signal} instead of 0, see ${this.#logPath}`);
    }

}

/* Everything but settings of ours that happen to stand there: sanitizers take their options from it. */
function cleanEnvironment() {
    return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AGIZO_')));
}

async function freePorts(count) {
    const servers = Array.from({ length: count }, () => createServer());
    await Promise.all(servers.map((server) => listen(server)));
    const ports = servers.map((server) => server.address().port);
    await Promise.all(servers.map((server) => new Promise((resolve) => { server.close(resolve); })));
    return ports;
}
