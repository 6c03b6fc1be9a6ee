// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The judge of the sender's chaos run is judged: every kind of defect it exists for is planted in good evidence, and must be found by its name.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeSender } from '../chaos/sender_checker.mjs';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const [REFUSED, BLOCKED, LEFT, ASHA] = ['+254712400000', '+254712400002', '+254712400004', '+254712400010'];
const at = (seconds) => new Date(NOW + seconds * 1000).toISOString();
const WAY = {
    accepted: ['sending', 'accepted'], delivered: ['sending', 'accepted', 'delivered'], failed: ['sending', 'accepted', 'failed'],
    absent: ['sending', 'accepted', 'failed', 'delivered'], dead: ['sending', 'dead'], tired: ['sending', 'queued', 'sending', 'queued', 'sending', 'dead'],
    unknown: ['sending', 'unknown'], adopted: ['sending', 'unknown', 'delivered'], retried: ['sending', 'queued', 'sending', 'accepted'],
    suppressed: ['suppressed'], blocked: ['sending', 'suppressed'], sending: ['sending'],
};
const REASON = new Set(['dead', 'unknown', 'suppressed', 'failed']);

/* An order, its message, what the gateway was asked for it and reported on it. `outcomes` of the requests; the last with an id is its SMS. */
function story(order, way, { to = ASHA, outcomes = [], reports = [], known = true } = {}) {
    const item = `Parcel ${order}`;
    const state = WAY[way].at(-1);
    const body = `Dear Customer, ${item}. Ref ${order}.`;
    const sms = outcomes.map((outcome, index) => {
        const accepted = /^(10[0-2]|reset-after|stall)$/.test(outcome);
        return { seq: order * 10 + index, time: at(order), id: accepted ? `ATXid_${order}` : null, to, text: body, accepted, outcome };
    });
    const taken = sms.some(({ accepted }) => accepted);
    return {
        attempt: { order, key: `k${order}`, customer: 'C1', item, amount_minor: 100, tries: [{ status: 201, id: `order-${order}`, body: 'b', replayed: false }] },
        row: { id: `order-${order}`, customer: 'C1', item, amount_minor: 100, currency: 'KES', committed: NOW + order * 1000 - 5 },
        message: {
            id: `message-${order}`, order_id: `order-${order}`, event: 'order.received', to, body, state, attempts: outcomes.length,
            failure: REASON.has(state) ? 'because' : null, provider_id: known && taken ? `ATXid_${order}` : null,
            lease_until: state === 'sending' ? NOW + 60_000 : null, history: WAY[way].map((each) => ({ state: each })),
        },
        sms,
        reports: reports.map(([status, answered = 200]) => ({ fields: { id: `ATXid_${order}`, status, phoneNumber: to }, status: answered })),
    };
}

/* A run in which everything that may happen has happened, and nothing else. */
function goodEvidence() {
    const stories = [
        story(0, 'delivered', { outcomes: ['102'], reports: [['Sent'], ['Success']] }),
        story(1, 'accepted', { outcomes: ['102'], reports: [['Sent'], ['Teleported'], ['Success', 0]] }),
        story(2, 'failed', { outcomes: ['101'], reports: [['Sent'], ['Rejected']] }),
        story(3, 'absent', { outcomes: ['102'], reports: [['AbsentSubscriber'], ['Success']] }),
        story(4, 'unknown', { outcomes: ['reset-after'], known: false }),
        story(5, 'adopted', { outcomes: ['stall'], reports: [['Success']] }),
        story(6, 'unknown', { outcomes: ['http 500'] }),
        story(7, 'retried', { outcomes: ['500', '102'] }),
        story(8, 'dead', { to: REFUSED, outcomes: ['403'] }),
        story(9, 'tired', { outcomes: ['502', '502', '502'] }),
        story(10, 'blocked', { to: BLOCKED, outcomes: ['406'] }),
        story(11, 'suppressed', { to: LEFT }),
        story(12, 'sending', { outcomes: ['102'], known: false }),
        story(13, 'delivered', { outcomes: ['102'], reports: [['Success'], ['Failed']] }),
    ];
    const all = (name) => stories.map((one) => one[name]);
    return {
        attempts: all('attempt'),
        rows: { customers: [{ code: 'C1' }], orders: all('row'), messages: all('message') },
        sms: [...all('sms').flat(), { seq: 999, time: at(0), id: null, to: null, text: null, accepted: false, outcome: 'reset-before' }],
        reports: all('reports').flat(),
        codes: ['C1'], refused: [REFUSED], blocked: [BLOCKED],
        optOuts: [{ to: LEFT, at: NOW + 10_000 }],
        halts: [{ from: NOW + 20_000, to: NOW + 23_000 }],
        fenced: 2,
        faults: { wanted: 10, injected: 12 },
        now: NOW,
    };
}

function found(evidence) {
    return judgeSender(evidence).filter(({ wrong }) => wrong.length > 0).map(({ id }) => id);
}

function plantSms(order, members) {
    return ({ sms }) => {
        const model = sms.find(({ seq }) => Math.floor(seq / 10) === order);
        sms.push({ ...model, seq: 1000, ...members });
    };
}

const change = (order, members) => ({ rows }) => Object.assign(rows.messages[order], members);
const path = (...states) => states.map((state) => ({ state }));

