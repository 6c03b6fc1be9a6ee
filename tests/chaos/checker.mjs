// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The judge of a chaos run: holds the evidence of three witnesses outside the service against each other.
 *
 *   client journal   every order that was attempted, each try with its outcome      (attempts.mjs)
 *   database dump    customers, orders and messages as they stand at the end        (dump.mjs)
 *   gateway journal  every SMS the gateway was asked for, and whether it took it     (dev/gateway.mjs)
 *
 * An order of the client is recognised in the database by its item, which is unique; an SMS by its recipient and text, which ends in the
 * order's reference. Outcome of an order over all its tries: A some 2xx · R refused · U no final answer. One 4xx is a refusal of all tries under
 * the same key, for a try that had committed would have been answered again; without a key every try must have got one.
 * Pure: evidence in, findings out. `tests/flow/chaos-checker.test.mjs` plants defects and demands that each is found.
 */

/* Where a message may go from each state as long as no person does anything with it (src/store/row.h). */
const LEGAL = {
    queued: ['sending', 'expired', 'suppressed'],
    sending: ['accepted', 'queued', 'unknown', 'dead', 'suppressed'],
    accepted: ['delivered', 'failed'],
    unknown: ['accepted', 'delivered', 'failed'],
    failed: ['delivered'],
};
/* States that say: the gateway has this message, or may have it. */
const SENT = new Set(['accepted', 'delivered', 'failed']);
const UNDECIDED = new Set(['unknown', 'sending']);
const PENDING = new Set(['queued', 'sending']);

/**
 * @typedef {object} Evidence
 * @property {object[]} attempts from attempts.mjs
 * @property {{customers: object[], orders: object[], messages: object[]}} rows from dump.mjs
 * @property {object[]} sms the gateway journal's entries
 * @property {string[]} codes of the customers that were made
 * @property {string[]} refused numbers that the gateway refuses for good
 * @property {number} now when the rows were read, in milliseconds
 */

/**
 * Judges a run.
 * @param {Evidence} evidence
 * @returns {{id: string, title: string, wrong: string[], of: string}[]} one finding per invariant; good when `wrong` is empty
 */
export function judge(evidence) {
    return judgeBy(INVARIANTS, index(evidence));
}

/** Judges by a list of [id, title, check], where check(world) → {wrong, of}. */
export function judgeBy(invariants, world) {
    return invariants.map(([id, title, check]) => {
        const { wrong, of } = check(world);
        return { id, title, wrong, of };
    });
}

/** The evidence with its members found by what they have in common. */
export function index(evidence) {
    const { attempts, rows, sms } = evidence;
    const smsKey = ({ to, text }) => `${to}\n${text}`;
    return {
        ...evidence,
        outcomes: attempts.map((attempt) => ({ ...attempt, outcome: outcomeOf(attempt) })),
        known: new Map(attempts.map((attempt) => [attempt.item, attempt])),
        byItem: group(rows.orders, (order) => order.item),
        ordersById: new Map(rows.orders.map((order) => [order.id, order])),
        byOrder: group(rows.messages.filter(({ event }) => event === 'order.received'), (message) => message.order_id),
        byText: group(rows.messages, (message) => smsKey({ to: message.to, text: message.body })),
        taken: group(sms.filter((entry) => entry.accepted), smsKey),
        smsKey,
    };
}

/** A map from key to the members that have it. */
export function group(list, keyOf) {
    const groups = new Map();
    for (const one of list) {
        const key = keyOf(one);
        if (!groups.has(key)) groups.set(key, []);
        groups.get(key).push(one);
    }
    return groups;
}

const succeeded = ({ status }) => status >= 200 && status < 300;
const refused = ({ status }) => status >= 400 && status < 500;

function outcomeOf({ key, tries }) {
    if (tries.some(succeeded)) return 'A';
    return (key === null ? tries.every(refused) : tries.some(refused)) ? 'R' : 'U';
}

function nothingLost({ outcomes, byItem }) {
    const acknowledged = outcomes.filter(({ outcome }) => outcome === 'A');
    const wrong = acknowledged.filter((attempt) => {
        const { id } = attempt.tries.find(succeeded);
        const rows = byItem.get(attempt.item) ?? [];
        return rows.filter((row) => row.id === id && sameOrder(row, attempt)).length !== 1;
    });
    return { wrong: wrong.map(name), of: `${acknowledged.length} orders answered with 2xx` };
}

function sameOrder(row, attempt) {
    return row.customer === attempt.customer && row.amount_minor === attempt.amount_minor && row.currency === 'KES';
}

function nothingDoubled({ outcomes, byItem }) {
    const doubled = outcomes.filter(({ item }) => (byItem.get(item) ?? []).length > 1);
    const differing = outcomes.filter(({ tries }) => {
        const good = tries.filter(succeeded);
        return new Set(good.map(({ id, body }) => `${id} ${body}`)).size > 1;
    });
    const answers = outcomes.reduce((sum, { tries }) => sum + tries.filter(succeeded).length, 0);
    return { wrong: [...doubled, ...differing].map(name), of: `${outcomes.length} orders attempted, ${answers} answers with 2xx` };
}

function nothingInvented({ outcomes, rows, known, byItem, codes }) {
    const strangers = rows.orders.filter(({ item }) => !known.has(item));
    const refusedOrders = outcomes.filter(({ outcome, item }) => outcome === 'R' && byItem.has(item));
    const customers = rows.customers.filter(({ code }) => !codes.includes(code));
    const wrong = [...strangers.map(({ id }) => `order ${id}`), ...refusedOrders.map(name), ...customers.map(({ code }) => `customer ${code}`)];
    return { wrong, of: `${rows.orders.length} order rows, ${rows.customers.length} customer rows` };
}

