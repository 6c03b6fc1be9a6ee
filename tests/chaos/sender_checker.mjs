// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The judge of a chaos run of the sender: the witnesses of checker.mjs, and besides them what the gateway reported and what was asked of the
 * service (numbers that opted out, times when the switch was off).
 *
 * The gateway has no key of ours, and an SMS that may have been taken is never sent again: so none is there twice, and what is there not at
 * all has a state that says why. A message is held against its own SMS, by the identifier that the gateway gave it, and its last state against
 * the reports on that identifier. Pure: evidence in, findings out; `tests/flow/chaos-sender-checker.test.mjs` plants defects.
 */
import { group, index, isLegal, judge, judgeBy, messageName, nothingStuck } from './checker.mjs';

const OF_ALL_RUNS = new Set(['I1', 'I2', 'I3', 'I4', 'I5']);
/* States that say: the gateway has this message. */
const SENT = new Set(['accepted', 'delivered', 'failed']);
const UNDECIDED = new Set(['unknown', 'sending']);
/* States that end a message the gateway does not have; each says why. */
const GIVEN_UP = new Set(['unknown', 'dead', 'suppressed', 'expired']);

/* Outcomes in the gateway's journal that are the last word on a message, and the one that is after some tries. */
const PERMANENT = new Set(['403', '404', '409', '999']);
const LIMITED = '502';
const LIMITED_TRIES = 3;

const FINAL = { Success: 'delivered', Failed: 'failed', Rejected: 'failed', Expired: 'failed' };
const SOFT = { AbsentSubscriber: 'failed' };

/* Calls that were on their way end within a second of the switch; of an opt-out, with the gateway's time limit. */
const SWITCH_MS = 1_000;
const OPT_OUT_MS = 2_000;

/**
 * @typedef {object} SenderEvidence evidence of checker.mjs, and
 * @property {{fields: {id: string, status: string}, status: number}[]} reports as they were sent; `status` 200 when they were taken
 * @property {{to: string, at: number}[]} optOuts when each was answered
 * @property {string[]} blocked numbers that the gateway answers with 406
 * @property {{from: number, to: number}[]} halts from when the switch was off to when it was asked to be on
 * @property {{wanted: number, injected: number}} faults of the gateway
 * @property {number} [fenced] settlements of a frozen copy that were refused; left out when none was frozen
 */

/**
 * Judges a run.
 * @param {SenderEvidence} evidence
 * @returns {{id: string, title: string, wrong: string[], of: string}[]} one finding per invariant; good when `wrong` is empty
 */
export function judgeSender(evidence) {
    const world = indexSender(evidence);
    const own = evidence.fenced === undefined ? INVARIANTS.filter(([id]) => id !== 'O05') : INVARIANTS;
    return [...judge(evidence).filter(({ id }) => OF_ALL_RUNS.has(id)), ...judgeBy(own, world)];
}

/* A connection that was reset before the request was read stands in the journal without number and text. */
function indexSender(evidence) {
    const read = evidence.sms.filter(({ to, text }) => to !== null && text !== null);
    const world = index({ ...evidence, sms: read });
    return {
        ...world,
        asked: group(read, world.smsKey),
        ids: new Map(read.filter(({ accepted }) => accepted).map((entry) => [entry.id, entry])),
        told: group(evidence.reports, ({ fields }) => fields.id),
    };
}

const keyOf = ({ to, body }) => `${to}\n${body}`;

function atMostOneSms({ rows, taken, ids, smsKey }) {
    const states = {};
    const wrong = rows.messages.filter((message) => {
        const key = keyOf(message);
        const count = (taken.get(key) ?? []).length;
        const own = message.provider_id === null ? undefined : ids.get(message.provider_id);
        if (count === 0) states[message.state] = (states[message.state] ?? 0) + 1;
        if (count > 1) return true;
        if (message.provider_id !== null && (own === undefined || smsKey(own) !== key)) return true;
        if (SENT.has(message.state)) return own === undefined;
        return count === 1 ? !UNDECIDED.has(message.state) : !hasReason(message);
    });
    const list = Object.entries(states).map(([state, count]) => `${state} ${count}`).join(', ') || 'none';
    return { wrong: wrong.map(messageName), of: `${rows.messages.length} messages; without an accepted SMS: ${list}` };
}

function hasReason({ state, failure }) {
    return !GIVEN_UP.has(state) || Boolean(failure);
}

/* When the database notes commits: the order was there before its SMS. */
function noSmsWithoutOrder({ sms, byText, smsKey, ordersById }) {
    const wrong = sms.filter((entry) => {
        const [message] = byText.get(smsKey(entry)) ?? [];
        const order = message && ordersById.get(message.order_id);
        return order === undefined || order.committed > Date.parse(entry.time);
    });
    const noted = [...ordersById.values()].some(({ committed }) => committed !== undefined);
    return { wrong: wrong.map(smsName), of: `${sms.length} requests to the gateway${noted ? ', each later than its order\'s commit' : ''}` };
}

