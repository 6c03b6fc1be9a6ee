// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What goes wrong at the gateway during a chaos run of the sender: bursts of faults, between them some traffic that goes well.
 *
 *   F10   the gateway does not take the message: refused, reset before it read, never answered, HTTP 4xx and 5xx, 429 with Retry-After, a page
 *         of HTML, a recipient refused, the account stopped, nobody there
 *   F11   the gateway takes the message and the answer does not come: cut, reset, never, or it dies with the message in hand
 *
 * A burst is a rule of the stand-in for the next few requests (dev/gateway/rules.mjs), or a death: the stand-in is closed with all that it has
 * in hand and comes back on its port a moment later, with its journal. Every few bursts the delivery reports change: late, twice, out of
 * order, before the answer, none, other words. What was injected is counted from the journal, not from what was asked for.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { startGateway } from '../../dev/gateway.mjs';

const LATENCY_MS = 15;
const USED_WITHIN_MS = 4_000; /* until the burst has hit as many requests as it is for */
const WELL_WITHIN_MS = 10_000; /* until messages are accepted again */
const WELL = { least: 1, most: 8 }; /* messages between two bursts */
const POLL_MS = 5;
const DOWN_MS = { least: 50, most: 500 };
const SOON_MS = 20; /* a report that may overtake our own commit */
const LATE_MS = 1_500;

/* [how often of all, messages at most, the rule]. A stop of the account also makes the balance call fail now and then. */
const BURSTS = [
    [5, 6, { mode: 500 }],
    [4, 6, { mode: 501 }],
    [3, 4, { mode: 502 }],
    [2, 3, { mode: 404 }],
    [2, 3, { mode: 409 }],
    [2, 3, { mode: 999 }],
    [4, 6, { mode: 'http', status: 500 }],
    [3, 6, { mode: 'http', status: 502 }],
    [2, 4, { mode: 'http', status: 503 }],
    [2, 4, { mode: 'http', status: 429, retryAfter: 1 }],
    [4, 6, { mode: 'html' }],
    [5, 8, { mode: 'reset-before' }],
    [2, 8, { mode: 'stall', accepted: false }],
    [1, 2, { mode: 401 }],
    [1, 2, { mode: 402 }],
    [1, 2, { mode: 405 }],
    [1, 2, { mode: 'empty' }],
    [1, 2, { mode: 'http', status: 401 }],
    [6, 10, { mode: 'truncated' }],
    [5, 10, { mode: 'short' }],
    [7, 10, { mode: 'reset-after' }],
    [3, 12, { mode: 'stall' }],
    [3, 12, { mode: 'stall-body' }],
    [4, 0, 'death'],
];
const WEIGHT = BURSTS.reduce((sum, [weight]) => sum + weight, 0);
const STOPS = new Set([401, 402, 405, 'empty']);

/* Words of the delivery reports of a message; the last is one that nobody has heard of. */
const REPORTS = [
    ['Sent', 'Success'], ['Sent', 'Success'], ['Sent', 'Failed'], ['Sent', 'Rejected'], ['Submitted', 'Buffered', 'Expired'],
    ['AbsentSubscriber', 'Success'], ['AbsentSubscriber'], ['Success', 'Failed'], [], ['Teleported', 'Success'],
];
const REPORT_MODES = ['report-first', 'report-twice', 'report-disorder'];

/** Outcomes in the journal that say: taken, and the answer did not come. */
export const UNANSWERED = new Set(['truncated', 'short', 'reset-after', 'stall', 'stall-body']);

export class Sabotage {
    #gateway;
    #random;
    #journal;
    #standing = [];
    #callbacks = [];
    #told = []; /* reports of stand-ins that have died */
    #hurt = { deaths: 0, inHand: 0 };

    /**
     * @param {{journal: string, random: import('./random.mjs').Random}} options the path of the journal
     */
    static async open({ journal, random }) {
        const sabotage = new Sabotage();
        sabotage.#journal = journal;
        sabotage.#random = random;
        sabotage.#gateway = await startGateway({ journal });
        return sabotage;
    }

    /** The stand-in that lives; another after a death, under the same address. */
    get gateway() {
        return this.#gateway;
    }

