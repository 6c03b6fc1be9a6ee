// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The gateway stand-in by itself: the vendor's wire, every failure mode, the journal, the reports, the phone.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { listen } from '../../dev/command.mjs';
import { countParts } from '../../dev/gateway/text.mjs';
import { startGateway } from '../../dev/gateway.mjs';

const NUMBER = '+254712345678';
const OTHER = '+254110345678';
const FORM = { username: 'sandbox', to: NUMBER, message: 'Your order of maize was received.', bulkSMSMode: '1' };

let gateway;

before(async () => { gateway = await startGateway(); });
after(() => gateway.close());
afterEach(async () => {
    gateway.reset();
    await gateway.clear();
});

function post(form, { headers = {}, to = gateway, ...rest } = {}) {
    return fetch(`${to.url}/version1/messaging`, {
        method: 'POST',
        headers: { apiKey: to.apiKey, accept: 'application/json', ...headers },
        body: new URLSearchParams({ ...FORM, ...form }),
        ...rest,
    });
}

async function send(form, options) {
    const reply = await post(form, options);
    return { status: reply.status, ...(await reply.json()).SMSMessageData };
}

function control(message) {
    return fetch(`${gateway.url}/_control`, { method: 'POST', body: JSON.stringify(message) });
}

describe('sending', () => {
    it('answers 201 with the recipient, and journals it', async () => {
        const { status, Message, Recipients } = await send();
        assert.equal(status, 201);
        assert.equal(Message, 'Sent to 1/1 Total Cost: KES 0.8000');
        const [{ messageId, ...recipient }] = Recipients;
        assert.deepEqual(recipient, { statusCode: 101, number: NUMBER, status: 'Success', cost: 'KES 0.8000', messageParts: 1 });
        assert.match(messageId, /^ATXid_[0-9a-f]{32}$/);
        const [entry] = gateway.journal();
        assert.equal(entry.id, messageId);
        assert.equal(entry.text, FORM.message);
        assert.equal(entry.sha256, createHash('sha256').update(FORM.message).digest('hex'));
        assert.deepEqual([entry.to, entry.accepted, entry.outcome], [NUMBER, true, '101']);
    });

    it('queues with enqueue=1', async () => {
        const { Recipients: [{ statusCode, status }] } = await send({ enqueue: '1' });
        assert.deepEqual([statusCode, status], [102, 'Queued']);
    });

    it('answers XML where nobody asks for JSON', async () => {
        const reply = await post({ message: 'a <b> & c' }, { headers: { accept: '*/*' } });
        assert.equal(reply.status, 201);
        assert.match(reply.headers.get('content-type'), /^text\/xml/);
        assert.match(await reply.text(), /<Recipient><statusCode>101<\/statusCode><number>\+254712345678<\/number>/);
    });

    it('refuses numbers itself', async () => {
        const numbers = { '+2547123456789': 403, 254712345678: 403, '0712345678': 403, '+254201234567': 404, [NUMBER]: 101, '+25779123456': 101 };
        const { Message, Recipients } = await send({ to: Object.keys(numbers).join(',') });
        assert.deepEqual(Object.fromEntries(Recipients.map((row) => [row.number, row.statusCode])), numbers);
        assert.match(Message, /^Sent to 2\/6 /);
        const refused = Recipients.find((row) => row.statusCode === 403);
        assert.deepEqual([refused.messageId, refused.cost, refused.status], ['None', '0', 'InvalidPhoneNumber']);
        assert.equal(gateway.accepted().length, 2);
    });

    it('names the missing form field', async () => {
        for (const name of ['username', 'to', 'message']) {
            const reply = await post({ [name]: '' });
            assert.equal(reply.status, 400);
            assert.equal(await reply.text(), `Request is missing required form field '${name}'`);
        }
        assert.deepEqual(gateway.journal().map(({ accepted, outcome }) => [accepted, outcome]), Array(3).fill([false, 'http 400']));
    });

    it('refuses a wrong key, user name or content type', async () => {
        const wrong = await post({}, { headers: { apiKey: 'wrong' } });
        assert.equal(wrong.status, 401);
        assert.equal(await wrong.text(), 'The supplied authentication is invalid');
        assert.equal((await post({ username: 'somebody' })).status, 401);
        assert.equal((await post({}, { body: '{}', headers: { 'content-type': 'application/json' } })).status, 415);
        assert.equal(gateway.accepted().length, 0);
    });

    it('keeps 64 connections busy', async () => {
        const replies = await Promise.all(Array.from({ length: 64 }, (_, index) => send({ message: `Order ${index}` })));
        assert.ok(replies.every(({ status }) => status === 201));
        assert.equal(new Set(gateway.accepted().map(({ key }) => key)).size, 64);
    });
});

