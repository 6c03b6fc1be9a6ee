// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * `make run`: the service with everything it needs around it, on this machine alone.
 *
 *   dev/node dev/run.mjs build/agizo
 *
 * Starts the OpenID provider and the SMS gateway in this process and the service as a child, waits until the service is ready, and prints the
 * addresses and three commands to copy. Ctrl-C (or SIGTERM) asks the service to finish and ends with it; a service that dies by itself
 * takes this program along, with its exit code. The database and the gateway's journal stay in `.run/`.
 *
 * Any AGIZO_* setting in the environment wins over the ones here, so `AGIZO_DATABASE=postgres://… make run` works. The stand-ins' ports
 * are AGIZO_DEV_IDENTITY_PORT (8081) and AGIZO_DEV_GATEWAY_PORT (8082), the folder AGIZO_DEV_FOLDER (.run).
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isFree, onEndingSignal } from './command.mjs';
import { startGateway } from './gateway.mjs';
import { startIdentity } from './identity.mjs';
import { USERS } from './identity/accounts.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = process.env.AGIZO_DEV_FOLDER ?? '.run';
const LISTEN = '127.0.0.1:8080';
const READY_WITHIN_MS = 60_000;
const READY_POLL_MS = 50;
const END_WITHIN_MS = 15_000; /* the service promises 10 s */

const SIGN_IN = `as ${Object.keys(USERS).join(', ')}; the password of clerk is ${USERS.clerk.password}, and so on`;

const PORTS = {
    identity: Number(process.env.AGIZO_DEV_IDENTITY_PORT ?? 8081),
    gateway: Number(process.env.AGIZO_DEV_GATEWAY_PORT ?? 8082),
};

function say(text) {
    process.stdout.write(`${text}\n`);
}

function giveUp(text) {
    process.stderr.write(`make run: ${text}\n`);
    process.exit(1);
}

/* Where browsers find the service; the provider sends them back there. */
function publicUrl() {
    return process.env.AGIZO_PUBLIC_URL ?? `http://${process.env.AGIZO_LISTEN ?? LISTEN}`;
}

/* Our environment without the stand-ins' settings, which the service would refuse as unknown. */
function ownEnvironment() {
    return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AGIZO_DEV_')));
}

function settingsFor(identity, gateway) {
    return {
        AGIZO_LISTEN: LISTEN,
        AGIZO_ADMIN_LISTEN: '127.0.0.1:9090',
        AGIZO_DATABASE: `sqlite:${FOLDER}/agizo.db`,
        AGIZO_PUBLIC_URL: publicUrl(),
        /* Made anew each time, like the provider's keys: a session of an earlier run ends when its tokens are due. */
        AGIZO_SESSION_KEY: randomBytes(32).toString('base64url'),
        AGIZO_OIDC_ISSUER: identity.issuer,
        AGIZO_OIDC_AUDIENCE: identity.audience,
        AGIZO_OIDC_CLIENT_ID: identity.clients.web.id,
        AGIZO_OIDC_CLIENT_SECRET: identity.clients.web.secret,
        AGIZO_SMS_GATEWAY: 'africastalking',
        AGIZO_AT_URL: gateway.url,
        AGIZO_AT_USERNAME: gateway.username,
        AGIZO_AT_API_KEY: gateway.apiKey,
        AGIZO_SMS_CALLBACK_SECRET: randomBytes(24).toString('base64url'),
        ...ownEnvironment(),
    };
}

/* Two programs on one port give a riddle at best, so say which address is taken before anything starts. */
async function checkPorts() {
    const wanted = {
        'the OpenID provider': ['127.0.0.1', PORTS.identity, 'AGIZO_DEV_IDENTITY_PORT'],
        'the SMS gateway': ['127.0.0.1', PORTS.gateway, 'AGIZO_DEV_GATEWAY_PORT'],
        'the service': [...split(process.env.AGIZO_LISTEN ?? LISTEN), 'AGIZO_LISTEN'],
        'the admin listener': [...split(process.env.AGIZO_ADMIN_LISTEN ?? '127.0.0.1:9090'), 'AGIZO_ADMIN_LISTEN'],
    };
    for (const [who, [host, port, setting]] of Object.entries(wanted)) {
        if (!await isFree(port, host)) giveUp(`${host}:${port}, wanted for ${who}, is taken. Free it, or set ${setting}.`);
    }
}

