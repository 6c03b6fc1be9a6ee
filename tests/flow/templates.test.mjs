// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The texts of messages: read, written, tried out and put back over /v1/templates, and used by the next order at every copy.
 */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { startGateway } from '../../dev/gateway.mjs';
import { SHIPPED, acceptedFor, auditOf, forEachStore, freshCode, isProblem, keep, message, order, reaches, sendsFor, startService, until } from './harness.mjs';

const BUILT_IN = ['order.received', 'order.changed', 'order.cancelled'].flatMap((event) => ['en', 'sw'].map((language) => ({ event, language, enabled: event === 'order.received' })));
const RECEIVED = '/v1/templates/order.received/en';
const SETTINGS = { AGIZO_SMS_PART_PRICE: 'KES 0.80' };
const PRICE = 0.8;
const ETAG = /^"[0-9a-f-]+"$/;
/* Every copy looks every two seconds. */
const IN_USE_MS = SHIPPED ? 4_000 : 30_000;

/** What the samples are of. */
const SHORT = { name: 'Asha', item: 'Tea, 1 kg', amount: '450.00' };
const LONG = {
    name: 'Wanjiku Catherine Nyambura Kamau-Odhiambo', amount: '1234567.00',
    item: 'Maize flour 2 kg, sugar 1 kg, cooking oil 3 l, tea leaves 500 g, bath soap 6 pieces, washing powder 1 kg',
};
const NO_REFERENCE = '00000000';

/** A text without its reference and time: a sample has others than an order. */
const unlike = (text, reference = NO_REFERENCE) => text.replaceAll(reference, '…').replace(/\d+ [A-Z][a-z]{2} \d{4} \d\d:\d\d EAT/, '…');
const referenceOf = ({ id }) => id.slice(-8).toUpperCase();

