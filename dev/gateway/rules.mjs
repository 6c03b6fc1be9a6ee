// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What the gateway stand-in was told to do wrong, and its settings.
 *
 * A rule is `{mode, next?, to?, on?, …}`: it applies to the next `next` requests (without it: to all until a reset), to one number where
 * `to` names one, to sends unless `on` is `balance` or `inbox`. The first rule that fits wins, those for a number before the others.
 * A request takes one rule, and a rule for a number counts a request once however often the number stands in it.
 *
 * Modes and what the phone gets (`accepted` in a rule overrides the default):
 *   100 101 102                    that status code                                                        accepted
 *   401 … 407, 409, 500 … 502      that status code for the recipient                                      refused
 *   any other number               that status code (unknown to the classification)                        refused
 *   empty                          201, no recipients, `message` (InvalidSenderId)                         refused
 *   http                           HTTP `status`, `body` as text, `retryAfter`                             refused
 *   ok200, xml, html               200 instead of 201; XML although JSON was asked; a 200 page             accepted, the page refused
 *   truncated, short               JSON cut in half; a body shorter than its Content-Length                accepted
 *   reset-before, reset-after      connection reset before the body is read; after                         refused; accepted
 *   stall, stall-body              no answer at all; half an answer, then nothing                          accepted
 *   normal                         as without a rule; for `delayMs` or `reports` alone                     accepted
 *   report-first                   the delivery reports go out before the answer                           accepted
 *   report-twice, report-disorder  the last report doubled; the final report before the progress           accepted
 * Every mode takes `delayMs` (between the journal and the answer) and `reports` (the statuses to report).
 */

const MODES = new Set([
    'normal', 'empty', 'http', 'ok200', 'xml', 'html', 'truncated', 'short', 'reset-before', 'reset-after',
    'stall', 'stall-body', 'report-first', 'report-twice', 'report-disorder',
]);
const ON = new Set(['send', 'balance', 'inbox']);
const RULE_MEMBERS = new Set([
    'mode', 'next', 'to', 'on', 'accepted', 'status', 'body', 'retryAfter', 'message', 'delayMs', 'reports',
]);
const REFUSING = new Set(['empty', 'http', 'html', 'reset-before']);
const ACCEPTING_CODES = new Set([100, 101, 102]);

/** Settings and their defaults; `POST /_control` with `settings` changes them. */
export const DEFAULTS = {
    callback: '', /* URL of delivery reports; none are sent without it */
    reports: ['Sent', 'Success'], /* of each accepted message, in order */
    reportDelayMs: 50, /* between the answer and the first report, and between reports */
    networkCode: '63902',
    balance: 'KES 1785.50',
    balanceMember: 'UserData', /* the vendor's papers also print `userData` */
    inbox: [], /* what GET /version1/messaging answers */
    latencyMs: 0, /* added to every answer */
};

export class Rules {
    #rules = [];
    #credentials;

    /** @param {{username: string, apiKey: string}} credentials they are settings too: change them to revoke a key */
    constructor(credentials) {
        this.#credentials = credentials;
        this.reset();
    }

    /** Forgets all rules and goes back to the default settings. */
    reset() {
        this.#rules = [];
        this.settings = { ...DEFAULTS, ...this.#credentials };
    }

    /**
     * Takes a control message: `{reset?, settings?, rules?}` or one rule's members at the top. Throws on anything it does not know, for a
     * misspelled failure mode would be a test that cannot fail.
     */
    control({ reset = false, settings = {}, rules, ...rule }) {
        for (const name of Object.keys(settings)) {
            if (!(name in this.settings)) throw new Error(`unknown setting "${name}"`);
        }
        const added = (rules ?? (Object.keys(rule).length > 0 ? [rule] : [])).map(checkRule);
        if (reset) this.reset();
        Object.assign(this.settings, settings);
        this.#rules.push(...added);
    }

    /** The rules still in force and the settings. */
    describe() {
        return { rules: this.#rules, settings: this.settings };
    }

    /** The rule for a request whose body is not read yet, so only a `reset-before` without a number; uses it up. */
    takeUnread() {
        const index = this.#rules.findIndex((rule) => rule.mode === 'reset-before' && rule.to === undefined);
        const first = this.#rules.findIndex((rule) => rule.on === 'send' && rule.to === undefined);
        return index >= 0 && index === first ? this.#use(index) : undefined;
    }

    /**
     * The rule for a request to these numbers; uses it up.
     * @param {'send' | 'balance' | 'inbox'} on
     * @param {string[]} [numbers]
     */
    take(on, numbers = []) {
        const fits = (rule) => rule.on === on;
        let index = this.#rules.findIndex((rule) => fits(rule) && numbers.includes(rule.to));
        if (index < 0) index = this.#rules.findIndex((rule) => fits(rule) && rule.to === undefined);
        return index < 0 ? undefined : this.#use(index);
    }

    #use(index) {
        const rule = this.#rules[index];
        if (rule.next !== undefined && --rule.next === 0) this.#rules.splice(index, 1);
        return rule;
    }
}

/** The status code that a rule gives to a recipient, or undefined where its mode is not one. */
export function codeOf(rule) {
    return typeof rule?.mode === 'number' ? rule.mode : undefined;
}

/** Whether the phone gets the message under this rule. */
export function accepts(rule) {
    if (rule === undefined) return true;
    if (rule.accepted !== undefined) return rule.accepted;
    const code = codeOf(rule);
    return code === undefined ? !REFUSING.has(rule.mode) : ACCEPTING_CODES.has(code);
}

function checkRule({ on = 'send', ...rest }) {
    const rule = { on, ...rest };
    if (/^[0-9]{3}$/.test(rule.mode)) rule.mode = Number(rule.mode);
    for (const name of Object.keys(rule)) {
        if (!RULE_MEMBERS.has(name)) throw new Error(`unknown member "${name}" in a rule`);
    }
    if (typeof rule.mode !== 'number' && !MODES.has(rule.mode)) throw new Error(`unknown mode "${rule.mode}"`);
    if (!ON.has(rule.on)) throw new Error(`unknown "on": "${rule.on}"`);
    if (rule.mode === 'http' && !Number.isInteger(rule.status)) throw new Error('mode "http" needs a status');
    if (rule.next !== undefined && !(Number.isInteger(rule.next) && rule.next > 0)) throw new Error('"next" is a count from 1');
    return rule;
}
