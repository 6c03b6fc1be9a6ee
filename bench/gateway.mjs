// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Builds and runs gateway.c, which takes every SMS and costs next to nothing.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SAMPLE_KEY } from '../dev/gateway.mjs';
import { compile } from './compile.mjs';

/**
 * Starts a gateway that answers after `latencyMs`; it ends with this process in any case.
 * @param {{latencyMs: number}} options
 * @returns {Promise<{settings: Record<string, string>, figures: () => Promise<{taken: number, doubled: number, connections: number, span: number}>, close: () => Promise<void>}>}
 *          `settings` are the service's
 */
export async function startBenchGateway({ latencyMs }) {
    const child = spawn(await compile('gateway'), [String(latencyMs)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [port] = await once(child.stdout, 'data');
    const url = `http://127.0.0.1:${String(port).trim()}`;
    return {
        settings: { AGIZO_SMS_GATEWAY: 'africastalking', AGIZO_AT_URL: url, AGIZO_AT_USERNAME: 'sandbox', AGIZO_AT_API_KEY: SAMPLE_KEY },
        figures: () => fetch(url).then((reply) => reply.json()),
        async close() {
            const ended = once(child, 'exit');
            child.stdin.end();
            await ended;
        },
    };
}
