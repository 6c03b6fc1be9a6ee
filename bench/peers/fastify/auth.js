// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Bearer tokens: RS256 by a key of the set, issuer, audience, expiry, scope.
 *
 * One verifier per key is made at start, so that no key is parsed again. Every request's signature is verified: fast-jwt's cache is off.
 */
import { createPublicKey } from 'node:crypto';
import { createVerifier } from 'fast-jwt';
import { Refusal } from './refusal.js';

/** @returns {(scope: string) => (request: object) => Promise<void>} makes a hook that lets in who has a good token with the scope */
export function makeGate({ keySet, issuer, audience }) {
    const options = { cache: false, algorithms: ['RS256'], allowedIss: issuer, allowedAud: audience, requiredClaims: ['iss', 'aud', 'exp', 'sub'] };
    const verifiers = new Map(keySet.keys.filter(({ kty }) => kty === 'RSA').map((key) => {
        const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
        return [key.kid, createVerifier({ ...options, key: pem })];
    }));
    return (scope) => async (request) => {
        request.user = verify(verifiers, bearerOf(request.headers.authorization));
        const scopes = (request.user.scope ?? '').split(' ');
        if (!scopes.includes(scope)) throw new Refusal(403, `the token lacks the scope ${scope}`);
    };
}

function bearerOf(header = '') {
    if (!/^bearer /i.test(header)) throw new Refusal(401, 'a bearer token is required');
    return header.slice('bearer '.length);
}

function verify(verifiers, token) {
    try {
        const { kid } = JSON.parse(Buffer.from(token.split('.', 1)[0], 'base64url'));
        return verifiers.get(kid)(token);
    } catch {
        throw new Refusal(401, 'the token is not valid');
    }
}