/* The dead are those that the gateway refused for good, or a third time; and all of those but what a kill left undecided. */
function deadLettersHonest({ rows, asked, optOuts, blocked }) {
    const silent = new Set([...optOuts.map(({ to }) => to), ...blocked]);
    const wrong = rows.messages.filter((message) => {
        const { to, state, failure, attempts } = message;
        const entries = asked.get(keyOf(message)) ?? [];
        const last = entries.at(-1);
        if (state === 'suppressed') return !silent.has(to) || !failure;
        const refused = last !== undefined && (PERMANENT.has(last.outcome)
            || (last.outcome === LIMITED && entries.filter(({ outcome }) => outcome === LIMITED).length >= LIMITED_TRIES));
        if (state === 'dead') return !refused || !failure || attempts < 1;
        return last !== undefined && PERMANENT.has(last.outcome) && !UNDECIDED.has(state);
    });
    const count = (wanted) => rows.messages.filter(({ state }) => state === wanted).length;
    return { wrong: wrong.map(messageName), of: `${count('dead')} dead letters, ${count('suppressed')} suppressed` };
}

function statesLegal({ rows }) {
    const wrong = rows.messages.filter((message) => !isLegal(message));
    const changes = rows.messages.reduce((sum, { history }) => sum + history.length, 0);
    return { wrong: wrong.map(messageName), of: `${changes} changes of state` };
}

/*
 * A report that was not answered may have been taken all the same. Of final words the first stays, so where two were sent either may stand.
 * Only a report may say what became of an unknown message: the answer to a call whose lease was lost may not.
 */
function reportsBelieved({ rows, told }) {
    const late = new Set(rows.messages.filter(({ history }) => history.some(({ state }, at) => SENT.has(state) && history[at - 1]?.state === 'unknown')));
    const wrong = rows.messages.filter((message) => {
        const own = told.get(message.provider_id) ?? [];
        return SENT.has(message.state) && (!possible(own).has(message.state) || (late.has(message) && own.length === 0));
    });
    const reports = [...told.values()].flat();
    const taken = reports.filter(({ status }) => status === 200).length;
    return { wrong: wrong.map(messageName), of: `${reports.length} reports, ${taken} taken; ${late.size} unknown messages settled by one` };
}

function possible(reports) {
    const states = (words, list) => list.map(({ fields }) => words[fields.status]).filter(Boolean);
    const taken = reports.filter(({ status }) => status === 200);
    const finals = states(FINAL, reports);
    if (states(FINAL, taken).length > 0) return new Set(finals);
    if (states(SOFT, taken).length > 0) return new Set(['failed', ...finals]);
    return new Set(['accepted', ...finals, ...states(SOFT, reports)]);
}

function optOutsHeld({ sms, optOuts }) {
    const since = new Map(optOuts.map(({ to, at }) => [to, at]));
    const wrong = sms.filter(({ to, time }) => Date.parse(time) > since.get(to) + OPT_OUT_MS);
    return { wrong: wrong.map(smsName), of: `${optOuts.length} numbers that opted out` };
}

function switchHeld({ sms, halts }) {
    const wrong = sms.filter(({ time }) => halts.some(({ from, to }) => Date.parse(time) > from + SWITCH_MS && Date.parse(time) < to));
    return { wrong: wrong.map(smsName), of: `${halts.length} times that the switch was off` };
}

function frozenRefused({ fenced }) {
    return { wrong: fenced > 0 ? [] : ['the frozen copy had nothing refused'], of: `${fenced} settlements after the lease` };
}

/* A run in which little went wrong would prove little. */
function enoughWrong({ faults: { wanted, injected } }) {
    return { wrong: injected >= wanted ? [] : [`${wanted} faults were asked for`], of: `${injected} faults of the gateway` };
}

/* I6 speaks of gateways that take a key of ours; Africa's Talking takes none. */
const INVARIANTS = [
    ['I7', 'at most one SMS', atMostOneSms],
    ['I8', 'no SMS without its order', noSmsWithoutOrder],
    ['I9', 'nothing stuck', nothingStuck],
    ['I10', 'dead letters honest', deadLettersHonest],
    ['I11', 'states legal', statesLegal],
    ['O05', 'a frozen copy is refused', frozenRefused],
    ['O14', 'reports believed', reportsBelieved],
    ['O18', 'the switch holds', switchHeld],
    ['OUT', 'who left is left alone', optOutsHeld],
    ['F', 'enough went wrong', enoughWrong],
];

function smsName({ seq, to, time }) {
    return `SMS ${seq} to ${to} at ${time}`;
}
