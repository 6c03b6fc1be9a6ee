// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The local SMS gateway: answers like Africa's Talking, shows a phone, keeps a journal, and fails on request.
 *
 *   dev/node dev/gateway.mjs [--port 8082] [--journal FILE] [--username sandbox] [--apiKey KEY]
 *
 * The vendor's side:
 *   POST /version1/messaging      form; 201 with SMSMessageData, XML unless JSON is accepted
 *   GET  /version1/messaging      inbox, `lastReceivedId`
 *   GET  /version1/user           balance
 * Ours:
 *   GET  /                        the phone
 *   GET|POST /_control            what goes wrong next, and settings (`gateway/rules.mjs` lists modes); 400 names what it does not know
 *   GET|DELETE /_journal          `{total, accepted, entries}`; an entry is one recipient of one request:
 *                                 `{seq, time, id, key, to, text, sha256, from, parts, accepted, outcome}`; `?accepted=true`, `?to=` filter
 *   GET  /_reports                `{sent: [{time, url, fields, status}]}`, delivery reports that went out
 *   POST /_callback               `{fields, url?}` posts any form to the callback
 *   GET  /_stats                  counters and peaks of requests and connections
 *   GET  /_events                 server-sent events for the phone
 *
 * One process, plain node:http, no state but the journal. On loopback: it has no login of its own.
 */
import { createServer } from 'node:http';
import { listen, runAsCommand } from './command.mjs';
import { Journal } from './gateway/journal.mjs';
import { answerText, hasKey, readBody, send } from './gateway/messaging.mjs';
import { Phone } from './gateway/phone.mjs';
import { Reports } from './gateway/reports.mjs';
import { Rules } from './gateway/rules.mjs';

/** The key that opens the stand-in, for the user name `sandbox`. */
export const SAMPLE_KEY = 'atsk_local_development_only';

const KEEP_ALIVE_MS = 75_000;

/**
 * Starts the gateway.
 * @param {{port?: number, host?: string, journal?: string, username?: string, apiKey?: string}} [options] `journal` is a file
 */
export async function startGateway({ port = 0, host, journal, username = 'sandbox', apiKey = SAMPLE_KEY } = {}) {
    const rules = new Rules({ username, apiKey });
    const gateway = await assemble(rules, journal);
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true });
    watch(server, gateway.stats);
    server.on('request', (request, response) => {
        dispatch(gateway, request, response).catch((error) => fail(error, response));
    });
    const url = await listen(server, { port, host });
    return {
        url,
        username,
        apiKey,
        journal: () => gateway.journal.entries(),
        accepted: () => gateway.journal.entries().filter((entry) => entry.accepted),
        clear: () => clear(gateway),
        control: (message) => { rules.control(message); return rules.describe(); },
        reset: () => rules.reset(),
        reports: () => gateway.reports.sent(),
        callback: (fields, to) => gateway.reports.post(fields, to),
        stats: () => ({ ...gateway.stats }),
        close: () => close(gateway, server),
    };
}

async function assemble(rules, path) {
    const journal = await Journal.open(path);
    const ender = new AbortController();
    return {
        rules,
        journal,
        phone: new Phone(),
        reports: new Reports(() => rules.settings),
        numbering: { last: journal.entries().at(-1)?.seq ?? 0 },
        stats: { requests: 0, inFlight: 0, inFlightPeak: 0, connections: 0, connectionsPeak: 0, connectionsOpened: 0 },
        ending: ender.signal,
        end: () => ender.abort(),
    };
}

/* Connections are everybody's, requests only the vendor's side. */
function watch(server, stats) {
    server.on('connection', (socket) => {
        stats.connectionsOpened++;
        stats.connections++;
        stats.connectionsPeak = Math.max(stats.connectionsPeak, stats.connections);
        socket.on('close', () => { stats.connections--; });
    });
}

function countRequest(stats, response) {
    stats.requests++;
    stats.inFlight++;
    stats.inFlightPeak = Math.max(stats.inFlightPeak, stats.inFlight);
    response.on('close', () => { stats.inFlight--; });
}

