// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The vendor's own SDK against the gateway stand-in: what the SDK takes for success and failure, our service may take too.
 *
 * The SDK knows only its vendor's hosts. Sends are redirected by its URL constants after construction, which resets them; the balance call has a
 * fixed https host and is redirected in axios.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, afterEach, before, describe, it } from 'node:test';
import { startGateway } from '../../dev/gateway.mjs';

const require = createRequire(import.meta.url);
const africastalking = require('africastalking');
const common = require('africastalking/lib/common');
const axios = createRequire(require.resolve('africastalking'))('axios');

const NUMBER = '+254712345678';

let gateway;
let sdk;

before(async () => {
    gateway = await startGateway();
    sdk = africastalking({ username: gateway.username, apiKey: gateway.apiKey });
    common.SMS_URL = `${gateway.url}/version1/messaging`;
    common.CONTENT_URL = `${gateway.url}/version1`;
});
after(() => gateway.close());
afterEach(async () => {
    gateway.reset();
    await gateway.clear();
});

describe('the official SDK', () => {
    it('sends one message', async () => {
        const { SMSMessageData } = await sdk.SMS.send({ to: NUMBER, message: 'Habari, chai & maziwa + 1 – asante', enqueue: true });
        assert.equal(SMSMessageData.Recipients[0].statusCode, 102);
        const [entry] = gateway.accepted();
        assert.deepEqual([entry.text, entry.to, entry.parts], ['Habari, chai & maziwa + 1 – asante', NUMBER, 1]);
        assert.equal(entry.id, SMSMessageData.Recipients[0].messageId);
    });

    it('sends to several numbers, with a sender', async () => {
        const { SMSMessageData } = await sdk.SMS.send({ to: [NUMBER, '+256772345678'], message: 'Habari', from: 'AGIZO' });
        assert.match(SMSMessageData.Message, /^Sent to 2\/2 /);
        assert.deepEqual(gateway.accepted().map(({ from }) => from), ['AGIZO', 'AGIZO']);
    });

    it('sends premium messages to the content address', async () => {
        await sdk.SMS.sendPremium({ to: NUMBER, message: 'Habari', keyword: 'agizo' });
        assert.equal(gateway.accepted().length, 1);
    });

    it('lets a number pass that the gateway refuses', async () => {
        const { SMSMessageData } = await sdk.SMS.send({ to: '+2547123456789', message: 'Habari' });
        assert.equal(SMSMessageData.Recipients[0].statusCode, 403);
    });

    it('takes 200 for a failure', async () => {
        gateway.control({ mode: 'ok200', next: 1 });
        await assert.rejects(sdk.SMS.send({ to: NUMBER, message: 'Habari' }));
    });

    it('reports a refused key', async () => {
        gateway.control({ settings: { apiKey: 'another' } });
        await assert.rejects(sdk.SMS.send({ to: NUMBER, message: 'Habari' }), (error) => {
            assert.equal(error.response.status, 401);
            assert.equal(error.response.data, 'The supplied authentication is invalid');
            return true;
        });
    });

    it('hands a whole-request refusal through', async () => {
        gateway.control({ mode: 'empty', next: 1 });
        const { SMSMessageData } = await sdk.SMS.send({ to: NUMBER, message: 'Habari' });
        assert.deepEqual(SMSMessageData, { Message: 'InvalidSenderId', Recipients: [] });
    });

    it('fetches the inbox with its literal undefined parameters', async () => {
        gateway.control({ settings: { inbox: [{ id: 5, from: NUMBER, to: '22384', text: 'ndiyo', date: '2026-11-22T10:00:00Z', linkId: '' }] } });
        const { SMSMessageData } = await sdk.SMS.fetchMessages();
        assert.equal(SMSMessageData.Messages[0].text, 'ndiyo');
    });

    it('reads the balance', async () => {
        const { create } = axios;
        axios.create = (settings) => create({ ...settings, baseURL: gateway.url });
        try {
            assert.deepEqual(await sdk.APPLICATION.fetchApplicationData(), { UserData: { balance: 'KES 1785.50' } });
        } finally {
            axios.create = create;
        }
    });
});