    /** Rules that hold during the whole run, and the URLs of which each burst takes one for its delivery reports. */
    begin({ standing, callbacks }) {
        this.#standing = standing;
        this.#callbacks = callbacks;
        this.#calm();
    }

    /** Every delivery report of the run. */
    reports() {
        return [...this.#told, ...this.#gateway.reports()];
    }

    /**
     * What has gone wrong so far, by the journal.
     * @returns {{refused: number, unanswered: number, deaths: number}} F10, F11 (with what it died over), and how often it died
     */
    count() {
        const numbers = new Set(this.#standing.map(({ to }) => to));
        const entries = this.#gateway.journal().filter(({ to }) => !numbers.has(to));
        return {
            refused: entries.filter(({ accepted }) => !accepted).length,
            unanswered: entries.filter(({ accepted, outcome }) => accepted && UNANSWERED.has(outcome)).length + this.#hurt.inHand,
            deaths: this.#hurt.deaths,
        };
    }

    /** One burst, and then messages that go well. What no request has met by then is taken back: a queue that stands still would leave it to others. */
    async burst() {
        const [, most, rule] = this.#pick();
        if (rule === 'death') {
            await this.#die();
        } else {
            this.#changeReports();
            if (isStop(rule) && this.#random.chance(0.3)) this.#gateway.control({ on: 'balance', mode: 'http', status: 401, next: 1 });
            this.#gateway.control({ ...rule, next: this.#random.integer(1, most) });
        }
        await this.#until(USED_WITHIN_MS, () => this.#gateway.control({}).rules.every(({ to, next }) => to !== undefined || next === undefined));
        await this.#well();
    }

    /** Calls that take longer and are not reported on, for what needs them in mid-call. */
    hold(count, delayMs) {
        this.#calm();
        this.#gateway.control({ mode: 'normal', next: count, delayMs, reports: [] });
    }

    /** Nothing goes wrong any more, but for the standing rules. */
    end() {
        this.#calm();
    }

    close() {
        return this.#gateway.close();
    }

    async #well() {
        this.#calm(this.#gateway.control({}).settings);
        const wanted = this.#gateway.stats().requests + this.#random.integer(WELL.least, WELL.most);
        await this.#until(WELL_WITHIN_MS, () => this.#gateway.stats().requests >= wanted);
    }

    #calm(settings = {}) {
        const { reports, reportDelayMs } = { reports: REPORTS[0], reportDelayMs: 50, ...settings };
        const callback = this.#callbacks[this.#random.integer(0, this.#callbacks.length - 1)];
        this.#gateway.control({ reset: true, settings: { latencyMs: LATENCY_MS, callback, reports, reportDelayMs }, rules: this.#standing.map((rule) => ({ ...rule })) });
    }

    #changeReports() {
        const random = this.#random;
        if (random.chance(0.3)) {
            const reportDelayMs = random.integer(0, random.chance(0.5) ? SOON_MS : LATE_MS);
            this.#gateway.control({ settings: { reports: REPORTS[random.integer(0, REPORTS.length - 1)], reportDelayMs } });
        } else if (random.chance(0.3)) {
            this.#gateway.control({ mode: REPORT_MODES[random.integer(0, REPORT_MODES.length - 1)], next: random.integer(1, 6) });
        }
    }

    #pick() {
        let place = this.#random.integer(0, WEIGHT - 1);
        return BURSTS.find(([weight]) => (place -= weight) < 0);
    }

    /* In hand is what stands in the journal for less than the time an answer takes. */
    async #die() {
        const { url } = this.#gateway;
        const since = Date.now() - LATENCY_MS + 2;
        this.#hurt.deaths++;
        this.#hurt.inHand += this.#gateway.journal().filter(({ accepted, outcome, time }) => accepted && !UNANSWERED.has(outcome) && Date.parse(time) > since).length;
        await this.#gateway.close();
        this.#told.push(...this.#gateway.reports());
        await pause(this.#random.integer(DOWN_MS.least, DOWN_MS.most));
        this.#gateway = await startGateway({ journal: this.#journal, port: Number(new URL(url).port) });
        this.#calm();
    }

    async #until(ms, condition) {
        for (const deadline = Date.now() + ms; Date.now() < deadline && !condition();) await pause(POLL_MS);
    }
}

function isStop({ mode, status }) {
    return STOPS.has(mode) || status === 401;
}