/* [what was planted, how, the invariant that must find it]; others may find it too. */
const DEFECTS = [
    ['an order without its message', ({ rows }) => { rows.messages.shift(); }, 'I5'],
    ['two messages of one receipt', ({ rows }) => { rows.messages.push({ ...rows.messages[0], id: 'message-x' }); }, 'I5'],
    ['the one message tells of something else', change(0, { event: 'order.changed' }), 'I5'],
    ['a message without an order', ({ rows }) => { rows.messages.push({ ...rows.messages[0], id: 'message-x', order_id: 'order-x' }); }, 'I5'],
    ['an SMS sent twice', plantSms(0, { id: 'ATXid_other' }), 'I7'],
    ['an unknown one sent again', plantSms(4, { id: 'ATXid_other', outcome: '102' }), 'I7'],
    ['accepted, and the gateway has nothing', ({ sms }) => { sms.shift(); }, 'I7'],
    ['taken, and said to be dead', change(0, { state: 'dead' }), 'I7'],
    ['taken, and queued again', change(4, { state: 'queued', history: path('sending', 'queued') }), 'I7'],
    ['never sent, and no reason', change(6, { failure: null }), 'I7'],
    ['another message\'s SMS', change(5, { provider_id: 'ATXid_1' }), 'I7'],
    ['an identifier that the gateway never gave', change(1, { provider_id: 'ATXid_nobody' }), 'I7'],
    ['an SMS for no order', plantSms(0, { text: 'Hello' }), 'I8'],
    ['an SMS to another number', plantSms(0, { to: REFUSED }), 'I8'],
    ['asked in vain, for no order', plantSms(6, { text: 'Hello' }), 'I8'],
    ['the SMS before its order\'s commit', ({ rows }) => { rows.orders[0].committed = NOW + 1; }, 'I8'],
    ['a message still waits', change(6, { state: 'queued', history: [] }), 'I9'],
    ['stuck behind its lease', change(12, { lease_until: NOW - 1 }), 'I9'],
    ['dead for a failure that passes', ({ sms }) => { sms.find(({ seq }) => seq === 80).outcome = '500'; }, 'I10'],
    ['dead after two tries of three', ({ sms }) => { sms.splice(sms.findIndex(({ seq }) => seq === 90), 1); }, 'I10'],
    ['a dead letter without a reason', change(8, { failure: null }), 'I10'],
    ['a dead letter that was never tried', change(8, { attempts: 0 }), 'I10'],
    ['refused for good, and waits for a report', change(8, { state: 'accepted' }), 'I10'],
    ['suppressed, and nobody opted out', change(11, { to: ASHA }), 'I10'],
    ['suppressed without a reason', change(11, { failure: null }), 'I10'],
    ['accepted, then queued again', change(0, { history: path('sending', 'accepted', 'queued', 'sending', 'accepted', 'delivered') }), 'I11'],
    ['sent again after unknown', change(4, { history: path('sending', 'unknown', 'queued', 'sending', 'unknown') }), 'I11'],
    ['accepted without being sent', change(1, { history: path('accepted') }), 'I11'],
    ['back from delivered', change(2, { history: path('sending', 'accepted', 'delivered', 'failed') }), 'I11'],
    ['the history ends elsewhere', change(1, { history: path('sending') }), 'I11'],
    ['nothing of the frozen copy was refused', (evidence) => { evidence.fenced = 0; }, 'O05'],
    ['less went wrong than was asked for', ({ faults }) => { faults.injected = 9; }, 'F'],
    ['delivered without a report', ({ reports }) => { reports.splice(0, 2); }, 'O14'],
    ['a report without effect', change(0, { state: 'accepted', history: path('sending', 'accepted') }), 'O14'],
    ['failed, and the report said success', change(0, { state: 'failed', history: path('sending', 'accepted', 'failed') }), 'O14'],
    ['success after absence did not win', change(3, { state: 'failed', history: path('sending', 'accepted', 'failed') }), 'O14'],
    ['a word of progress made it fail', change(1, { state: 'failed', history: path('sending', 'accepted', 'failed') }), 'O14'],
    ['accepted by an answer that came after the lease', ({ rows, reports }) => {
        rows.messages[1].history = path('sending', 'unknown', 'accepted');
        reports.splice(0, reports.length, ...reports.filter(({ fields }) => fields.id !== 'ATXid_1'));
    }, 'O14'],
    ['sent while the switch was off', plantSms(0, { time: at(21.5) }), 'O18'],
    ['asked in vain while the switch was off', plantSms(6, { time: at(22.9) }), 'O18'],
    ['sent to one who had opted out', plantSms(0, { to: LEFT, time: at(13) }), 'OUT'],
];

describe('the judge of the sender\'s chaos run', () => {
    it('finds nothing in a good run', () => {
        assert.deepEqual(found(goodEvidence()), []);
    });

    it('asks for nothing frozen where nothing was', () => {
        const ids = judgeSender({ ...goodEvidence(), fenced: undefined }).map(({ id }) => id);
        assert.ok(!ids.includes('O05'), ids.join(' '));
    });

    for (const [what, plant, id] of DEFECTS) {
        it(`finds: ${what} (${id})`, () => {
            const evidence = goodEvidence();
            plant(evidence);
            assert.ok(found(evidence).includes(id), `found only ${found(evidence)}`);
        });
    }
});
