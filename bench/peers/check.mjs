// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Shows that no peer skips work: good and bad requests to each, and what they left in its database.
 *
 *   dev/node bench/peers/check.mjs [go] [go-batch] [fastify] [django]
 *
 * Starts its own PostgreSQL and OpenID provider. Prints a line per check; ends with 1 when one failed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SignJWT, decodeJwt, decodeProtectedHeader, generateKeyPair, importJWK } from 'jose';
import { startIdentity } from '../../dev/identity.mjs';
import { startPostgres } from '../../tests/chaos/postgres.mjs';
import { PEERS, Peer, makeTables, preparePeer, saveKeySet } from '../peers.mjs';

const CUSTOMERS = 3;
const SCOPE = 'orders:read orders:write';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$/;
const ORDER = { customer: 'c1', item: 'Maize flour, bag 1', amount: '1234.50' };

let failures = 0;

function check(name, given, wanted) {
    const good = wanted instanceof RegExp ? wanted.test(given) : isDeepStrictEqual(given, wanted);
    if (!good) failures += 1;
    process.stdout.write(good ? `  ok      ${name}\n` : `  FAILED  ${name}: ${JSON.stringify(given)}, not ${wanted instanceof RegExp ? wanted : JSON.stringify(wanted)}\n`);
}

function makeClient(url, address) {
    const headersOf = (token) => ({ 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) });
    return {
        post: (body, token) => exchange(`${url}/v1/orders`, { method: 'POST', headers: headersOf(token), body: typeof body === 'string' ? body : JSON.stringify(body) }),
        get: (path, token) => exchange(`${url}${path}`, { headers: headersOf(token) }),
        row: (query) => JSON.parse(execFileSync('psql', ['-XAtq', '-d', address, '-c', `select row_to_json(r) from (${query}) r`], { encoding: 'utf8' })),
    };
}

async function exchange(url, options) {
    const response = await fetch(url, options);
    const text = await response.text();
    return { status: response.status, location: response.headers.get('location'), body: text === '' ? null : JSON.parse(text) };
}

async function checkCreated(client, tokens) {
    const { status, location, body } = await client.post(ORDER, tokens.good);
    check('an order is answered with 201', status, 201);
    if (status !== 201) throw new Error(`an order was answered with ${status}: ${JSON.stringify(body)}`);
    check('Location names it', location, `/v1/orders/${body.id}`);
    check('its id is a UUIDv7', body.id, UUID);
    check('it comes back with what was asked', [body.customer, body.item, body.amount, body.currency, body.version], ['C1', ORDER.item, ORDER.amount, 'KES', 1]);
    check('its times are UTC', [body.time, body.created_at, body.updated_at].every((time) => TIME.test(time)), true);
    check('it has a message', [UUID.test(body.message.id), body.message.state], [true, 'skipped']);
    checkRows(client, body);
    const again = await client.get(location, tokens.good);
    check('GET answers 200', again.status, 200);
    check('GET answers the same order', normalize(again.body), normalize(body));
    check('an order that does not exist: 404', (await client.get('/v1/orders/01990000-0000-7000-8000-000000000000', tokens.good)).status, 404);
}

/* A clock may be finer than what is stored. */
function normalize(order) {
    const millis = (text) => new Date(text).toISOString();
    return { ...order, time: millis(order.time), created_at: millis(order.created_at), updated_at: millis(order.updated_at) };
}

function checkRows(client, { id, message, created_by: subject }) {
    const order = client.row(`select c.code, o.item, o.amount_minor, o.currency, o.created_by, o.version, o.xmin::text as transaction
        from orders o join customers c on c.id = o.customer_id where o.id = '${id}'`);
    const { transaction, ...values } = order;
    check('the order row holds it', values, { code: 'C1', item: ORDER.item, amount_minor: 123450, currency: 'KES', created_by: subject, version: 1 });
    const sms = client.row(`select id, body, encoding, parts, state, failure, expires_at = due_at + interval '1 day' as day, xmin::text as transaction
        from messages where order_id = '${id}'`);
    check('the message row is of the same transaction', [sms.id, sms.transaction], [message.id, transaction]);
    check('the text names order and amount', sms.body, new RegExp(`^Dear Customer, we have received your order of ${ORDER.item}, KES 1,234\\.50, on [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{5} EAT\\. Ref ${id.slice(-8).toUpperCase()}\\.$`));
    check('its size and state are stored', [sms.encoding, sms.parts, sms.state, sms.failure, sms.day], ['gsm7', 1, 'skipped', 'the customer has no phone number', true]);
}

async function checkOptions(client, { good }) {
    const { status, body } = await client.post({ ...ORDER, currency: 'USD', time: '2026-03-01T15:00:00+03:00', item: 'Unga ✓', amount: '7' }, good);
    check('currency, time with an offset and Unicode are taken', [status, body.currency, body.amount, new Date(body.time).toISOString()], [201, 'USD', '7.00', '2026-03-01T12:00:00.000Z']);
    const sms = client.row(`select encoding, parts, body like '%Unga ✓, USD 7.00, on 1 Mar 2026 15:00 EAT%' as written from messages where order_id = '${body.id}'`);
    check('its message is UCS-2 of two parts', sms, { encoding: 'ucs2', parts: 2, written: true });
}

