// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The stand-ins as programs, and `make run` around a pretended service: what is printed, and that nothing is left behind.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isFree, listen } from '../../dev/command.mjs';

const run = promisify(execFile);
const dev = (file) => fileURLToPath(new URL(`../../dev/${file}`, import.meta.url));

/* Answers every request with its own headers and body; ends by SIGTERM, or by itself with 7 on `GET /die`. */
const PRETENDED_SERVICE = `#!/bin/sh
exec '${process.execPath}' -e '
const { createServer } = require("node:http");
const at = (name) => { const [host, port] = process.env[name].split(":"); return { host, port }; };
const answer = async (request, response) => {
    if (request.url === "/die") process.exit(7);
    let body = "";
    for await (const chunk of request) body += chunk;
    response.end(JSON.stringify({ url: request.url, token: request.headers.authorization, body }));
};
createServer(answer).listen(at("AGIZO_LISTEN"));
createServer(answer).listen(at("AGIZO_ADMIN_LISTEN"));
process.on("SIGTERM", () => process.exit(0));
'
`;

async function freePort() {
    const server = createServer();
    const url = await listen(server);
    await new Promise((resolve) => { server.close(resolve); });
    return Number(new URL(url).port);
}

describe('a stand-in as a program', () => {
    for (const file of ['gateway.mjs', 'identity.mjs']) {
        it(`${file} prints one line when it is ready, and ends on SIGTERM`, async () => {
            const child = spawn(process.execPath, [dev(file), '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
            const [line] = await once(createInterface(child.stdout), 'line');
            const { url, issuer } = JSON.parse(line);
            const reply = await fetch(url ?? `${issuer}/.well-known/openid-configuration`);
            assert.equal(reply.status, 200);
            await reply.text();
            child.kill('SIGTERM');
            assert.deepEqual(await once(child, 'exit'), [0, null]);
        });

        it(`${file} says which port is taken, and which option is wrong`, async () => {
            const server = createServer();
            const { port } = new URL(await listen(server));
            await assert.rejects(run(process.execPath, [dev(file), '--port', port]), { code: 1, stderr: /port \d+ on 127.0.0.1 is taken/ });
            await assert.rejects(run(process.execPath, [dev(file), '--port', 'x']), { code: 1, stderr: /--port takes a number/ });
            server.close();
        });
    }
});

describe('make run', () => {
    let folder;
    let program;

    before(async () => {
        folder = await mkdtemp(join(tmpdir(), 'agizo-run-'));
        program = join(folder, 'agizo');
        await writeFile(program, PRETENDED_SERVICE);
        await chmod(program, 0o755);
    });
    after(() => rm(folder, { recursive: true }));

    async function start() {
        const ports = await Promise.all([1, 2, 3, 4].map(freePort));
        const env = {
            ...process.env,
            AGIZO_LISTEN: `127.0.0.1:${ports[0]}`,
            AGIZO_ADMIN_LISTEN: `127.0.0.1:${ports[1]}`,
            AGIZO_DEV_IDENTITY_PORT: String(ports[2]),
            AGIZO_DEV_GATEWAY_PORT: String(ports[3]),
            AGIZO_DEV_FOLDER: folder,
        };
        const child = spawn(process.execPath, [dev('run.mjs'), program], { env, stdio: ['ignore', 'pipe', 'ignore'] });
        const lines = [];
        for await (const line of createInterface(child.stdout)) {
            lines.push(line);
            if (line.startsWith('Then look')) break;
        }
        return { child, lines, ports, service: `http://${env.AGIZO_LISTEN}` };
    }

    it('prints three commands that work, and leaves nothing behind', async () => {
        const { child, lines, ports } = await start();
        const commands = lines.filter((line) => /^(TOKEN=|curl )/.test(line));
        assert.equal(commands.length, 3);
        const { stdout } = await run('sh', ['-c', commands.join('\necho\n')]);
        const [customer, order] = stdout.trim().split('\n').map((line) => JSON.parse(line));
        assert.equal(customer.url, '/v1/customers');
        assert.equal(order.url, '/v1/orders');
        assert.match(order.token, /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
        assert.equal(JSON.parse(order.body).customer, JSON.parse(customer.body).code);
        child.kill('SIGINT');
        assert.deepEqual(await once(child, 'exit'), [0, null]);
        for (const port of ports) assert.ok(await isFree(port));
    });

    it('ends with the code of a service that died', async () => {
        const { child, service } = await start();
        const ended = once(child, 'exit');
        await fetch(`${service}/die`).catch(() => {});
        assert.deepEqual(await ended, [7, null]);
    });

    it('says which address is taken', async () => {
        const server = createServer();
        const { port } = new URL(await listen(server));
        const env = { ...process.env, AGIZO_DEV_GATEWAY_PORT: port, AGIZO_DEV_IDENTITY_PORT: String(await freePort()) };
        await assert.rejects(run(process.execPath, [dev('run.mjs'), program], { env }), {
            code: 1, stderr: new RegExp(`127.0.0.1:${port}, wanted for the SMS gateway, is taken`),
        });
        server.close();
    });
});