function split(address) {
    const colon = address.lastIndexOf(':');
    return [address.slice(0, colon).replace(/^\[|\]$/g, ''), Number(address.slice(colon + 1))];
}

async function waitUntilReady(url, child) {
    const deadline = Date.now() + READY_WITHIN_MS;
    while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
        const reply = await fetch(url).catch(() => undefined);
        await reply?.body?.cancel();
        if (reply?.status === 200) return true;
        await pause(READY_POLL_MS);
    }
    return false;
}

function commands(service, identity) {
    const { id, secret } = identity.clients.service;
    const scope = 'customers:read customers:write orders:read orders:write messages:read';
    const post = (path, body) => `curl -s ${service}${path} -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
    return [
        `TOKEN=$(curl -s ${identity.issuer}/token -u ${id}:${secret} -d grant_type=client_credentials`
            + ` -d resource=${identity.audience} -d scope='${scope}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
        post('/v1/customers', { code: 'C1', name: 'Achieng Otieno', phone: '0712345678' }),
        post('/v1/orders', { customer: 'C1', item: 'Maize flour, 2 kg', amount: '250.00' }),
    ];
}

/* Where the gateway reports what became of a message; the newest of the secrets is in front. */
function callbackUrl(settings) {
    return `http://${settings.AGIZO_LISTEN}/v1/callbacks/africastalking/${settings.AGIZO_SMS_CALLBACK_SECRET.split(',')[0]}/delivery`;
}

function introduce(settings, identity, gateway) {
    const service = `http://${settings.AGIZO_LISTEN}`;
    const [token, customer, order] = commands(service, identity);
    say(`
Agizo is ready.

  service          ${service}
  admin            http://${settings.AGIZO_ADMIN_LISTEN}  (/livez /readyz /metrics)
  sign in          ${settings.AGIZO_PUBLIC_URL}/auth/login?return=/auth/session  (${SIGN_IN})
  OpenID provider  ${identity.issuer}
  phone            ${gateway.url}  (open it in a browser)
  database         ${settings.AGIZO_DATABASE.replace(/\/\/[^@/]*@/, '//…@')}

Copy these three commands: get a token, add a customer, add an order.

${token}

${customer}

${order}

Then look at the phone. Ctrl-C ends everything.
`);
}

function exitCodeOf(child) {
    return child.exitCode ?? 128 + (constants.signals[child.signalCode] ?? 0);
}

/* Asks the service to finish, and insists when it does not. */
async function end(child) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const insisting = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS);
    await ended;
    clearTimeout(insisting);
}

async function startService(program, settings) {
    const child = spawn(program, ['serve'], { cwd: ROOT, env: settings, stdio: ['ignore', 'inherit', 'inherit'] });
    await once(child, 'spawn').catch((error) => giveUp(`cannot start ${program}: ${error.message}`));
    return child;
}

async function main(program = 'build/agizo') {
    process.chdir(ROOT);
    if (!existsSync(program)) giveUp(`${program} is not there; run make first`);
    await checkPorts();
    mkdirSync(FOLDER, { recursive: true });
    const identity = await startIdentity({ port: PORTS.identity, publicUrl: publicUrl() });
    const gateway = await startGateway({ port: PORTS.gateway, journal: `${FOLDER}/gateway.jsonl` });
    const settings = settingsFor(identity, gateway);
    gateway.control({ settings: { callback: callbackUrl(settings) } });
    const child = await startService(program, settings);
    let ending = false;
    onEndingSignal(() => {
        ending = true;
        end(child);
    });
    child.once('exit', async () => {
        if (!ending) process.stderr.write(`make run: the service ended by itself (${child.signalCode ?? child.exitCode})\n`);
        await Promise.all([identity.close(), gateway.close()]);
        process.exit(exitCodeOf(child));
    });
    const ready = await waitUntilReady(`http://${settings.AGIZO_ADMIN_LISTEN}/readyz`, child);
    if (ready) introduce(settings, identity, gateway);
    else if (!ending && child.exitCode === null) process.stderr.write('make run: the service is up but not ready; its log says why\n');
}

await main(process.argv[2]);
