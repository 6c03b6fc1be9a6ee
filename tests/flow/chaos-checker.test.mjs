// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The judge of the chaos run is judged: every kind of defect it exists for is planted in good evidence, and must be found by its name.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fold } from '../chaos/attempts.mjs';
import { judge } from '../chaos/checker.mjs';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const REFUSED = '+254712300000';
const WAY = { accepted: ['sending', 'accepted'], dead: ['sending', 'dead'], unknown: ['sending', 'unknown'], queued: [], sending: ['sending'] };

/* An order of the client that ended well, its rows, and its SMS. */
function goodOrder(order, { key = `chaos:${order}`, state = 'accepted', to = '+254712300001', sms = state === 'accepted' } = {}) {
    const id = `order-${order}`;
    const attempt = { order, key, customer: 'C1', item: `Parcel ${order}`, amount_minor: 100 * order };
    const text = `Dear Customer, Parcel ${order}. Ref ${order}.`;
    return {
        attempt: { ...attempt, tries: [{ status: 201, id, body: `body ${order}`, replayed: false }] },
        row: { id, customer: 'C1', item: attempt.item, amount_minor: attempt.amount_minor, currency: 'KES' },
        message: {
            id: `message-${order}`, order_id: id, event: 'order.received', to, body: text, state, attempts: WAY[state].length > 0 ? 1 : 0,
            failure: state === 'dead' || state === 'unknown' ? 'because' : null,
            lease_until: state === 'sending' ? NOW + 1000 : null,
            history: WAY[state].map((each) => ({ state: each })),
        },
        sms: sms || state === 'dead' ? [{ seq: order, to, text, accepted: sms }] : [],
    };
}

/* A run in which everything that may happen has happened, and nothing else. */
function goodEvidence() {
    const orders = [
        goodOrder(1), goodOrder(2), goodOrder(3, { key: null }),
        goodOrder(4, { state: 'unknown' }), goodOrder(5, { state: 'unknown', sms: true }),
        goodOrder(6, { state: 'dead', to: REFUSED, sms: false }), goodOrder(7, { state: 'sending' }),
    ];
    const attempts = orders.map(({ attempt }) => attempt);
    attempts[1].tries = [{ status: null }, { ...attempts[1].tries[0], replayed: true }, attempts[1].tries[0]];
    attempts.push({ order: 8, key: 'chaos:8', customer: 'NOBODY', item: 'Parcel 8', amount_minor: 800, tries: [{ status: null }, { status: 422, id: null }] });
    attempts.push({ order: 9, key: null, customer: 'C1', item: 'Parcel 9', amount_minor: 900, tries: [{ status: null }] });
    return {
        attempts,
        rows: { customers: [{ code: 'C1' }], orders: orders.map(({ row }) => row), messages: orders.map(({ message }) => message) },
        sms: orders.flatMap(({ sms }) => sms),
        codes: ['C1'],
        refused: [REFUSED],
        now: NOW,
    };
}

function found(evidence) {
    return judge(evidence).filter(({ wrong }) => wrong.length > 0).map(({ id }) => id);
}