describe('failure modes', () => {
    const refusing = [401, 402, 403, 404, 405, 406, 407, 409, 500, 501, 502, 599];
    for (const mode of [100, 101, 102, ...refusing]) {
        it(`status code ${mode}`, async () => {
            await control({ mode: String(mode), next: 1 });
            const { status, Recipients: [{ statusCode, messageId }] } = await send();
            assert.deepEqual([status, statusCode, messageId === 'None'], [201, mode, mode > 102]);
            assert.equal(gateway.accepted().length, mode > 102 ? 0 : 1);
            assert.equal((await send()).Recipients[0].statusCode, 101, 'one request only');
        });
    }

    it('no recipients', async () => {
        gateway.control({ mode: 'empty', next: 1 });
        assert.deepEqual(await send(), { status: 201, Message: 'InvalidSenderId', Recipients: [] });
        gateway.control({ mode: 'empty', message: 'InsufficientBalance', next: 1 });
        assert.equal((await send()).Message, 'InsufficientBalance');
        assert.equal(gateway.accepted().length, 0);
    });

    it('HTTP statuses as text, with Retry-After', async () => {
        for (const status of [400, 401, 403, 404, 405, 413, 415, 429, 500, 502, 503, 504]) {
            gateway.control({ mode: 'http', status, retryAfter: 7, next: 1 });
            const reply = await post();
            assert.equal(reply.status, status);
            assert.equal(reply.headers.get('retry-after'), '7');
            assert.match(reply.headers.get('content-type'), /^text\/plain/);
            assert.notEqual(await reply.text(), '');
        }
        assert.equal(gateway.accepted().length, 0);
    });

    it('HTTP 500 although the message was taken', async () => {
        gateway.control({ mode: 'http', status: 500, accepted: true, next: 1 });
        assert.equal((await post()).status, 500);
        const [entry] = gateway.accepted();
        assert.match(entry.id, /^ATXid_/);
        assert.equal(entry.outcome, 'http 500');
    });

    it('200 instead of 201, XML, an HTML page', async () => {
        gateway.control({ rules: [{ mode: 'ok200', next: 1 }, { mode: 'xml', next: 1 }, { mode: 'html', next: 1 }] });
        assert.equal((await send()).status, 200);
        assert.match(await (await post()).text(), /^<\?xml/);
        const page = await post();
        assert.equal(page.status, 200);
        assert.match(await page.text(), /^<!DOCTYPE html>/);
        assert.deepEqual(gateway.journal().map(({ accepted }) => accepted), [true, true, false]);
    });

    it('truncated JSON, short body', async () => {
        gateway.control({ rules: [{ mode: 'truncated', next: 1 }, { mode: 'short', next: 1 }] });
        await assert.rejects(send(), SyntaxError);
        await assert.rejects(send(), TypeError);
        assert.equal(gateway.accepted().length, 2);
    });

    it('reset before and after reading', async () => {
        gateway.control({ mode: 'reset-before', next: 1 });
        await assert.rejects(post());
        assert.deepEqual([gateway.journal()[0].to, gateway.accepted().length], [null, 0]);
        gateway.control({ mode: 'reset-before', to: NUMBER, next: 1 });
        await assert.rejects(post());
        assert.deepEqual([gateway.journal()[1].to, gateway.accepted().length], [NUMBER, 0]);
        gateway.control({ mode: 'reset-after', next: 1 });
        await assert.rejects(post());
        assert.equal(gateway.accepted().length, 1);
    });

    for (const mode of ['stall', 'stall-body']) {
        it(`${mode}: accepted, and the client waits`, async () => {
            gateway.control({ mode, next: 1 });
            const giveUp = new AbortController();
            const sent = send({}, { signal: giveUp.signal });
            const outcome = assert.rejects(sent, { name: 'AbortError' });
            while (gateway.accepted().length === 0) await new Promise((resolve) => { setImmediate(resolve); });
            giveUp.abort();
            await outcome;
        });
    }

    it('a delay comes between the journal and the answer', async () => {
        gateway.control({ mode: 'normal', delayMs: 60, next: 1 });
        const begun = performance.now();
        await send();
        assert.ok(performance.now() - begun >= 55);
        assert.equal(gateway.accepted().length, 1);
    });

    it('a rule for a number leaves the others alone and wins over a general one', async () => {
        gateway.control({ rules: [{ mode: 500 }, { mode: 406, to: OTHER }] });
        assert.equal((await send({ to: OTHER })).Recipients[0].statusCode, 406);
        assert.equal((await send()).Recipients[0].statusCode, 500);
        gateway.control({ reset: true, mode: 406, to: OTHER });
        const { Recipients } = await send({ to: `${NUMBER},${OTHER}` });
        assert.deepEqual(Recipients.map(({ statusCode }) => statusCode), [101, 406]);
    });

    it('refuses what it does not know', async () => {
        for (const message of [{ mode: 'explode' }, { mode: 500, nxt: 1 }, { settings: { callbak: 'x' } }, { mode: 'http' }, { mode: 500, next: 0 }]) {
            const reply = await control(message);
            assert.equal(reply.status, 400, JSON.stringify(message));
        }
        const { rules } = await (await fetch(`${gateway.url}/_control`)).json();
        assert.deepEqual(rules, []);
    });
});

