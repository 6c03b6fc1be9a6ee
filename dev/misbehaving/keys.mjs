// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Keys of the misbehaving provider: good ones for every algorithm we accept, and broken ones that a verifier has to ignore.
 *
 * Every key, good or bad, has one shape: `{name, alg, kid, jwk, sign(input), privateKey?, publicKey?}`. `jwk` is what gets
 * published; `sign` makes the signature that a careless verifier would accept under that JWK, so a test that publishes a bad key and presents
 * its token proves that the key was refused and not merely that the signature was wrong.
 */
import {
    constants, createHash, createHmac, createPrivateKey, createPublicKey, generateKeyPair, randomBytes, randomUUID, sign,
} from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

const RSA = { type: 'rsa', options: { modulusLength: 2048 } };
const KINDS = {
    rs256: { alg: 'RS256', ...RSA },
    ps256: { alg: 'PS256', ...RSA },
    es256: { alg: 'ES256', type: 'ec', options: { namedCurve: 'P-256' } },
    eddsa: { alg: 'EdDSA', type: 'ed25519', options: {} },
    ed25519: { alg: 'Ed25519', type: 'ed25519', options: {} },
    es384: { alg: 'ES384', type: 'ec', options: { namedCurve: 'P-384' } },
    rsa1024: { alg: 'RS256', type: 'rsa', options: { modulusLength: 1024 } },
};

/** Names of the keys that are published from the start; the rest of `makeKeys` waits for `publish`. */
export const GOOD = ['rs256', 'ps256', 'es256', 'eddsa', 'ed25519'];

/** Signs `input` for a JWS algorithm. `der` gives an ECDSA signature in the form that JWS forbids. */
export function signAs(alg, privateKey, input, { der = false } = {}) {
    const data = Buffer.from(input);
    const hash = `sha${/[0-9]{3}$/.exec(alg)?.[0]}`;
    if (alg.startsWith('Ed')) return sign(null, data, privateKey);
    if (alg.startsWith('ES')) return sign(hash, data, { key: privateKey, dsaEncoding: der ? 'der' : 'ieee-p1363' });
    if (alg.startsWith('RS')) return sign(hash, data, privateKey);
    if (alg.startsWith('PS')) {
        return sign(hash, data, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
    }
    throw new Error(`cannot sign as ${alg}`);
}

/** HMAC-SHA256, for tokens keyed with what everybody can read. */
export function hmac(secret, input) {
    return createHmac('sha256', secret).update(input).digest();
}

/**
 * Makes one key.
 * @param {string} name a kind: rs256 ps256 es256 eddsa ed25519 es384 rsa1024
 * @param {{kid?: string}} [options]
 */
export async function makeKey(name, { kid = `${name}-${randomUUID().slice(0, 8)}` } = {}) {
    const { alg, type, options } = KINDS[name];
    const { privateKey, publicKey } = await generate(type, options);
    return wrap({ name, alg, kid, privateKey, publicKey });
}

/** All kinds, good and bad, by name. */
export async function makeKeys() {
    const names = Object.keys(KINDS);
    const made = await Promise.all(names.map((name) => makeKey(name)));
    const keys = Object.fromEntries(made.map((key) => [key.name, key]));
    return { ...keys, ...badKeys(keys) };
}

function wrap({ name, alg, kid, privateKey, publicKey }) {
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
    return { name, alg, kid, jwk, privateKey, publicKey, sign: (input, more) => signAs(alg, privateKey, input, more) };
}

/* Variants of good keys: each differs from its original in what `change` says, and in its name and kid. */
function badKeys(keys) {
    const variants = {
        rsaE1: ['rs256', { e: 'AQ' }, forgeExponentOne],
        rsaEvenE: ['rs256', { e: 'AQAA' }],
        rsaHugeE: ['rs256', { e: Buffer.from('0100000001', 'hex').toString('base64url') }],
        offCurve: ['es256', { y: flipLast(keys.es256.jwk.y) }],
        useEnc: ['es256', { use: 'enc' }],
        keyOpsEncrypt: ['es256', { use: undefined, key_ops: ['encrypt'] }],
        algMismatch: ['rs256', { alg: 'RS512' }],
        withPrivate: ['es256', { d: keys.es256.privateKey.export({ format: 'jwk' }).d }],
        noModulus: ['rs256', { n: undefined }],
        badBase64: ['rs256', { n: '***not base64url***' }],
        numberMember: ['es256', { x: 12345 }],
        unknownKty: ['es256', { kty: 'QUANTUM', crv: 'Q-1' }],
        ktyMissing: ['es256', { kty: undefined }],
        x25519: ['eddsa', { crv: 'X25519' }],
        shortX: ['eddsa', { x: keys.eddsa.jwk.x.slice(0, 20) }],
    };
    const bad = Object.entries(variants).map(([name, [origin, change, forge]]) => [name, vary(keys[origin], { name, change, forge })]);
    return { ...Object.fromEntries(bad), oct: octKey() };
}

function vary(origin, { name, change, forge }) {
    const kid = `${name}-${randomUUID().slice(0, 8)}`;
    const jwk = { ...origin.jwk, kid, ...change };
    return { ...origin, name, kid, jwk, sign: forge ? (input) => forge(input) : origin.sign };
}

function octKey() {
    const secret = randomBytes(32);
    const kid = `oct-${randomUUID().slice(0, 8)}`;
    const jwk = { kty: 'oct', k: secret.toString('base64url'), kid, alg: 'HS256', use: 'sig' };
    return { name: 'oct', alg: 'HS256', kid, jwk, sign: (input) => hmac(secret, input) };
}

/* With e = 1 the signature is the padded hash itself (RFC 8017 §9.2): anybody can make it. */
function forgeExponentOne(input) {
    const info = Buffer.from('3031300d060960864801650304020105000420', 'hex');
    const tail = Buffer.concat([Buffer.from([0]), info, createHash('sha256').update(input).digest()]);
    const padding = Buffer.alloc(256 - 2 - tail.length, 0xff);
    return Buffer.concat([Buffer.from([0, 1]), padding, tail]);
}

function flipLast(text) {
    const bytes = Buffer.from(text, 'base64url');
    bytes[bytes.length - 1] ^= 1;
    return bytes.toString('base64url');
}

/** A key of ours from a private JWK, to sign as somebody who stole or chose it. */
export function keyFromJwk(jwk) {
    const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
    const { alg, kid } = jwk;
    return wrap({ name: kid, alg, kid, privateKey, publicKey: createPublicKey(privateKey) });
}
