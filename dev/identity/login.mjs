// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Signs a person in without a browser: follows the provider's redirects with a cookie jar and fills in its forms.
 *
 * Signs them out again in the same way. For tests and scripts. It works against a provider in this process or in another; only the issuer's URL is needed. `signIn` stops
 * at the redirect to the client, so nothing needs to listen there; `userToken` and `serviceToken` go on to an access token.
 */
import { createHash, randomBytes } from 'node:crypto';
import { AUDIENCE, SCOPES, SERVICE_CLIENT, USERS, WEB_CLIENT } from './accounts.mjs';

const MAX_HOPS = 20; /* an honest login takes 7 */

/**
 * Walks from an authorization request to the redirect that carries its answer.
 * @param {string | URL} authorizationUrl
 * @param {{login: string, password?: string, redirectUri: string, jar?: Map<string, string>}} who
 * @returns {Promise<URL>} the client's redirect URI with `code`, `state` and `iss`, or with `error`
 */
export async function signIn(authorizationUrl, { login, password = USERS[login]?.password, redirectUri, jar = new Map() }) {
    let request = { url: new URL(authorizationUrl) };
    for (let hop = 0; hop < MAX_HOPS; hop++) {
        const reply = await send(request, jar);
        const location = reply.headers.get('location');
        if (location !== null) {
            await reply.body?.cancel();
            request = { url: new URL(location, request.url) };
            if (request.url.href.startsWith(redirectUri)) return request.url;
        } else {
            request = fillIn(await reply.text(), request.url, { login, password });
        }
    }
    throw new Error(`the login of ${login} did not end within ${MAX_HOPS} hops`);
}

/**
 * Ends the person's session at the provider, as its own page does; the clients hear of it over the back channel.
 * @param {string} issuer
 * @param {Map<string, string>} jar cookies of the sign-in
 */
export async function signOut(issuer, jar) {
    const page = await send({ url: new URL(`${issuer}/session/end`) }, jar);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(await page.text())?.[1];
    if (xsrf === undefined) throw new Error(`no sign-out page: ${page.status}`);
    const form = new URLSearchParams({ xsrf, logout: 'yes' });
    const done = await send({ url: new URL(`${issuer}/session/end/confirm`), form }, jar);
    await done.body?.cancel();
    if (done.status !== 303) throw new Error(`the sign-out was answered ${done.status}`);
}

/**
 * An access token of a person, by authorization code and PKCE.
 * @param {string} issuer
 * @param {string} login a key of USERS
 * @param {{scope?: string, audience?: string, client?: {id: string, secret: string}, redirectUri?: string}} [options]
 *        `scope` defaults to all of ours; `''` asks for a token without any of them
 * @returns {Promise<{access_token: string, id_token: string, expires_in: number, scope: string}>} the token endpoint's answer
 */
export async function userTokens(issuer, login, options = {}) {
    const { scope = SCOPES.join(' '), audience = AUDIENCE, client = WEB_CLIENT } = options;
    const redirectUri = options.redirectUri ?? 'http://127.0.0.1:8080/auth/callback';
    const verifier = randomBytes(32).toString('base64url');
    const callback = await signIn(`${issuer}/auth?${new URLSearchParams({
        client_id: client.id,
        response_type: 'code',
        redirect_uri: redirectUri,
        scope: `openid ${scope}`.trim(),
        resource: audience,
        state: randomBytes(16).toString('hex'),
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
    })}`, { login, redirectUri });
    const code = callback.searchParams.get('code');
    if (code === null) throw new Error(`login refused: ${callback.search}`);
    return tokenRequest(issuer, client, {
        grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier,
    });
}

/** The access token of `userTokens` alone. */
export async function userToken(issuer, login, options) {
    return (await userTokens(issuer, login, options)).access_token;
}

/**
 * An access token of a program in its own name, by client credentials.
 * @param {string} issuer
 * @param {{scope?: string, audience?: string, client?: {id: string, secret: string}}} [options]
 * @returns {Promise<string>}
 */
export async function serviceToken(issuer, { scope = SCOPES.join(' '), audience = AUDIENCE, client = SERVICE_CLIENT } = {}) {
    const form = { grant_type: 'client_credentials', resource: audience, scope };
    return (await tokenRequest(issuer, client, form)).access_token;
}

async function tokenRequest(issuer, client, form) {
    const reply = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
        body: new URLSearchParams(form),
    });
    const body = await reply.json();
    if (!reply.ok) throw new Error(`token endpoint: ${reply.status} ${JSON.stringify(body)}`);
    return body;
}

async function send({ url, form }, jar) {
    const headers = { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') };
    const reply = await fetch(url, {
        method: form ? 'POST' : 'GET', body: form, headers, redirect: 'manual',
    });
    for (const line of reply.headers.getSetCookie()) keep(line, jar);
    return reply;
}

/* Paths and expiry times are left aside: the jar lives for one login. */
function keep(line, jar) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
    if (value === '') jar.delete(name);
    else jar.set(name, value);
}

function fillIn(html, url, { login, password }) {
    const action = /<form method="post" action="([^"]+)"/.exec(html)?.[1];
    if (action === undefined) throw new Error(`no form at ${url}: ${html.slice(0, 400)}`);
    if (html.includes('role="alert"')) throw new Error(`the provider refused the password of ${login}`);
    const form = html.includes('name="password"') ? { login, password } : {};
    return { url: new URL(action.replaceAll('&#38;', '&'), url), form: new URLSearchParams(form) };
}
