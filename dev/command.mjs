// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What the stand-ins share when they run as commands: options, the line that says "ready", and a clean end.
 *
 * Options are `--name value` (or `--name=value`) and become members of the object that the start function takes. When the stand-in
 * answers, one JSON line with its addresses goes to stdout; everything else goes to stderr, so a script can read the first line.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/** The address all stand-ins bind to: they hand out tokens and secrets freely, so never beyond this machine by default. */
export const LOOPBACK = '127.0.0.1';

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Binds a server and returns the base URL of what it now listens on.
 * @param {import('node:net').Server} server
 * @param {{port?: number, host?: string, scheme?: string}} [where] port 0 takes any free one
 * @returns {Promise<string>} for example `http://127.0.0.1:8081`
 */
export async function listen(server, { port = 0, host = LOOPBACK, scheme = 'http' } = {}) {
    server.listen({ port, host });
    await once(server, 'listening');
    return `${scheme}://${host}:${server.address().port}`;
}

/**
 * Tells whether an address is free, by taking it for a moment.
 * @param {number} port
 * @param {string} [host]
 */
export async function isFree(port, host = LOOPBACK) {
    const probe = createServer();
    try {
        await listen(probe, { port, host });
    } catch {
        return false;
    }
    await new Promise((resolve) => probe.close(resolve));
    return true;
}

/** Runs `callback` once, on the first signal that asks this process to end. */
export function onEndingSignal(callback) {
    let asked = false;
    for (const signal of ENDING_SIGNALS) {
        process.on(signal, () => {
            if (!asked) callback(signal);
            asked = true;
        });
    }
}

/**
 * Runs a stand-in when its file is the program that Node was given; does nothing when it is imported.
 * @param {ImportMeta} meta the caller's `import.meta`
 * @param {Record<string, 'string' | 'number'>} names the options it takes
 * @param {(options: object) => Promise<{ready: object, close: () => Promise<void>}>} start
 */
export async function runAsCommand(meta, names, start) {
    if (!process.argv[1] || meta.url !== pathToFileURL(process.argv[1]).href) return;
    try {
        const running = await start(readOptions(names));
        onEndingSignal(async () => {
            await running.close();
            process.exit(0);
        });
        process.stdout.write(`${JSON.stringify(running.ready)}\n`);
    } catch (error) {
        process.stderr.write(`${explain(error)}\n`);
        process.exit(1);
    }
}

function readOptions(names) {
    const options = Object.fromEntries(Object.keys(names).map((name) => [name, { type: 'string' }]));
    const { values } = parseArgs({ options });
    for (const [name, type] of Object.entries(names)) {
        if (type === 'number' && values[name] !== undefined) values[name] = toNumber(name, values[name]);
    }
    return values;
}

function toNumber(name, text) {
    if (!/^[0-9]+$/.test(text)) throw new Error(`--${name} takes a number, not "${text}"`);
    return Number(text);
}

function explain(error) {
    if (error.code === 'EADDRINUSE') return `port ${error.port} on ${error.address} is taken by another program`;
    return error.message;
}
