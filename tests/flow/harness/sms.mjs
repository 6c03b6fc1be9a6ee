// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Orders and what becomes of their messages, as a test of SMS sees them: through the API on one side and the gateway's journal on the other.
 */
import assert from 'node:assert/strict';
import { freshCode } from './people.mjs';
import { until } from './wait.mjs';

/** The secret part of callback URLs in these tests, and how they are posted. */
export const CALLBACK_SECRET = 'callbacks-of-the-tests-1';
const FORM = 'application/x-www-form-urlencoded';

let drawn = 0;

/** A number that no other message of this file goes to. */
export function freshNumber() {
    return `+2547${String(++drawn).padStart(8, '0')}`;
}

/** Adds a row by the API. */
export async function create(service, list, members) {
    const made = await service.post(`/v1/${list}`, members);
    assert.equal(made.status, 201, made.text);
    return made.json;
}

/** A customer of their own with one order; `to` is their number. */
export async function order(service, { phone = freshNumber(), name = 'Asha Njeri', customer = {}, ...members } = {}) {
    const code = freshCode();
    await create(service, 'customers', { code, name, ...(phone && { phone }), ...customer });
    const made = await create(service, 'orders', { customer: code, item: 'Maize flour 2 kg', amount: '1250.00', ...members });
    return { ...made, to: phone };
}

/** The order's message as it stands. */
export function message(service, { message: { id } }) {
    return service.get(`/v1/messages/${id}`).then(({ json }) => json);
}

/** The order's message, once it is in the state. */
export function reaches(service, made, state, options) {
    return until(`the message of ${made.to} is ${state}`, async () => {
        const now = await message(service, made);
        return now.state === state && now;
    }, options);
}

/** The states that a message went through. */
export function states({ history }) {
    return history.map(({ state }) => state);
}

/** What the gateway took for the order's number; and all that it was asked to send there. */
export function acceptedFor(gateway, { to }) {
    return gateway.accepted().filter((entry) => entry.to === to);
}
export function sendsFor(gateway, { to }) {
    return gateway.journal().filter((entry) => entry.to === to);
}

/** How many messages of the service's database are in the state. */
export async function countIn(service, state) {
    return Number((await service.query(`select count(*) from messages where state = '${state}'`))[0][0]);
}

export function callbackUrl(service, kind = 'delivery', secret = CALLBACK_SECRET) {
    return `${service.url}/v1/callbacks/africastalking/${secret}/${kind}`;
}

/** Posts a form as the gateway would, whatever is wrong with it: `fields` or `body`. */
export function callback(service, kind, fields, { secret = CALLBACK_SECRET, type = FORM, body = new URLSearchParams(fields).toString(), ...rest } = {}) {
    return service.withToken(null).request('POST', `/v1/callbacks/africastalking/${secret}/${kind}`, { body, type, ...rest });
}

/** GET /v1/gateway, once it fits. */
export function gatewayIs(service, what, fits, options) {
    return until(`the gateway ${what}`, async () => {
        const { json } = await service.get('/v1/gateway');
        return fits(json) && json;
    }, options);
}

/** The audit log's entries about a record, or of an action; newest first. */
export async function auditOf(service, query) {
    const { json } = await service.as({ roles: ['manager'] }).get('/v1/audit', { query: { limit: 200, ...query } });
    return json.data;
}
