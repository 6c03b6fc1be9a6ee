// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The vendor's own SDK and our dispatcher, on the wire: for the same message the same bytes; and of the answer, what it said.
 *
 * A server of a few lines keeps each request as it came and answers what it is told to.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { before, describe, it } from 'node:test';
import { listen } from '../../dev/command.mjs';
import { freshNumber, keep, order, reaches, sqlite, startService } from './harness.mjs';

const require = createRequire(import.meta.url);
const africastalking = require('africastalking');
const common = require('africastalking/lib/common');

const USERNAME = 'agizo & sons';
const KEY = 'atsk_of_this_test';
const SENDER = 'AGIZO';
const NAMES = ['Asha Njeri', 'Zoë & Söhne + 1', 'O’Connor “Mo” 100%', 'Ωmega *_-.~!\'()', 'Ñandú 🌽 茶', '=a&b;c/d?e#f@g:h,i$j[k]l{m}n|o\\p^q`r"s<t>u'];

/** What comes, byte by byte but for the head's order; `entry` is the one recipient's part of the answer. */
async function startRecorder() {
    const requests = [];
    const recorder = { requests, entry: {} };
    const server = createServer(async (request, response) => {
        const pieces = [];
        for await (const piece of request) pieces.push(piece);
        const body = Buffer.concat(pieces);
        requests.push({ method: request.method, target: request.url, headers: request.headers, names: request.rawHeaders.filter((_, i) => i % 2 === 0), body });
        const number = new URLSearchParams(body.toString()).get('to');
        const recipient = { statusCode: 102, number, status: 'Queued', cost: 'KES 0.8000', messageId: `ATXid_${requests.length}`, messageParts: 1, ...recorder.entry };
        response.writeHead(201, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ SMSMessageData: { Message: 'Sent to 1/1', Recipients: [recipient] } }));
    });
    recorder.url = await listen(server, { port: 0 });
    keep({ close: () => { server.closeAllConnections(); server.close(); } });
    return recorder;
}

describe('on the wire', () => {
    let recorder;
    let sdk;
    const services = {};
    before(async () => {
        recorder = await startRecorder();
        const gateway = { url: recorder.url, username: USERNAME, apiKey: KEY };
        services[SENDER] = await startService({ store: sqlite, gateway, settings: { AGIZO_SMS_SENDER: SENDER } });
        services[''] = await startService({ store: sqlite, gateway });
        sdk = africastalking({ username: USERNAME, apiKey: KEY });
        common.SMS_URL = `${recorder.url}/version1/messaging`;
    });

    /** The same message by both: our service's first, since it makes the text. */
    async function sentByBoth(sender, members) {
        const phone = freshNumber();
        const sent = await reaches(services[sender], await order(services[sender], { ...members, phone }), 'accepted');
        const ours = recorder.requests.at(-1);
        await sdk.SMS.send({ to: phone, message: sent.body, enqueue: true, ...(sender && { from: sender }) });
        return { sent, ours, theirs: recorder.requests.at(-1) };
    }

    for (const sender of [SENDER, '']) {
        for (const name of NAMES) {
            it(`the body of a message ${sender ? 'of a sender' : 'without a sender'} to ${name} is the same, byte for byte`, async () => {
                const { sent, ours, theirs } = await sentByBoth(sender, { name, item: name });
                assert.ok(sent.body.includes(name));
                assert.notEqual(ours, theirs);
                assert.ok(ours.body.equals(theirs.body), `\n${ours.body}\n${theirs.body}`);
                assert.deepEqual([ours.method, ours.target], [theirs.method, theirs.target]);
                assert.equal(Number(ours.headers['content-length']), theirs.body.length);
            });
        }
    }

    it('the head says the same where it matters', async () => {
        const { ours, theirs } = await sentByBoth(SENDER, {});
        for (const name of ['apikey', 'content-type', 'content-length', 'host']) assert.equal(ours.headers[name], theirs.headers[name], name);
        assert.equal(ours.headers.apikey, KEY);
        assert.match(ours.headers.accept, /application\/json/);
        assert.match(theirs.headers.accept, /application\/json/);
        /* What is left are the HTTP libraries' own: their names; the packings that theirs can undo, and that it keeps connections (HTTP/1.1 does). */
        assert.notEqual(ours.headers['user-agent'], theirs.headers['user-agent']);
        const own = (names, others) => names.map((name) => name.toLowerCase()).filter((name) => !others.some((other) => other.toLowerCase() === name)).sort();
        assert.deepEqual(own(ours.names, theirs.names), []);
        assert.deepEqual(own(theirs.names, ours.names), ['accept-encoding', 'connection']);
    });

    describe('of the answer', () => {
        for (const [cost, parts] of [['KES 2.4000', 3], ['KES 0.8', 1], ['UGX 35.0000', 2], ['USD 0.0125', 1], ['KES 1,000.5', 7], ['0.8', 1], ['', 1]]) {
            it(`the cost "${cost}" and ${parts} part${parts > 1 ? 's' : ''} are shown as they were said`, async () => {
                recorder.entry = { cost, messageParts: parts };
                const service = services[SENDER];
                const made = await order(service);
                const sent = await reaches(service, made, 'accepted');
                assert.deepEqual([sent.cost ?? '', sent.parts], [cost, parts]);
                const { data } = (await service.get('/v1/messages', { query: { order: made.id } })).json;
                assert.deepEqual([data[0].cost ?? '', data[0].parts], [cost, parts]);
                recorder.entry = {};
            });
        }

        it('parts that it does not say stay as we counted them', async () => {
            recorder.entry = { messageParts: undefined };
            const sent = await reaches(services[SENDER], await order(services[SENDER], { item: 'x'.repeat(170) }), 'accepted');
            assert.equal(sent.parts, 2);
            recorder.entry = {};
        });
    });
});
