// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * POST /version1/messaging of the gateway stand-in: from a form to an answer, by way of the journal.
 *
 *   head → (reset-before) → body → checks (415 413 401 400) → rule → recipients → journal, on disk → [reports] → answer → [reports]
 *
 * Whatever the rule pretends, the journal entry stands before the first byte of the answer.
 */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { accepts, codeOf } from './rules.mjs';
import { checkNumber, countParts } from './text.mjs';
import { HTTP_TEXTS, missingField, recipient, sendAnswer, toXml } from './wire.mjs';

const BODY_MAX = 1024 * 1024;
const REQUIRED = ['username', 'to', 'message'];
const TEXT = 'text/plain; charset=UTF-8';
const HTML_PAGE = '<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>';

/** An answer of plain text, as the vendor's HTTP layer gives it. */
export function answerText(response, status, text = HTTP_TEXTS[status] ?? '', headers = {}) {
    response.writeHead(status, { 'content-type': TEXT, 'content-length': Buffer.byteLength(text), ...headers });
    response.end(text);
}

/** Whether the request carries our key. SDKs send the header under two spellings, which Node joins. */
export function hasKey(request, { apiKey }) {
    const sent = request.headers.apikey;
    return sent !== undefined && sent.split(', ').every((key) => key === apiKey);
}

