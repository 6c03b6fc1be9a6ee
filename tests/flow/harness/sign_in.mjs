// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * People in front of a service: what it must be told to let them in, and the way through a provider's pages.
 *
 *   const service = await startService({ store, identity: provider, settings: signInSettings(provider) });
 *   const { browser, answer } = await signedIn(service);                 a new browser, signed in as who the provider says
 *   const page = await signIn(browser, { login: 'clerk' });              by the pages of dev/identity.mjs
 *   callbackOf(page)                                                     what /auth/callback answered
 *   const { browser, answer, jar } = await arrive(service, provider, { login: 'clerk' });      by any provider that has `signIn(url, who)`
 */
import { randomBytes } from 'node:crypto';
import { USERS } from '../../../dev/identity/accounts.mjs';
import { Browser } from './browser.mjs';
import { keep } from './cleanup.mjs';

export const SESSION_COOKIE = '__Host-agizo';
export const LOGIN_COOKIE = '__Host-agizo-login';

/** A key for AGIZO_SESSION_KEY. */
export function freshKey() {
    return randomBytes(32).toString('base64url');
}

/**
 * The settings for sign-in at a provider, and at a second one.
 * @param {object} provider `startMisbehaving()` or `startIdentity()`
 * @param {object} [second] likewise
 */
export function signInSettings(provider, second) {
    const client = provider.client ?? provider.clients.web;
    const other = second && (second.client ?? second.clients.web);
    return {
        AGIZO_PUBLIC_URL: (url) => url,
        AGIZO_SESSION_KEY: freshKey(),
        AGIZO_OIDC_CLIENT_ID: client.id,
        AGIZO_OIDC_CLIENT_SECRET: client.secret,
        ...(second && {
            AGIZO_OIDC2_ISSUER: second.issuer, AGIZO_OIDC2_AUDIENCE: second.audience,
            AGIZO_OIDC2_CLIENT_ID: other.id, AGIZO_OIDC2_CLIENT_SECRET: other.secret,
        }),
    };
}

/** A browser of a service's, closed with the file. */
export function browserFor(service) {
    return keep(new Browser(service.url));
}

/**
 * Through a sign-in to its end, filling in the pages of dev/identity.mjs where they come.
 * @param {Browser} browser
 * @param {{path?: string, login?: string, password?: string}} [options]
 */
export async function signIn(browser, { path = '/auth/login', login, password = USERS[login]?.password } = {}) {
    let page = await browser.visit(path);
    const chain = [...page.chain];
    for (let form = formOf(page); form; form = formOf(page)) {
        page = await browser.visit(form.action, { from: new URL(page.url).origin, form: form.password ? { login, password } : {} });
        chain.push(...page.chain);
        if (chain.length > 40) throw new Error(`the sign-in of ${login} does not end: ${page.text.slice(0, 400)}`);
    }
    return { ...page, chain };
}

/** A new browser, signed in. */
export async function signedIn(service, options) {
    const browser = browserFor(service);
    const page = await signIn(browser, options);
    if (!browser.cookie(SESSION_COOKIE)) throw new Error(`not signed in: ${page.chain.map(({ status, url, text }) => `\n${status} ${url} ${text.slice(0, 300)}`)}`);
    return { browser, page };
}

/** The answer of /auth/callback in the chain of a sign-in. */
export function callbackOf({ chain }) {
    return chain.find(({ url }) => new URL(url).pathname.startsWith('/auth/callback'));
}

/**
 * A sign-in whose part at the provider is the provider's own `signIn(url, {login, redirectUri, jar})`, as `openid-client` is brought through it, too.
 * @param {object} service
 * @param {object} provider
 * @param {{login?: string, password?: string, path?: string, browser?: Browser, jar?: Map<string, string>, change?: (callback: URL) => void}} [options] `jar`: the
 *        person's cookies at the provider; `change` may change where the provider sends the browser
 */
export async function arrive(service, provider, { login = 'clerk', password, path = '/auth/login', browser = browserFor(service), jar = new Map(), change } = {}) {
    const start = await browser.go(path);
    if (start.status !== 303) return { browser, answer: start, jar };
    const callback = await provider.signIn(start.headers.location, { login, password, redirectUri: `${service.url}/auth/callback`, jar });
    change?.(callback);
    return { browser, callback, jar, answer: await browser.go(callback, { from: provider.url }) };
}

function formOf({ text, url, status }) {
    const action = status === 200 && /<form method="post" action="([^"]+)"/.exec(text)?.[1];
    return action && { action: new URL(action.replaceAll('&#38;', '&'), url), password: text.includes('name="password"') };
}

/** As if the tokens of every session had come to their end: each is refreshed at its next request. */
export function expireTokens(service) {
    const past = service.database.store === 'sqlite' ? Date.now() - 1000 : "now() - interval '1 second'";
    return service.database.change(`update sessions set refresh_at = ${past}, refresh_until = null`);
}
