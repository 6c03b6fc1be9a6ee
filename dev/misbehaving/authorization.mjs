// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The misbehaving provider as an authorization server: code flow with PKCE, refresh, userinfo, introspection, logout, revocation.
 *
 * By itself it is honest and strict: codes and refresh tokens are good once, PKCE, redirect URI and client secret (form-decoded Basic, RFC 6749
 * §2.3.1) are checked. What it says can be replaced piece by piece through `script`:
 *   person        {sub, name, roles, …}: who is signed in here; nobody is asked for a password
 *   lifetime      seconds that an access token says it lives
 *   callback      (URLSearchParams, asked) => URLSearchParams: the answer of the authorization endpoint; undefined answers nothing
 *   idToken       how (tokens.mjs), laid over the honest one of a code; `idToken.raw` is used as it is
 *   refreshed     likewise for the ID token of a refresh
 *   reply         members over the token endpoint's answer; `refreshReply` for refreshes
 *   userinfo      members over the person's claims, or anything that is no plain object as it is
 *   introspection members over the answer about a token, or a function (token, honest) => answer
 *   rotate        false: a refresh keeps its refresh token
 *   pkce          false: any verifier will do
 * How it says it (hang, redirect, HTML, a status, …) is `provider.behave('token', …)`, as for the other endpoints.
 * Every request is kept: `asked('token')` → [{method, url, headers, parameters, credentials}].
 */
import { createHash, randomUUID } from 'node:crypto';
import { makeToken, now } from './tokens.mjs';

/** Paths that nobody guesses, by the name of the endpoint. */
export const FLOW_PATHS = {
    authorize: '/go/authorize',
    token: '/go/token',
    userinfo: '/go/userinfo',
    introspection: '/go/introspect',
    logout: '/go/logout',
    revocation: '/go/revoke',
};

const BODY_MAX = 64 * 1024;
const PERSON = { sub: 'user-amina', name: 'Amina Example', roles: ['clerk'] };
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

const refusal = (status, error) => ({ status, document: { error } });

function honestScript() {
    return { person: PERSON, lifetime: 600, callback: (answer) => answer, idToken: {}, refreshed: {}, reply: {}, refreshReply: {}, userinfo: {}, introspection: {}, rotate: true, pkce: true };
}

export class AuthorizationServer {
    #issuer;
    #client;
    #keyOf;
    #codes = new Map();
    #refreshes = new Map();
    #bearers = new Map();
    #asked;

    /**
     * @param {{issuer: () => string, client: {id: string, secret: string}, keyOf: (name: string) => object}} parts
     */
    constructor({ issuer, client, keyOf }) {
        this.#issuer = issuer;
        this.#client = client;
        this.#keyOf = keyOf;
        this.reset();
    }