/** The whole body as text, or undefined when it is too large. */
export async function readBody(request) {
    const chunks = [];
    let length = 0;
    for await (const chunk of request) {
        length += chunk.length;
        if (length > BODY_MAX) return undefined;
        chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
}

/** @param {object} gateway `{rules, journal, phone, reports, ending}` */
export async function send(gateway, request, response) {
    const unread = gateway.rules.takeUnread();
    if (unread !== undefined) {
        await note(gateway, [entryOf({ form: new URLSearchParams(), outcome: unread.mode })]);
        return request.socket.resetAndDestroy();
    }
    const { form = new URLSearchParams(), refusal } = await readForm(request, gateway.rules.settings);
    if (refusal !== undefined) {
        await note(gateway, [entryOf({ form, outcome: `http ${refusal.status}` })]);
        return answerText(response, refusal.status, refusal.text);
    }
    const numbers = form.get('to').split(',').map((number) => number.trim());
    const rule = gateway.rules.take('send', numbers);
    const handled = numbers.map((number) => handle(number, form, rule));
    await note(gateway, handled.map(({ answered, real }) => entryOf({ form, answered, real, outcome: outcomeOf(rule, answered) })));
    return finish(gateway, { handled, rule, request, response });
}

async function readForm(request, settings) {
    const type = request.headers['content-type'] ?? '';
    if (!/^application\/x-www-form-urlencoded\b/i.test(type)) return { refusal: { status: 415 } };
    const body = await readBody(request);
    if (body === undefined) return { refusal: { status: 413 } };
    const form = new URLSearchParams(body);
    if (!hasKey(request, settings)) return { form, refusal: { status: 401 } };
    const missing = REQUIRED.find((name) => !form.get(name));
    if (missing !== undefined) return { form, refusal: { status: 400, text: missingField(missing) } };
    if (form.get('username') !== settings.username) return { form, refusal: { status: 401 } };
    return { form };
}

/* `answered` is what the client reads about this number, `real` the message that the phone gets, if it gets one. */
function handle(number, form, rule) {
    const text = form.get('message');
    const usual = form.get('enqueue') === '1' ? 102 : 101;
    const refused = checkNumber(number);
    if (refused !== 0) return { number, answered: recipient(number, refused, text) };
    const own = rule?.to === undefined || rule.to === number ? rule : undefined;
    const answered = recipient(number, codeOf(own) ?? usual, text);
    if (!accepts(own)) return { number, answered };
    return { number, answered, real: answered.messageId === 'None' ? recipient(number, usual, text) : answered };
}

/*
 * The journal's line. `key` names this text to this number: two accepted entries with one key are the same SMS twice.
 * `outcome` is what the client was shown: a status code, `http 500`, or the name of the failure.
 */
function entryOf({ form, answered, real, outcome }) {
    const to = answered?.number ?? form.get('to');
    const text = form.get('message');
    return {
        id: real?.messageId ?? null,
        key: sha256(`${to}\n${text}`).slice(0, 32),
        to,
        text,
        sha256: sha256(text ?? ''),
        from: form.get('from'),
        parts: countParts(text ?? ''),
        accepted: real !== undefined,
        outcome,
    };
}

function outcomeOf(rule, answered) {
    if (rule?.mode === 'http') return `http ${rule.status}`;
    if (rule === undefined || rule.mode === 'normal' || typeof rule.mode === 'number') return String(answered.statusCode);
    return rule.mode;
}

function sha256(text) {
    return createHash('sha256').update(text).digest('hex');
}

async function note({ journal, phone, numbering }, entries) {
    const time = new Date().toISOString();
    const lines = entries.map((entry) => ({ seq: ++numbering.last, time, ...entry }));
    await journal.append(lines);
    for (const line of lines) if (line.accepted) phone.show(line);
}

async function finish(gateway, { handled, rule, request, response }) {
    const { settings } = gateway.rules;
    const taken = handled.map(({ real }) => real).filter(Boolean);
    const delay = settings.latencyMs + (rule?.delayMs ?? 0);
    if (rule?.mode === 'report-first') await report(gateway, taken, rule, 0);
    if (delay > 0) await pause(delay, undefined, { signal: gateway.ending });
    answer(handled.map(({ answered }) => answered), rule, request, response);
    if (rule?.mode !== 'report-first') report(gateway, taken, rule, settings.reportDelayMs).catch(() => {});
}

function report({ reports, rules }, taken, rule, delayMs) {
    const statuses = statusesOf(rule, rule?.reports ?? rules.settings.reports);
    return Promise.all(taken.map((real) => reports.tell(real, statuses, delayMs)));
}

function statusesOf(rule, statuses) {
    if (rule?.mode === 'report-twice') return [...statuses, ...statuses.slice(-1)];
    if (rule?.mode === 'report-disorder') return [...statuses].reverse();
    return statuses;
}

/* How each mode answers; those that are not here answer a usual 201. */
const ANSWERS = {
    http: ({ rule, response }) => answerText(response, rule.status, rule.body, retryAfter(rule)),
    empty: (call) => answerBody(call, { body: sendAnswer([], call.rule.message ?? 'InvalidSenderId') }),
    ok200: (call) => answerBody(call, { status: 200 }),
    xml: (call) => answerBody(call, { xml: true }),
    html: ({ rule, response }) => answerText(response, 200, rule.body ?? HTML_PAGE, { 'content-type': 'text/html; charset=UTF-8' }),
    truncated: (call) => answerBody(call, { cut: true }),
    short: (call) => answerPart(call, (socket) => socket.destroy()),
    'reset-before': ({ request }) => request.socket.resetAndDestroy(),
    'reset-after': ({ request }) => request.socket.resetAndDestroy(),
    stall: () => {},
    'stall-body': (call) => answerPart(call, () => {}),
};

function answer(recipients, rule, request, response) {
    const call = { recipients, rule, request, response };
    const respond = ANSWERS[rule?.mode] ?? ((usual) => answerBody(usual, {}));
    respond(call);
}

function answerBody(call, { status = 201, body, xml = false, cut = false }) {
    const { type, text } = format(call, body, xml);
    const sent = cut ? text.slice(0, text.length / 2) : text;
    call.response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(sent) });
    call.response.end(sent);
}

/* Half of the body under the whole one's length. */
function answerPart(call, then) {
    const { type, text } = format(call);
    call.response.writeHead(201, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
    call.response.write(text.slice(0, text.length / 2), () => then(call.request.socket));
}

function format({ recipients, request }, body = sendAnswer(recipients), xml = false) {
    const json = !xml && (request.headers.accept ?? '').includes('application/json');
    return json
        ? { type: 'application/json; charset=utf-8', text: JSON.stringify(body) }
        : { type: 'text/xml; charset=utf-8', text: toXml(body) };
}

function retryAfter({ retryAfter: value }) {
    return value === undefined ? {} : { 'retry-after': String(value) };
}