describe('balance and inbox', () => {
    const get = (path, headers = { apiKey: gateway.apiKey }) => fetch(`${gateway.url}${path}`, { headers });

    it('tells the balance, under either spelling', async () => {
        assert.deepEqual(await (await get('/version1/user?username=sandbox')).json(), { UserData: { balance: 'KES 1785.50' } });
        gateway.control({ settings: { balance: 'KES 0.10', balanceMember: 'userData' } });
        assert.deepEqual(await (await get('/version1/user?username=sandbox')).json(), { userData: { balance: 'KES 0.10' } });
    });

    it('refuses a revoked key everywhere', async () => {
        gateway.control({ settings: { apiKey: 'a new one' } });
        for (const path of ['/version1/user?username=sandbox', '/version1/messaging?username=sandbox']) {
            assert.equal((await get(path)).status, 401);
        }
        assert.equal((await post()).status, 401);
    });

    it('serves the inbox and tolerates undefined parameters', async () => {
        gateway.control({ settings: { inbox: [{ id: 1, text: 'old' }, { id: 2, text: 'new' }] } });
        const path = '/version1/messaging?username=sandbox&keyword=undefined&shortCode=undefined&lastReceivedId=';
        const read = async (last) => (await (await get(path + last)).json()).SMSMessageData.Messages.map(({ text }) => text);
        assert.deepEqual(await read('undefined'), ['old', 'new']);
        assert.deepEqual(await read(1), ['new']);
    });

    it('fails on request', async () => {
        gateway.control({ on: 'balance', mode: 'http', status: 503, next: 1 });
        assert.equal((await get('/version1/user?username=sandbox')).status, 503);
        assert.equal((await get('/version1/user?username=sandbox')).status, 200);
    });
});

describe('delivery reports', () => {
    let receiver;
    let callback;
    let received;

    before(async () => {
        receiver = createServer(async (incoming, response) => {
            let body = '';
            for await (const chunk of incoming) body += chunk;
            received.push(Object.fromEntries(new URLSearchParams(body)));
            receiver.emit('report');
            response.end();
        });
        callback = `${await listen(receiver)}/delivery`;
    });
    after(() => receiver.close());

    async function reportsOf(rule, count) {
        received = [];
        gateway.control({ settings: { callback, reportDelayMs: 1 }, rules: [{ next: 1, ...rule }] });
        const { Recipients: [{ messageId }] } = await send();
        while (received.length < count) await once(receiver, 'report');
        assert.ok(received.every(({ id }) => id === messageId));
        return received.map(({ status }) => status);
    }

    it('follow the answer in order', async () => {
        assert.deepEqual(await reportsOf({ mode: 'normal' }, 2), ['Sent', 'Success']);
        const [{ phoneNumber, networkCode }] = received;
        assert.deepEqual({ phoneNumber, networkCode }, { phoneNumber: NUMBER, networkCode: '63902' });
    });

    it('name the reason of a failure', async () => {
        assert.deepEqual(await reportsOf({ mode: 'normal', reports: ['Failed'] }, 1), ['Failed']);
        assert.equal(received[0].failureReason, 'DeliveryFailure');
    });

    it('come twice, out of order, before the answer', async () => {
        assert.deepEqual(await reportsOf({ mode: 'report-twice' }, 3), ['Sent', 'Success', 'Success']);
        assert.deepEqual(await reportsOf({ mode: 'report-disorder' }, 2), ['Success', 'Sent']);
        received = [];
        gateway.control({ settings: { callback }, mode: 'report-first', next: 1 });
        await send();
        assert.equal(received.length, 2, 'both were here before the answer was');
    });

    it('can be any form', async () => {
        received = [];
        const reply = await fetch(`${gateway.url}/_callback`, {
            method: 'POST', body: JSON.stringify({ url: callback, fields: { id: 'orphan', status: 'Teleported' } }),
        });
        assert.deepEqual(await reply.json(), { status: 200 });
        assert.deepEqual(received, [{ id: 'orphan', status: 'Teleported' }]);
        assert.equal(gateway.reports().at(-1).status, 200);
    });
});