    reset() {
        this.script = honestScript();
        this.forgetRequests();
        for (const map of [this.#codes, this.#refreshes, this.#bearers]) map.clear();
    }

    forgetRequests() {
        this.#asked = Object.fromEntries(Object.keys(FLOW_PATHS).map((name) => [name, []]));
    }

    asked(endpoint) {
        return this.#asked[endpoint];
    }

    /** An opaque access token that introspection knows. @param {object} claims over those of a service with `scope` */
    opaque(claims) {
        const token = `opaque-${randomUUID()}`;
        this.#bearers.set(token, claims);
        return token;
    }

    /** From now on unknown here. */
    revoke(token) {
        this.#bearers.delete(token);
    }

    /** A refresh token of nobody's is none: all that were handed out end. */
    endRefreshes() {
        this.#refreshes.clear();
    }

    /** @param {object} how as for `makeToken`; `claims` over {iss, aud, sub, sid, iat, exp, jti, events} */
    logoutToken({ key = 'es256', ...how } = {}) {
        const base = {
            iss: this.#issuer(), aud: this.#client.id, sub: this.script.person.sub, sid: undefined, iat: now(), exp: now(120), jti: randomUUID(),
            events: { [LOGOUT_EVENT]: {} },
        };
        return makeToken(this.#keyOf(key), base, { ...how, header: { typ: 'logout+jwt', ...how.header } });
    }

    /** What an endpoint honestly answers: `{status, document}` or `{location}`. */
    async answer(endpoint, request) {
        const call = await readCall(request);
        this.#asked[endpoint].push(call);
        return this[endpoint](call);
    }

    authorize({ parameters }) {
        const code = randomUUID();
        const asked = Object.fromEntries(parameters);
        this.#codes.set(code, { asked, sid: randomUUID(), person: this.script.person });
        const honest = new URLSearchParams({ code, state: asked.state ?? '', iss: this.#issuer() });
        const answer = this.script.callback(honest, asked);
        if (answer === undefined) return { status: 200, document: {} };
        const location = new URL(asked.redirect_uri);
        location.search = String(answer);
        return { location: location.href };
    }

    token({ credentials, parameters }) {
        if (!this.#knows(credentials)) return refusal(401, 'invalid_client');
        const form = Object.fromEntries(parameters);
        if (form.grant_type === 'authorization_code') return this.#exchange(form);
        if (form.grant_type === 'refresh_token') return this.#refresh(form);
        return refusal(400, 'unsupported_grant_type');
    }

    #exchange({ code, redirect_uri: redirectUri, code_verifier: verifier = '' }) {
        const login = this.#codes.get(code);
        this.#codes.delete(code);
        const proven = !this.script.pkce || login?.asked.code_challenge === createHash('sha256').update(verifier).digest('base64url');
        if (login?.asked.redirect_uri !== redirectUri || !proven) return refusal(400, 'invalid_grant');
        return this.#tokens({ ...login, authTime: now() }, this.script.idToken, this.script.reply);
    }

    #refresh({ refresh_token: token }) {
        const login = this.#refreshes.get(token);
        if (!login) return refusal(400, 'invalid_grant');
        if (this.script.rotate) this.#refreshes.delete(token);
        const kept = this.script.rotate ? {} : { refresh_token: token };
        const renewed = { ...login, person: { ...this.script.person, sub: login.person.sub }, asked: { ...login.asked, nonce: undefined } };
        return this.#tokens(renewed, this.script.refreshed, { ...kept, ...this.script.refreshReply });
    }

    #tokens(login, how, over) {
        const accessToken = `access-${randomUUID()}`;
        const refreshToken = `refresh-${randomUUID()}`;
        this.#bearers.set(accessToken, login.person);
        this.#refreshes.set(refreshToken, login);
        const document = {
            access_token: accessToken, token_type: 'Bearer', expires_in: this.script.lifetime, refresh_token: refreshToken,
            id_token: how.raw ?? this.#idToken(login, accessToken, how), scope: login.asked.scope, ...over,
        };
        return { status: 200, document };
    }

    #idToken({ asked, person, sid, authTime }, accessToken, { key = 'es256', ...how }) {
        const { alg } = this.#keyOf(key);
        const base = {
            iss: this.#issuer(), aud: this.#client.id, iat: now(), exp: now(300), auth_time: authTime, nonce: asked.nonce, sid, ...person,
            at_hash: halfHash(alg, accessToken),
        };
        return makeToken(this.#keyOf(key), base, { ...how, header: { typ: 'JWT', ...how.header } });
    }

    userinfo({ bearer }) {
        const person = this.#bearers.get(bearer);
        if (!person) return refusal(401, 'invalid_token');
        return { status: 200, document: laidOver(person, this.script.userinfo) };
    }

    introspection({ credentials, parameters }) {
        if (!this.#knows(credentials)) return refusal(401, 'invalid_client');
        const token = parameters.get('token');
        const claims = this.#bearers.get(token);
        const honest = claims ? { active: true, iss: this.#issuer(), token_type: 'Bearer', iat: now(), exp: now(this.script.lifetime), ...claims } : { active: false };
        const { introspection } = this.script;
        return { status: 200, document: typeof introspection === 'function' ? introspection(token, honest) : laidOver(honest, introspection) };
    }

    logout({ parameters }) {
        const back = parameters.get('post_logout_redirect_uri');
        if (!back) return { status: 200, document: {} };
        const location = new URL(back);
        if (parameters.has('state')) location.searchParams.set('state', parameters.get('state'));
        return { location: location.href };
    }

    revocation({ credentials, parameters }) {
        if (!this.#knows(credentials)) return refusal(401, 'invalid_client');
        this.#refreshes.delete(parameters.get('token'));
        return { status: 200, document: {} };
    }

    #knows(credentials) {
        return credentials?.id === this.#client.id && credentials.secret === this.#client.secret;
    }
}

function laidOver(base, over) {
    const plain = typeof over === 'object' && over !== null && !Array.isArray(over);
    return plain ? { ...base, ...over } : over;
}

/* OpenID Connect Core §3.1.3.6; Ed25519 hashes with SHA-512. */
function halfHash(alg, text) {
    const name = alg.startsWith('Ed') ? 'sha512' : `sha${alg.slice(2)}`;
    const hash = createHash(name).update(text).digest();
    return hash.subarray(0, hash.length / 2).toString('base64url');
}

async function readCall(request) {
    let body = '';
    for await (const piece of request) {
        body += piece;
        if (body.length > BODY_MAX) throw new Error('the body is too large');
    }
    const { searchParams } = new URL(request.url, 'http://provider');
    const parameters = request.method === 'POST' ? new URLSearchParams(body) : searchParams;
    const [scheme, value] = (request.headers.authorization ?? '').split(' ');
    return {
        method: request.method, url: request.url, headers: request.headers, body, parameters,
        bearer: scheme === 'Bearer' ? value : undefined,
        credentials: scheme === 'Basic' ? readBasic(value) : undefined,
    };
}

/* Identifier and secret are form-encoded each before they are joined (RFC 6749 §2.3.1). */
function readBasic(value) {
    const decode = (text) => decodeURIComponent(text.replaceAll('+', ' '));
    const [id, secret, ...rest] = Buffer.from(value, 'base64').toString().split(':');
    try {
        return rest.length === 0 ? { id: decode(id), secret: decode(secret) } : undefined;
    } catch {
        return undefined;
    }
}
