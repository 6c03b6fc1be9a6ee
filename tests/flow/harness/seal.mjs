// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Opens and makes what the service seals (core/seal.c), for tests that hold its key: to see what is inside, and to make what only time would.
 *
 *   version (1) | start of SHA-256(key) (4) | nonce (12) | AES-256-GCM ciphertext | tag (16)
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const VERSION = 1;
const HEAD_LEN = 17;
const TAG_LEN = 16;

function nameOf(key) {
    return createHash('sha256').update(key).digest().subarray(0, 4);
}

/** @param {string} keyText as in AGIZO_SESSION_KEY @param {string} context @param {Buffer} sealed */
export function unseal(keyText, context, sealed) {
    const key = Buffer.from(keyText, 'base64url');
    const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(5, HEAD_LEN));
    cipher.setAAD(Buffer.from(context));
    cipher.setAuthTag(sealed.subarray(-TAG_LEN));
    return Buffer.concat([cipher.update(sealed.subarray(HEAD_LEN, -TAG_LEN)), cipher.final()]);
}

export function seal(keyText, context, plain) {
    const key = Buffer.from(keyText, 'base64url');
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(Buffer.from(context));
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([Buffer.of(VERSION), nameOf(key), nonce, body, cipher.getAuthTag()]);
}

/** The sign-in's cookie (auth/ticket.c) with its members changed. @param {(ticket: object) => object} change */
export function changeTicket(keyText, cookie, change) {
    const ticket = JSON.parse(unseal(keyText, 'sign-in', Buffer.from(cookie, 'base64url')));
    return seal(keyText, 'sign-in', JSON.stringify(change(ticket))).toString('base64url');
}