describe('journal', () => {
    it('is read, filtered and cleared over HTTP', async () => {
        await send({ to: `${NUMBER},+2547` });
        const read = async (query = '') => (await fetch(`${gateway.url}/_journal${query}`)).json();
        const { total, accepted, entries } = await read();
        assert.deepEqual([total, accepted, entries.length], [2, 1, 2]);
        assert.equal((await read('?accepted=true')).entries.length, 1);
        assert.equal((await read(`?to=${encodeURIComponent(NUMBER)}`)).entries.length, 1);
        await fetch(`${gateway.url}/_journal`, { method: 'DELETE' });
        assert.equal((await read()).total, 0);
    });

    it('is in the file before the answer, and outlives a torn line', async () => {
        const folder = await mkdtemp(join(tmpdir(), 'agizo-journal-'));
        const file = join(folder, 'journal.jsonl');
        const first = await startGateway({ journal: file });
        await Promise.all(Array.from({ length: 20 }, (_, index) => send({ message: `é ${index}` }, { to: first })));
        assert.equal((await readFile(file, 'utf8')).trimEnd().split('\n').length, 20);
        await first.close();
        await appendFile(file, '{"seq":21,"text":"é');
        const second = await startGateway({ journal: file });
        await send({}, { to: second });
        assert.equal(second.journal().length, 21);
        await second.close();
        const lines = (await readFile(file, 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line));
        assert.deepEqual(lines.map(({ seq }) => seq), Array.from({ length: 21 }, (_, index) => index + 1));
        await rm(folder, { recursive: true });
    });
});

describe('phone', () => {
    it('is one page under a strict policy, with nothing from outside', async () => {
        const reply = await fetch(`${gateway.url}/`);
        const html = await reply.text();
        assert.match(reply.headers.get('content-security-policy'), /^default-src 'none';.* script-src 'sha256-[^']+'; style-src 'sha256-/);
        assert.doesNotMatch(html, /https?:\/\/|innerHTML|insertAdjacentHTML|document\.write/);
    });

    it('streams what arrived and what arrives', async () => {
        await send({ message: '<img src=x onerror=alert(1)>' });
        const stream = request(`${gateway.url}/_events`).end();
        const [reply] = await once(stream, 'response');
        let text = '';
        reply.setEncoding('utf8').on('data', (chunk) => { text += chunk; });
        while (!text.includes('onerror')) await once(reply, 'data');
        await send({ message: 'later' });
        while (!text.includes('later')) await once(reply, 'data');
        assert.equal(text.match(/^data: /gm).length, 2);
        stream.destroy();
    });
});

describe('parts of a text', () => {
    const cases = [
        ['', 1], ['a'.repeat(160), 1], ['a'.repeat(161), 2], ['a'.repeat(306), 2], ['a'.repeat(307), 3],
        ['€'.repeat(80), 1], ['€'.repeat(81), 2], [`${'a'.repeat(152)}€${'a'.repeat(152)}`, 3],
        ['’'.repeat(70), 1], ['’'.repeat(71), 2], ['😀'.repeat(35), 1], ['😀'.repeat(66), 2], ['😀'.repeat(67), 3],
    ];
    for (const [text, parts] of cases) {
        it(`${text.length} units of "${text.slice(0, 2)}": ${parts}`, () => assert.equal(countParts(text), parts));
    }
});
