// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * An order from its body, an order as JSON, and the SMS that tells the customer of it.
 */
import { v7 as uuidv7 } from 'uuid';
import { Refusal } from './refusal.js';

const TIME_AHEAD_MS = 5 * 60 * 1000; /* a client's clock may run ahead by this much */
const EAST_AFRICA_MS = 3 * 60 * 60 * 1000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A body that the schema let through becomes an order that lacks only its customer. */
export function newOrder({ customer, item, amount, currency, time }, subject) {
    const now = new Date();
    const at = time === undefined ? now : new Date(time);
    if (at.getTime() > now.getTime() + TIME_AHEAD_MS) throw new Refusal(422, 'time: lies in the future');
    return {
        id: uuidv7(), customer, item, amountMinor: parseAmount(amount), currency, time: at, version: 1, createdBy: subject,
        createdAt: now, updatedAt: now, messageId: uuidv7(),
    };
}

/* "12.5" becomes 1250; at most 17 digits, which PostgreSQL's bigint holds and a double may not. */
function parseAmount(amount) {
    const [whole, fraction = ''] = amount.split('.');
    return BigInt(whole + fraction.padEnd(2, '0'));
}

function formatAmount(minor) {
    const digits = String(minor).padStart(3, '0');
    return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** What goes out as JSON. */
export function encodeOrder(order) {
    return {
        id: order.id,
        customer: order.customer,
        customer_id: order.customerId,
        item: order.item,
        amount: formatAmount(order.amountMinor),
        currency: order.currency,
        time: order.time.toISOString(),
        version: order.version,
        created_by: order.createdBy,
        created_at: order.createdAt.toISOString(),
        updated_at: order.updatedAt.toISOString(),
        message: { id: order.messageId, state: order.messageState },
    };
}

/** The SMS: text, size, and whether it is to be sent. */
export function newMessage({ name, phone, sms_opt_out: optedOut }, order) {
    const amount = formatAmount(order.amountMinor).replace(/\B(?=([0-9]{3})+\.)/g, ',');
    const body = `Dear ${name}, we have received your order of ${order.item}, ${order.currency} ${amount}, on ${formatTime(order.time)}. `
        + `Ref ${order.id.slice(-8).toUpperCase()}.`;
    const message = { body, ...measure(body), state: 'queued', failure: null };
    if (phone === null) return { ...message, state: 'skipped', failure: 'the customer has no phone number' };
    if (optedOut) return { ...message, state: 'suppressed', failure: 'the customer has opted out of SMS' };
    return message;
}

/* "22 Nov 2026 16:08 EAT" */
function formatTime(time) {
    const local = new Date(time.getTime() + EAST_AFRICA_MS);
    const clock = local.toISOString().slice(11, 16);
    return `${local.getUTCDate()} ${MONTHS[local.getUTCMonth()]} ${local.getUTCFullYear()} ${clock} EAT`;
}

/* Plain ASCII stands for the GSM alphabet. */
function measure(body) {
    const plain = /^[\x00-\x7f]*$/.test(body);
    const [single, each] = plain ? [160, 153] : [70, 67];
    return { encoding: plain ? 'gsm7' : 'ucs2', parts: body.length <= single ? 1 : Math.ceil(body.length / each) };
}
