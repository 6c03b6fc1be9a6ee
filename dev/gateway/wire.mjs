// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The vendor's words on the wire: recipients, the send answer as JSON or XML, refusals as text.
 *
 * A send is answered 201; the recipients carry their own status codes. A refused recipient has messageId "None" and cost "0". Whole-request
 * refusals are 201 too, with a `Message` and no recipients. Errors of the HTTP layer are plain text.
 */
import { randomBytes } from 'node:crypto';
import { countParts } from './text.mjs';

const CENTS_PER_PART = 80; /* KES 0.80, the vendor's sample rate */

const STATUS_WORDS = {
    100: 'Processed', 101: 'Success', 102: 'Queued', 401: 'RiskHold', 402: 'InvalidSenderId', 403: 'InvalidPhoneNumber',
    404: 'UnsupportedNumberType', 405: 'InsufficientBalance', 406: 'UserInBlacklist', 407: 'CouldNotRoute', 409: 'DoNotDisturbRejection',
    500: 'InternalServerError', 501: 'GatewayError', 502: 'RejectedByGateway',
};

/** Texts of HTTP refusals, by status, as the vendor's server words them. */
export const HTTP_TEXTS = {
    400: 'The request content was malformed.',
    401: 'The supplied authentication is invalid',
    403: 'The supplied authentication is not authorized to access this resource',
    404: 'The requested resource could not be found.',
    405: 'HTTP method not allowed, supported methods: GET, POST',
    413: 'The request content is too large.',
    415: "The request's Content-Type is not supported. Expected:\napplication/x-www-form-urlencoded",
    429: 'Too many requests',
    500: 'There was an internal server error.',
    502: 'Bad Gateway',
    503: 'The server is currently unavailable (because it is overloaded or down for maintenance).',
    504: 'Gateway Timeout',
};

/** The 400 for a form field that is not there. */
export function missingField(name) {
    return `Request is missing required form field '${name}'`;
}

/**
 * One member of `Recipients`.
 * @param {string} number
 * @param {number} statusCode
 * @param {string} text
 */
export function recipient(number, statusCode, text) {
    const taken = statusCode <= 102;
    const parts = countParts(text);
    return {
        statusCode,
        number,
        status: STATUS_WORDS[statusCode] ?? `Unknown${statusCode}`,
        cost: taken ? formatCost(parts * CENTS_PER_PART) : '0',
        messageId: taken ? `ATXid_${randomBytes(16).toString('hex')}` : 'None',
        messageParts: taken ? parts : 0,
    };
}

/** The answer to a send; `message` replaces the usual sentence. */
export function sendAnswer(recipients, message) {
    const taken = recipients.filter(({ statusCode }) => statusCode <= 102);
    const cents = taken.reduce((sum, { messageParts }) => sum + messageParts * CENTS_PER_PART, 0);
    const sentence = `Sent to ${taken.length}/${recipients.length} Total Cost: ${formatCost(cents)}`;
    return { SMSMessageData: { Message: message ?? sentence, Recipients: recipients } };
}

/** The same answer in the vendor's XML, its format where nobody asks for JSON. */
export function toXml({ SMSMessageData: { Message, Recipients } }) {
    const rows = Recipients.map((row) => `<Recipient>${members(row)}</Recipient>`).join('');
    return '<?xml version="1.0" encoding="UTF-8"?><AfricasTalkingResponse><SMSMessageData>'
        + `<Message>${escape(Message)}</Message><Recipients>${rows}</Recipients></SMSMessageData></AfricasTalkingResponse>`;
}

function members(row) {
    return Object.entries(row).map(([name, value]) => `<${name}>${escape(value)}</${name}>`).join('');
}

function escape(value) {
    return String(value).replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function formatCost(cents) {
    return `KES ${(cents / 100).toFixed(4)}`;
}