/* Orders without a key cannot be asked again: for them "unknown" is final, and one row or none are both right. */
function unknownAccounted({ outcomes, byItem }) {
    const count = (test) => outcomes.filter(test).length;
    const left = outcomes.filter(({ outcome, key }) => outcome === 'U' && key !== null);
    const interrupted = outcomes.filter(({ key, tries }) => key !== null && tries.some(({ status }) => status === null || status >= 500));
    const found = interrupted.filter(({ tries }) => tries.some((one) => one.replayed)).length;
    const unkeyed = outcomes.filter(({ outcome, key }) => outcome === 'U' && key === null);
    const committed = unkeyed.filter(({ item }) => byItem.has(item)).length;
    const letters = ['A', 'R', 'U'].map((letter) => `${letter} ${count(({ outcome }) => outcome === letter)}`).join(', ');
    return {
        wrong: left.map(name),
        of: `${letters}; interrupted with a key ${interrupted.length} (found committed ${found}), `
            + `without a key ${unkeyed.length} (committed ${committed})`,
    };
}

/** One message of its receipt for each order, and none without an order. */
export function outboxAtomic({ rows, byOrder, ordersById }) {
    const bare = rows.orders.filter(({ id }) => (byOrder.get(id) ?? []).length !== 1);
    const orphans = rows.messages.filter(({ order_id: id }) => !ordersById.has(id));
    return {
        wrong: [...bare.map(({ id }) => `order ${id}`), ...orphans.map(({ id }) => `message ${id}`)],
        of: `${rows.orders.length} orders, ${rows.messages.length} messages`,
    };
}

function atMostOneSms({ rows, taken, smsKey }) {
    const states = {};
    const wrong = rows.messages.filter((message) => {
        const count = (taken.get(smsKey({ to: message.to, text: message.body })) ?? []).length;
        if (count === 0) states[message.state] = (states[message.state] ?? 0) + 1;
        if (count > 1) return true;
        return count === 1 ? !SENT.has(message.state) && !UNDECIDED.has(message.state) : SENT.has(message.state);
    });
    const list = Object.entries(states).map(([state, count]) => `${state} ${count}`).join(', ') || 'none';
    return { wrong: wrong.map(messageName), of: `${rows.messages.length} messages; without an accepted SMS: ${list}` };
}

/* Any request for a text that no message holds, refused or not, is one too many: it was made before its order was. */
function noSmsWithoutOrder({ sms, byText, smsKey }) {
    const wrong = sms.filter((entry) => !byText.has(smsKey(entry)));
    return { wrong: wrong.map(({ seq, to }) => `SMS ${seq} to ${to}`), of: `${sms.length} requests to the gateway` };
}

/** None waits. A message that a kill left in mid-call waits for the end of its lease; until then that is where it belongs. */
export function nothingStuck({ rows, now }) {
    const leased = rows.messages.filter(({ state, lease_until: until }) => state === 'sending' && until > now);
    const wrong = rows.messages.filter((message) => PENDING.has(message.state) && !leased.includes(message));
    return { wrong: wrong.map(messageName), of: `${rows.messages.length} messages; before the end of their lease: ${leased.length}` };
}

/* Nothing but a refused number may end dead; its messages end so unless a kill left them undecided. */
function deadLettersHonest({ rows, refused: numbers }) {
    const expected = new Set(numbers);
    const wrong = rows.messages.filter(({ to, state, failure, attempts }) => {
        if (state === 'dead') return !expected.has(to) || !failure || attempts < 1;
        return expected.has(to) && !UNDECIDED.has(state) && state !== 'queued';
    });
    const dead = rows.messages.filter(({ state }) => state === 'dead').length;
    return { wrong: wrong.map(messageName), of: `${dead} dead letters` };
}

/** Whether a message came to its state on a way that there is. */
export function isLegal({ state, history }) {
    const path = ['queued', ...history.map((change) => change.state)];
    return path.at(-1) === state && path.every((from, at) => at + 1 === path.length || LEGAL[from]?.includes(path[at + 1]));
}

function statesLegal({ rows }) {
    const wrong = rows.messages.filter((message) => !isLegal(message));
    const changes = rows.messages.reduce((sum, { history }) => sum + history.length, 0);
    return { wrong: wrong.map(messageName), of: `${changes} changes of state` };
}

/* I6 speaks of gateways that take a key of ours; Africa's Talking takes none, so its place is empty. */
const INVARIANTS = [
    ['I1', 'nothing lost', nothingLost],
    ['I2', 'nothing doubled', nothingDoubled],
    ['I3', 'nothing invented', nothingInvented],
    ['I4', 'unknown accounted', unknownAccounted],
    ['I5', 'order and message in one', outboxAtomic],
    ['I7', 'at most one SMS', atMostOneSms],
    ['I8', 'no SMS without its order', noSmsWithoutOrder],
    ['I9', 'nothing stuck', nothingStuck],
    ['I10', 'dead letters honest', deadLettersHonest],
    ['I11', 'states legal', statesLegal],
];

function name({ item }) {
    return `"${item}"`;
}

/** A message as it is named in a finding. */
export function messageName({ id, state }) {
    return `message ${id} (${state})`;
}