/* [what was planted, how, the invariant that must find it]; others may find it too. */
const DEFECTS = [
    ['an acknowledged order is gone', ({ rows }) => { rows.orders.shift(); }, 'I1'],
    ['an order has another amount', ({ rows }) => { rows.orders[0].amount_minor++; }, 'I1'],
    ['an order belongs to somebody else', ({ rows }) => { rows.orders[0].customer = 'C2'; }, 'I1'],
    ['two answers were swapped', ({ attempts: [one, two] }) => { [one.tries, two.tries] = [two.tries, one.tries]; }, 'I1'],
    ['the answer named an id that is not there', ({ attempts: [one] }) => { one.tries[0].id = 'order-x'; }, 'I1'],
    ['an order is there twice', ({ rows }) => { rows.orders.push({ ...rows.orders[0], id: 'order-1b' }); }, 'I2'],
    ['one key was answered with two ids', ({ attempts: [one] }) => { one.tries.push({ ...one.tries[0], id: 'order-1b' }); }, 'I2'],
    ['a replay had another body', ({ attempts: [, two] }) => { two.tries[1] = { ...two.tries[1], body: 'other' }; }, 'I2'],
    ['an order that nobody sent', ({ rows }) => { rows.orders.push({ ...rows.orders[0], id: 'order-x', item: 'Nobody sent this' }); }, 'I3'],
    ['an order that was refused is there', ({ rows }) => { rows.orders.push({ ...rows.orders[0], id: 'order-8', item: 'Parcel 8' }); }, 'I3'],
    ['a customer that nobody made', ({ rows }) => { rows.customers.push({ code: 'C2' }); }, 'I3'],
    ['a key never got its answer', ({ attempts: [one] }) => { one.tries = [{ status: null }, { status: 503 }]; }, 'I4'],
    ['a message is gone', ({ rows }) => { rows.messages.shift(); }, 'I5'],
    ['a message has no order', ({ rows }) => { rows.messages.push({ ...rows.messages[0], id: 'message-x', order_id: 'order-x' }); }, 'I5'],
    ['an order has two messages', ({ rows }) => { rows.messages.push({ ...rows.messages[0], id: 'message-1b' }); }, 'I5'],
    ['an SMS was sent twice', ({ sms }) => { sms.push({ ...sms[0], seq: 99 }); }, 'I7'],
    ['a message says accepted and was not', ({ sms }) => { sms.shift(); }, 'I7'],
    ['a message the gateway took is queued again', ({ rows }) => { Object.assign(rows.messages[0], { state: 'queued', history: [] }); }, 'I7'],
    ['a message the gateway took is said to be dead', ({ rows }) => { Object.assign(rows.messages[0], { state: 'dead' }); }, 'I7'],
    ['an SMS for no order', ({ sms }) => { sms.push({ seq: 99, to: '+254712300001', text: 'Hello', accepted: true }); }, 'I8'],
    ['an SMS went to another number', ({ sms }) => { sms[0].to = '+254712300009'; }, 'I8'],
    ['an SMS had another text', ({ sms }) => { sms[0].text += '!'; }, 'I8'],
    ['the gateway was asked in vain, for no order', ({ sms }) => { sms.push({ seq: 99, to: REFUSED, text: 'Hello', accepted: false }); }, 'I8'],
    ['a message still waits', ({ rows }) => { Object.assign(rows.messages[3], { state: 'queued', history: [] }); }, 'I9'],
    ['a message is stuck behind its lease', ({ rows }) => { rows.messages[6].lease_until = NOW - 1; }, 'I9'],
    ['a good number ended dead', ({ rows }) => { rows.messages[5].to = '+254712300002'; }, 'I10'],
    ['a dead letter without a reason', ({ rows }) => { rows.messages[5].failure = null; }, 'I10'],
    ['a refused number was said to be reached', ({ rows }) => { rows.messages[0].to = REFUSED; }, 'I10'],
    ['an accepted message was queued again', ({ rows }) => { rows.messages[0].history.push({ state: 'queued' }, { state: 'accepted' }); }, 'I11'],
    ['a message was accepted without being sent', ({ rows }) => { rows.messages[0].history.shift(); }, 'I11'],
    ['the history ends elsewhere', ({ rows }) => { rows.messages[0].history.pop(); }, 'I11'],
];

describe('the judge of the chaos run', () => {
    it('finds nothing in a good run', () => {
        assert.deepEqual(found(goodEvidence()), []);
    });

    for (const [what, plant, id] of DEFECTS) {
        it(`finds: ${what} (${id})`, () => {
            const evidence = goodEvidence();
            plant(evidence);
            assert.ok(found(evidence).includes(id), `found only ${found(evidence)}`);
        });
    }

    it('counts a try without its end as one without an answer', () => {
        const send = { phase: 'send', order: 1, key: null, customer: 'C1', item: 'Parcel 1', amount_minor: 1 };
        const [order] = fold([send, { phase: 'end', order: 1, status: 201, id: 'a' }, send]);
        assert.deepEqual(order.tries, [{ status: 201, id: 'a' }, { status: null }]);
    });
});