/* [method, path] → what answers; a path with a leading `/_` or `/` alone is ours. */
const ROUTES = {
    'POST /version1/messaging': send,
    'GET /version1/messaging': (gateway, request, response, query) => vendorGet('inbox', inbox, gateway, { request, response, query }),
    'GET /version1/user': (gateway, request, response, query) => vendorGet('balance', balance, gateway, { request, response, query }),
    'GET /': ({ phone }, request, response) => phone.servePage(response),
    'GET /_events': ({ phone, journal }, request, response) => phone.serveStream(response, journal.entries()),
    'GET /_control': ({ rules }, request, response) => answerJson(response, 200, rules.describe()),
    'POST /_control': control,
    'GET /_journal': readJournal,
    'DELETE /_journal': async (gateway, request, response) => answerJson(response, 200, await clear(gateway)),
    'GET /_reports': ({ reports }, request, response) => answerJson(response, 200, { sent: reports.sent() }),
    'POST /_callback': callback,
    'GET /_stats': ({ stats }, request, response) => answerJson(response, 200, stats),
};
const PATHS = new Set(Object.keys(ROUTES).map((route) => route.split(' ')[1]));

async function dispatch(gateway, request, response) {
    const [path, query = ''] = request.url.split('?', 2);
    if (path.startsWith('/version1/')) countRequest(gateway.stats, response);
    const route = ROUTES[`${request.method} ${path}`];
    if (route !== undefined) return route(gateway, request, response, new URLSearchParams(query));
    return answerText(response, PATHS.has(path) ? 405 : 404);
}

/* A client that left while we read, or our own end while an answer waited, is no fault. */
function fail(error, response) {
    if (error.name === 'AbortError' || error.code === 'ECONNRESET') return response.destroy();
    process.stderr.write(`gateway: ${error.stack}\n`);
    return response.headersSent ? response.destroy() : answerText(response, 500);
}

function vendorGet(on, answer, { rules }, { request, response, query }) {
    const rule = rules.take(on);
    if (rule?.mode === 'http') return answerText(response, rule.status, rule.body);
    if (!hasKey(request, rules.settings) || query.get('username') !== rules.settings.username) return answerText(response, 401);
    return answerJson(response, 200, answer(rules.settings, query));
}

/* The SDK sends the literal `undefined` for parameters that were not given. */
function inbox({ inbox: messages }, query) {
    const last = Number(query.get('lastReceivedId')) || 0;
    return { SMSMessageData: { Messages: messages.filter(({ id }) => Number(id) > last) } };
}

function balance({ balance: amount, balanceMember }) {
    return { [balanceMember]: { balance: amount } };
}

async function control({ rules }, request, response) {
    try {
        rules.control(JSON.parse(await readBody(request)));
    } catch (error) {
        return answerJson(response, 400, { error: error.message });
    }
    return answerJson(response, 200, rules.describe());
}

function readJournal({ journal }, request, response, query) {
    const all = journal.entries();
    const to = query.get('to');
    const entries = all.filter((entry) => (to === null || entry.to === to)
        && (query.get('accepted') !== 'true' || entry.accepted));
    answerJson(response, 200, { total: all.length, accepted: all.filter((entry) => entry.accepted).length, entries });
}

async function callback({ reports }, request, response) {
    const { fields, url } = JSON.parse(await readBody(request));
    answerJson(response, 200, { status: await reports.post(fields, url) });
}

async function clear({ journal, phone, reports }) {
    reports.clear();
    await journal.clear();
    phone.clear();
    return { total: 0 };
}

function answerJson(response, status, body) {
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
    response.end(JSON.stringify(body));
}

async function close(gateway, server) {
    const closed = new Promise((resolve) => server.close(resolve));
    gateway.end();
    server.closeAllConnections();
    await closed;
    await gateway.reports.close();
    await gateway.journal.close();
}

await runAsCommand(import.meta, { port: 'number', host: 'string', journal: 'string', username: 'string', apiKey: 'string' },
    async (options) => {
        const gateway = await startGateway({ port: 8082, ...options });
        const { url, username, apiKey, close: end } = gateway;
        return { ready: { url, username, apiKey }, close: end };
    });