forEachStore((store) => {
    let gateway;
    let service;
    const manager = () => service.as({ roles: ['manager'], sub: 'manager-1' });
    const put = (path, members, { query, ...headers } = {}) => manager().request('PUT', path, { json: members, query, headers });
    const remove = (path, headers = {}) => manager().request('DELETE', path, { headers });

    /** Whether the text of a new order is that of the short sample; of a text that is switched off, whether there is no message. */
    async function isInUse(path, copy = service) {
        const { enabled, language, samples: [{ text }] } = (await copy.get(path)).json;
        const made = await order(copy, { ...SHORT, customer: { language } });
        if (!enabled) return made.message.state === 'skipped';
        return unlike((await message(copy, made)).body, referenceOf(made)) === unlike(text);
    }
    const inUse = (path, copy) => until(`the text of ${path} is in use`, () => isInUse(path, copy), { within: IN_USE_MS });

    async function written(path, members) {
        const answer = await put(path, members);
        assert.equal(answer.status, 200, answer.text);
        if (path.includes('order.received')) await inUse(path);
        return answer;
    }

    /* One service for all, as it was at first: whatever a test wrote is put back. */
    beforeEach(async () => {
        gateway ??= keep(await startGateway());
        service ??= await startService({ store, gateway, settings: SETTINGS });
        for (const { event, language, version } of (await service.get('/v1/templates')).json.data) {
            if (version > 0) assert.equal((await remove(`/v1/templates/${event}/${language}`)).status, 204);
        }
        for (const language of ['en', 'sw']) await inUse(`/v1/templates/order.received/${language}`);
    });

    async function textOf(members) {
        const made = await order(service, members);
        return (await reaches(service, made, 'accepted')).body;
    }

    describe('reading', () => {
        it('lists the built-in ones', async () => {
            const { status, json } = await service.get('/v1/templates');
            assert.equal(status, 200);
            assert.deepEqual(json.data.map(({ event, language, enabled }) => ({ event, language, enabled })), BUILT_IN);
            for (const row of json.data) {
                assert.deepEqual([row.version, 'updated_by' in row, 'updated_at' in row], [0, false, false]);
                assert.match(row.text, /\{item\}.*\{reference\}/s);
            }
        });

        it('shows one and what it comes to', async () => {
            const { status, json, headers } = await service.get(RECEIVED);
            assert.deepEqual([status, json.version, json.enabled], [200, 0, true]);
            assert.match(headers.etag, ETAG);
            assert.deepEqual(json.samples.map(({ sample }) => sample), ['short', 'long']);
            for (const { text, encoding, parts, cost } of json.samples) {
                assert.equal(encoding, 'gsm-7');
                assert.equal(parts, text.length <= 160 ? 1 : Math.ceil(text.length / 153));
                assert.equal(cost, `KES ${(parts * PRICE).toFixed(4)}`);
            }
            assert.ok(json.samples[1].parts > json.samples[0].parts);
            assert.ok(!('suggestion' in json));
            assert.match((await service.get('/v1/templates/order.received/sw')).json.samples[0].text, /^Mpendwa Asha, /);
        });

        it('knows no other event, nor what is no language', async () => {
            for (const path of ['order.lost/en', 'received/en', 'order.received/e', 'order.received/engl', 'order.received/EN', 'order.received/e1', 'order.received/fr', 'order.received/en-GB']) {
                isProblem(await service.get(`/v1/templates/${path}`), 404, 'not_found');
            }
            for (const path of ['order.lost/en', 'order.received/EN', 'order.received/12']) {
                isProblem(await put(`/v1/templates/${path}`, { text: 'x' }), 404, 'not_found');
                isProblem(await remove(`/v1/templates/${path}`), 404, 'not_found');
            }
        });
    });

    describe('writing', () => {
        it('changes what the next order’s message says', async () => {
            const before = await order(service);
            const answer = await written(RECEIVED, { text: 'Hi {name}: {item} for {amount}. {reference}' });
            const { json, headers } = answer;
            assert.deepEqual([json.version, json.enabled, json.updated_by], [1, true, 'manager-1']);
            assert.equal((await service.get(RECEIVED)).headers.etag, headers.etag);
            assert.ok(Date.parse(json.updated_at) <= Date.now());
            const made = await order(service, { name: 'Asha', item: 'Tea', amount: '450' });
            assert.equal((await reaches(service, made, 'accepted')).body, `Hi Asha: Tea for KES 450.00. ${referenceOf(made)}`);
            assert.match((await message(service, before)).body, /^Dear /);
            assert.deepEqual((await service.get(RECEIVED)).json, json);
            assert.equal((await service.get('/v1/templates')).json.data.length, BUILT_IN.length);
            const [entry] = await auditOf(service, { record: 'order.received/en' });
            assert.deepEqual([entry.action, entry.subject, entry.request_id], ['template.changed', 'manager-1', headers['x-request-id']]);
        });

        it('tells the parts and the cost that a message then has', async () => {
            for (const text of ['{name}, {item}: {amount} on {time}. Ref {reference}. Thank you for your order and come again soon to our shop!', 'Chai: {item} – {reference}', '{name} {name} {item} {item}']) {
                const { samples } = (await written(RECEIVED, { text })).json;
                for (const [sample, members] of Object.entries({ short: SHORT, long: LONG })) {
                    const told = samples.find((one) => one.sample === sample);
                    const made = await order(service, members);
                    const sent = await reaches(service, made, 'accepted');
                    assert.deepEqual([unlike(sent.body, referenceOf(made)), sent.encoding, sent.parts], [unlike(told.text), told.encoding, told.parts]);
                    assert.equal(sent.cost, told.cost);
                    assert.equal(acceptedFor(gateway, made)[0].parts, told.parts);
                }
            }
        });

        it('is tried out first, and changes nothing', async () => {
            const before = (await service.get(RECEIVED)).json;
            const entries = await service.count('audit_log');
            const { status, json } = await put(RECEIVED, { text: 'Short. {reference}' }, { query: { dry_run: 'true' } });
            assert.deepEqual([status, json.text, json.samples.map(({ text, parts }) => [text, parts])], [200, 'Short. {reference}', [['Short. 00000000', 1], ['Short. 00000000', 1]]]);
            assert.deepEqual({ ...(await service.get(RECEIVED)).json, samples: 0 }, { ...before, samples: 0 });
            assert.equal(await service.count('audit_log'), entries);
            assert.match(await textOf(), /^Dear /);
            isProblem(await put(RECEIVED, { text: 'x' }, { query: { dry_run: 'maybe' } }), 400, 'bad_parameter');
            assert.equal((await put(RECEIVED, { text: 'Now. {reference}' }, { query: { dry_run: 'false' } })).json.version, 1);
        });

        it('offers a text without typographic characters, and keeps what was written', async () => {
            const text = 'Karibu, “{name}” – asante… It’s {item}';
            const { json } = await written(RECEIVED, { text });
            assert.equal(json.text, text);
            assert.equal(json.suggestion, 'Karibu, "{name}" - asante... It\'s {item}');
            assert.equal(json.samples[0].encoding, 'ucs-2');
            const made = await order(service, { name: 'Asha', item: 'Tea' });
            assert.equal((await reaches(service, made, 'accepted')).body, 'Karibu, “Asha” – asante… It’s Tea');
            const taken = (await written(RECEIVED, { text: json.suggestion })).json;
            assert.equal(taken.samples[0].encoding, 'gsm-7');
            assert.ok(!('suggestion' in taken));
            assert.equal((await message(service, made)).parts, json.samples[0].parts);
        });

        it('never alters a customer’s name', async () => {
            await written(RECEIVED, { text: '{name}: {item}' });
            const made = await order(service, { name: 'Zoë “Zo” Müller – Kamau', item: 'Tea' });
            assert.equal((await reaches(service, made, 'accepted')).body, 'Zoë “Zo” Müller – Kamau: Tea');
        });

        it('goes back to the built-in text', async () => {
            await written(RECEIVED, { text: 'Mine. {reference}' });
            const removed = await remove(RECEIVED);
            assert.deepEqual([removed.status, removed.text], [204, '']);
            await inUse(RECEIVED);
            assert.match(await textOf(), /^Dear Asha Njeri, we have received/);
            assert.equal((await service.get(RECEIVED)).json.version, 0);
            isProblem(await remove(RECEIVED), 404, 'not_found');
            const [entry] = await auditOf(service, { record: 'order.received/en' });
            assert.equal(entry.action, 'template.removed');
        });

        it('with If-Match is refused when somebody else was faster', async () => {
            const tagOf = async () => (await service.get(RECEIVED)).headers.etag;
            const builtIn = await tagOf();
            const first = await put(RECEIVED, { text: 'One. {reference}' }, { 'if-match': builtIn });
            assert.equal(first.status, 200, first.text);
            assert.notEqual(first.headers.etag, builtIn);
            for (const tag of [builtIn, `W/${first.headers.etag}`, first.headers.etag.slice(1, -1), '"1"', '"x"', '1']) {
                isProblem(await put(RECEIVED, { text: 'Two. {reference}' }, { 'if-match': tag }), 412, 'version_mismatch');
                isProblem(await remove(RECEIVED, { 'if-match': tag }), 412, 'version_mismatch');
            }
            assert.equal((await put(RECEIVED, { text: 'Two. {reference}' }, { 'if-match': first.headers.etag })).json.version, 2);
            assert.equal((await put(RECEIVED, { text: 'Three. {reference}' }, { 'if-match': '*' })).json.version, 3);
            const third = await tagOf();
            const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => put(RECEIVED, { text: `Race ${i}` }, { 'if-match': third })));
            assert.equal(answers.filter(({ status }) => status === 200).length, 1);
            for (const answer of answers.filter(({ status }) => status !== 200)) isProblem(answer, 412, 'version_mismatch');
            assert.equal((await remove(RECEIVED, { 'if-match': await tagOf() })).status, 204);
            /* Written anew, it is not what it was: versions begin again, tags do not. */
            assert.equal((await put(RECEIVED, { text: 'Anew. {reference}' })).json.version, 1);
            isProblem(await put(RECEIVED, { text: 'Late. {reference}' }, { 'if-match': first.headers.etag }), 412, 'version_mismatch');
        });

        it('refuses what is no template, and says why', async () => {
            for (const text of ['{other}', '{Name}', '{name', 'name}', '{}', '{ name }', '{name}{name}{name}', 'tab\there', '\u0007', '{{name}}']) {
                const answer = await put(RECEIVED, { text });
                isProblem(answer, 422, 'invalid', ['/text']);
                assert.equal(answer.json.errors[0].code, 'template', text);
            }
            for (const members of [{ text: '' }, { text: 'x'.repeat(1001) }, {}, { text: 7 }, { text: 'x', enabled: 'yes' }]) isProblem(await put(RECEIVED, members), 422, 'invalid', [members.enabled ? '/enabled' : '/text']);
            for (const member of ['version', 'event', 'language', 'updated_by', 'samples']) isProblem(await put(RECEIVED, { text: 'x', [member]: 1 }), 400, 'unknown_member');
            assert.equal((await put(RECEIVED, { text: 'x'.repeat(1000) }, { query: { dry_run: 'true' } })).status, 200);
            assert.equal((await service.get(RECEIVED)).json.version, 0);
        });

        it('keeps a bounded number', async () => {
            const names = Array.from({ length: 65 }, (_, i) => `${String.fromCharCode(97 + Math.floor(i / 26))}${String.fromCharCode(97 + (i % 26))}x`);
            const answers = [];
            for (const name of names) answers.push(await put(`/v1/templates/order.changed/${name}`, { text: 'x' }));
            assert.ok(answers.slice(0, 64).every(({ status }) => status === 200));
            isProblem(answers[64], 409, 'too_many_templates');
            assert.equal((await put(`/v1/templates/order.changed/${names[0]}`, { text: 'again' })).status, 200);
        });
    });

    describe('using', () => {
        it('Swahili and English are texts of their own', async () => {
            await written('/v1/templates/order.received/sw', { text: 'Asante {name}! {reference}' });
            assert.match(await textOf({ customer: { language: 'sw' } }), /^Asante Asha Njeri! /);
            assert.match(await textOf({ customer: { language: 'sw-KE' } }), /^Asante Asha Njeri! /);
            assert.match(await textOf({ customer: { language: 'en' } }), /^Dear Asha Njeri, /);
        });

        it('another language can be added, English stands for what nobody wrote', async () => {
            await written('/v1/templates/order.received/fr', { text: 'Bonjour {name} : {item}, {amount}. Réf {reference}' });
            assert.match(await textOf({ customer: { language: 'fr' } }), /^Bonjour Asha Njeri : /);
            assert.match(await textOf({ customer: { language: 'fr-CD' } }), /^Bonjour /);
            assert.match(await textOf({ customer: { language: 'am' } }), /^Dear /);
            await written(RECEIVED, { text: 'English. {reference}' });
            assert.match(await textOf({ customer: { language: 'am' } }), /^English\. /);
            assert.match(await textOf(), /^English\. /);
        });

        it('an event that is switched off sends nothing, and says so', async () => {
            await written(RECEIVED, { text: 'Off. {reference}', enabled: false });
            const made = await order(service);
            assert.equal(made.message.state, 'skipped');
            const skipped = await message(service, made);
            assert.ok(skipped.failure);
            await written(RECEIVED, { text: 'On. {reference}', enabled: true });
            assert.match(await textOf(), /^On\. /);
            assert.deepEqual(sendsFor(gateway, made), []);
        });

        it('what is off by default is on once it is written', async () => {
            const path = '/v1/templates/order.cancelled/en';
            const { text, enabled } = (await service.get(path)).json;
            assert.equal(enabled, false);
            assert.equal((await written(path, { text })).json.enabled, true);
            assert.equal((await written(path, { text, enabled: false })).json.enabled, false);
        });

        it('outlives a restart', async () => {
            await written(RECEIVED, { text: 'Kept. {reference}' });
            await service.restart();
            assert.match(await textOf(), /^Kept\. /);
        });

        it('another copy uses it within seconds', { skip: store.name === 'sqlite' && 'one copy owns a SQLite file' }, async () => {
            const second = await startService({ store, gateway, database: service.database, settings: SETTINGS });
            await written(RECEIVED, { text: 'Elsewhere: {item}. {reference}' });
            await inUse(RECEIVED, second);
            assert.equal((await remove(RECEIVED)).status, 204);
            await inUse(RECEIVED, second);
            await second.close();
        });
    });

    it('is for managers to write, for the staff to read, and nothing for customers', async () => {
        for (const role of ['viewer', 'clerk', 'customer']) {
            const person = service.as({ roles: [role], customer_code: freshCode() });
            for (const path of ['/v1/templates', RECEIVED]) assert.equal((await person.get(path)).status, role === 'customer' ? 403 : 200, role);
            isProblem(await person.request('PUT', RECEIVED, { json: { text: 'x' } }), 403, 'insufficient_scope');
            isProblem(await person.request('DELETE', RECEIVED), 403, 'insufficient_scope');
        }
        assert.equal((await service.get(RECEIVED)).json.version, 0);
    });
});