async function checkRefused(client, tokens) {
    const before = count(client);
    const { item, ...withoutItem } = ORDER;
    const refused = [
        ['no token', ORDER, undefined, 401],
        ['no JWT', ORDER, 'nonsense', 401],
        ['a signature that is off by a bit', ORDER, tokens.forged, 401],
        ['a token of another key', ORDER, tokens.stranger, 401],
        ['a token for another audience', ORDER, tokens.elsewhere, 401],
        ['a token of another issuer', ORDER, tokens.otherIssuer, 401],
        ['a token without an end', ORDER, tokens.endless, 401],
        ['a token that expired', ORDER, tokens.expired, 401],
        ['an unsigned token', ORDER, tokens.unsigned, 401],
        ['a token without the scope', ORDER, tokens.reader, 403],
        ['cut JSON', '{"customer":"C1"', tokens.good, 400],
        ['a missing member', withoutItem, tokens.good, 422],
        ['an empty item', { ...ORDER, item: '' }, tokens.good, 422],
        ['an item of 201 characters', { ...ORDER, item: item.padEnd(201, 'x') }, tokens.good, 422],
        ['an amount below 0', { ...ORDER, amount: '-1' }, tokens.good, 422],
        ['an amount with three digits', { ...ORDER, amount: '1.005' }, tokens.good, 422],
        ['an amount that is no number', { ...ORDER, amount: 'ten' }, tokens.good, 422],
        ['a currency of four letters', { ...ORDER, currency: 'KESS' }, tokens.good, 422],
        ['a time that is none', { ...ORDER, time: 'yesterday' }, tokens.good, 422],
        ['a time in the future', { ...ORDER, time: '2999-01-01T00:00:00Z' }, tokens.good, 422],
        ['a customer that does not exist', { ...ORDER, customer: 'NOBODY' }, tokens.good, 422],
    ];
    for (const [name, body, token, status] of refused) {
        check(`${name}: ${status}`, (await client.post(body, token)).status, status);
    }
    check('none of these left a row', count(client), before);
}

function count(client) {
    return client.row('select (select count(*) from orders) as orders, (select count(*) from messages) as messages');
}

/* Equal numbers, and each message its order: what a load must leave behind too. */
async function checkParallel(client, { good }) {
    const before = count(client);
    const replies = await Promise.all(Array.from({ length: 200 }, (_, i) => client.post({ ...ORDER, customer: `C${i % CUSTOMERS}` }, good)));
    check('200 at once are all answered with 201', replies.every(({ status }) => status === 201), true);
    check('and left 200 orders and 200 messages', count(client), { orders: before.orders + 200, messages: before.messages + 200 });
}

/* The provider's own token, and copies that are wrong in one thing each. */
async function makeTokens({ keys, serviceToken }) {
    const good = await serviceToken({ scope: SCOPE });
    const [head, payload, signature] = good.split('.');
    const claims = decodeJwt(good);
    const { kid } = decodeProtectedHeader(good);
    const own = await importJWK(keys.find((key) => key.kid === kid), 'RS256');
    const { privateKey: another } = await generateKeyPair('RS256');
    const sign = (change, key = own) => new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid }).sign(key);
    const hour = 3600;
    return {
        good: await sign({}),
        reader: await sign({ scope: 'orders:read' }),
        stranger: await sign({}, another),
        elsewhere: await sign({ aud: 'urn:other:api' }),
        otherIssuer: await sign({ iss: 'https://issuer.example' }),
        expired: await sign({ iat: claims.iat - 2 * hour, exp: claims.exp - 2 * hour }),
        endless: await sign({ exp: undefined }),
        forged: [head, payload, (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1)].join('.'),
        unsigned: `${Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid })).toString('base64url')}.${payload}.`,
    };
}

async function checkPeer(name, { postgres, identity, keySet, folder, tokens }) {
    process.stdout.write(`${name}: ${PEERS[name].what}\n`);
    await preparePeer(name);
    execFileSync('psql', ['-Xq', '-d', postgres.address, '-c', `create database "peer_${name}"`]);
    const address = postgres.address.replace('/postgres?', `/peer_${name}?`);
    makeTables(address, CUSTOMERS);
    const { issuer, audience } = identity;
    const peer = await Peer.make(name, { address, issuer, audience, keySet, log: join(folder, `${name}.log`) });
    await peer.start();
    try {
        await peer.ready();
        const client = makeClient(peer.url, address);
        await checkCreated(client, tokens);
        await checkOptions(client, tokens);
        await checkRefused(client, tokens);
        await checkParallel(client, tokens);
        check('its memory is known', peer.memory() > 0, true);
    } finally {
        await peer.stop();
    }
}

async function main(names) {
    const folder = mkdtempSync(join(tmpdir(), 'agizo-peers-'));
    const identity = await startIdentity({ algorithm: 'RS256' });
    const postgres = await startPostgres({ settings: { max_connections: 200 } });
    try {
        const keySet = await saveKeySet(identity.issuer, folder);
        const tokens = await makeTokens(identity);
        for (const name of names) await checkPeer(name, { postgres, identity, keySet, folder, tokens });
    } finally {
        await Promise.all([identity.close(), postgres.stop()]);
        rmSync(folder, { recursive: true, force: true });
    }
    process.stdout.write(failures === 0 ? 'all good\n' : `${failures} failed\n`);
    process.exitCode = failures === 0 ? 0 : 1;
}

const asked = process.argv.slice(2);
await main(asked.length > 0 ? asked : Object.keys(PEERS));
