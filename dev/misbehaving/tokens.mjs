// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Tokens of every shape: valid by default, wrong in exactly the way that a test asks for.
 *
 * Nothing here checks or corrects; texts go out as they were given. The stages of a token can each be replaced:
 *   header → its JSON text → segment ┐
 *   claims → its JSON text → segment ┴→ signing input → signature → segments → token
 */
import { randomUUID } from 'node:crypto';
import { hmac } from './keys.mjs';

const LIFETIME_S = 600;
const CLIENT = 'sample-client';

/** Seconds since 1970, moved by `offset`; may be fractional. */
export function now(offset = 0) {
    return Math.floor(Date.now() / 1000) + offset;
}

/** base64url of a text, bytes, or the JSON of anything else. */
export function encode(value) {
    const bytes = typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value);
    return Buffer.from(bytes).toString('base64url');
}

/**
 * Makes a token.
 * @param {object} key from `keys.mjs`
 * @param {object} base claims of a valid token
 * @param {object} [how]
 * @param {object} [how.header] members over `{typ: 'at+jwt', alg, kid}`; undefined leaves one out
 * @param {object} [how.claims] members over the base; undefined leaves one out
 * @param {string | Buffer} [how.rawHeader] the header's JSON text, verbatim
 * @param {string | Buffer} [how.rawClaims] the claims' JSON text, verbatim
 * @param {string | Buffer} [how.hmac] signs with HMAC-SHA256 under this secret; the header says HS256 unless it says otherwise
 * @param {boolean} [how.der] an ECDSA signature in DER
 * @param {(signature: Buffer, input: string) => Buffer | string} [how.signature] replaces the signature; a string is a raw segment
 * @param {(segments: string[]) => string[] | string} [how.segments] replaces the three segments or the whole token
 */
export function makeToken(key, base, how = {}) {
    const alg = how.hmac === undefined ? key.alg : 'HS256';
    const header = { typ: 'at+jwt', alg, kid: key.kid, ...how.header };
    const claims = { ...base, ...how.claims };
    const input = `${encode(how.rawHeader ?? header)}.${encode(how.rawClaims ?? claims)}`;
    const honest = how.hmac === undefined ? key.sign(input, { der: how.der }) : hmac(how.hmac, input);
    const signature = how.signature ? how.signature(honest, input) : honest;
    const segments = [...input.split('.'), typeof signature === 'string' ? signature : encode(signature)];
    const result = how.segments ? how.segments(segments) : segments;
    return Array.isArray(result) ? result.join('.') : result;
}

/** Claims of a valid access token of a service; a person has another `sub`, and `roles`. */
export function accessClaims({ issuer, audience, scope }) {
    return {
        iss: issuer, aud: audience, sub: CLIENT, client_id: CLIENT, jti: randomUUID(), iat: now(), exp: now(LIFETIME_S), scope,
    };
}

/** What other tokens of an honest issuer look like: `{header, claims}` to lay over an access token. */
export const OTHER_KINDS = {
    'id-token': () => ({
        header: { typ: 'JWT' },
        claims: { aud: CLIENT, client_id: undefined, scope: undefined, jti: undefined, nonce: 'n-1', auth_time: now(), at_hash: 'MTIzNDU2Nzg5MDEyMzQ1Ng' },
    }),
    'logout-token': () => ({
        header: { typ: 'logout+jwt' },
        claims: { client_id: undefined, scope: undefined, sid: 's-1', events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
    }),
    'dpop-proof': (key) => ({
        header: { typ: 'dpop+jwt', jwk: key.jwk, kid: undefined },
        claims: { client_id: undefined, scope: undefined, htm: 'GET', htu: 'http://127.0.0.1:8080/v1/orders' },
    }),
    'client-assertion': () => ({
        header: { typ: 'JWT' },
        claims: { iss: CLIENT, sub: CLIENT, client_id: undefined, scope: undefined },
    }),
};

/** A copy of bytes with bit `index` flipped (negative: from the end). */
export function flipBit(bytes, index) {
    const copy = Buffer.from(bytes);
    const position = index < 0 ? copy.length * 8 + index : index;
    copy[position >> 3] ^= 1 << (position & 7);
    return copy;
}

/** The same bytes, written with one of the last character's unused bits set: not canonical base64url (RFC 4648 §3.5). */
export function setUnusedBit(segment) {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    if (segment.length % 4 === 0) throw new Error('this segment has no unused bits');
    const last = alphabet.indexOf(segment.at(-1));
    return segment.slice(0, -1) + alphabet[last | 1];
}

/** An ES256 signature of chosen numbers. */
export function ecdsaSignature(r, s) {
    const half = (value) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
    return Buffer.concat([half(r), half(s)]);
}

/** The order of P-256's group: the smallest r and s that are out of range. */
export const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
