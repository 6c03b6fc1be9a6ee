// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * A browser without a window: cookies and the fetch metadata of navigations and of a page's own requests, by the rules that protect sessions.
 *
 *   const browser = new Browser(service.url);
 *   const page = await browser.visit('/auth/login?return=/orders');      follows redirects; {…answer, url, chain}
 *   const step = await browser.go('/auth/login');                        one request of a navigation, nothing followed
 *   const answer = await browser.fetch('/auth/session');                 as the service's own page does: {method, json, form, headers}
 *   browser.cookie('__Host-agizo'), browser.cookies, browser.setCookie('name=value; Path=/; …')
 *
 * Held to (RFC 6265bis): a cookie goes back to the origin that set it, below its Path, until it expires; Secure ones over https or to this machine;
 * SameSite=Strict ones only within the site, Lax ones also with a GET that changes the page; `__Host-` names need Secure, Path=/ and no Domain. Every
 * other origin counts as another site, although all of them are on 127.0.0.1: a provider is elsewhere.
 * `answer.cookies` are the Set-Cookie lines as they came. Nothing runs scripts; a page cannot read HttpOnly cookies because there is no page.
 */
import { Agent, request as httpRequest } from 'node:http';
import { inTime } from './wait.mjs';

const MAX_HOPS = 20;
const HEADER = 'X-Agizo-Request';

export class Browser {
    #origin;
    #jar = new Map(); /* origin → name → cookie */
    #agent = new Agent({ keepAlive: false });

    /** @param {string} origin of the service: what paths are relative to, and where its own pages are */
    constructor(origin) {
        this.#origin = new URL(origin).origin;
    }

    /** The service's cookies that this browser holds, by name. */
    get cookies() {
        return Object.fromEntries([...this.#cookiesOf(this.#origin)].map(([name, { value }]) => [name, value]));
    }

    /** One of them with its attributes: {name, value, path, secure, httpOnly, sameSite, maxAge, domain}. */
    cookie(name) {
        return this.#cookiesOf(this.#origin).get(name);
    }

    /** As if the service had set it. */
    setCookie(line) {
        this.#keep(new URL(this.#origin), line);
    }

    forget(name) {
        this.#cookiesOf(this.#origin).delete(name);
    }

    /** What a script would find in the jar of another origin, for `signOut` at the provider. */
    jarOf(url) {
        return new Map([...this.#cookiesOf(new URL(url).origin)].map(([name, { value }]) => [name, value]));
    }

    /**
     * A navigation without what it leads to.
     * @param {string | URL} target
     * @param {{form?: object | URLSearchParams, from?: string, headers?: object, method?: string}} [options] `from`: the origin whose page led here; none
     *        when the address was typed
     */
    go(target, { form, from, headers, method = form === undefined ? 'GET' : 'POST' } = {}) {
        const url = new URL(target, this.#origin);
        const site = from === undefined ? 'none' : siteBetween(from, url);
        const sent = {
            accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
            'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1',
            ...(method !== 'GET' && { origin: from ?? 'null' }),
            ...headers,
        };
        const body = form === undefined ? undefined : String(new URLSearchParams(form));
        return this.#send(url, { method, headers: sent, body, type: 'application/x-www-form-urlencoded', sameSite: site !== 'cross-site', topLevel: true });
    }

    /** A navigation and where it leads: the last answer, with all of them as `chain`. A chain that passed another site comes from there. */
    async visit(target, options = {}) {
        const chain = [await this.go(target, options)];
        let { from } = options;
        while (chain.length <= MAX_HOPS) {
            const { location } = chain.at(-1).headers;
            const origin = new URL(chain.at(-1).url).origin;
            if (location === undefined || chain.at(-1).status < 300 || chain.at(-1).status > 399) return { ...chain.at(-1), chain };
            if (from === undefined || origin !== this.#origin) from = origin;
            chain.push(await this.go(new URL(location, chain.at(-1).url), { from }));
        }
        throw new Error(`more than ${MAX_HOPS} redirects from ${target}`);
    }

    /**
     * A request of a page's script, by default of the service's own page.
     * @param {string} target
     * @param {{method?: string, json?: unknown, body?: string, type?: string, headers?: object, from?: string, credentials?: boolean}} [options]
     *        `headers` win; undefined leaves one out
     */
    fetch(target, { method = 'GET', json, body, type = 'application/json', headers, from = this.#origin, credentials = true } = {}) {
        const url = new URL(target, this.#origin);
        const site = siteBetween(from, url);
        const sent = {
            accept: '*/*', 'sec-fetch-site': site, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', [HEADER.toLowerCase()]: '1',
            ...((method !== 'GET' && method !== 'HEAD' || site === 'cross-site') && { origin: from }),
            ...headers,
        };
        const content = json === undefined ? body : JSON.stringify(json);
        return this.#send(url, { method, headers: sent, body: content, type, sameSite: credentials && site !== 'cross-site', topLevel: false, credentials });
    }

    close() {
        this.#agent.destroy();
    }

    async #send(url, { method, headers, body, type, sameSite, topLevel, credentials = true }) {
        const cookie = credentials ? this.#headerFor(url, { sameSite, lax: topLevel && method === 'GET' }) : '';
        const all = {
            ...(cookie && { cookie }),
            ...(body !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
            ...headers,
        };
        for (const [name, value] of Object.entries(all)) if (value === undefined) delete all[name];
        const answer = await inTime(`${method} ${url}`, exchange(url, { method, headers: all, agent: this.#agent }, body), 60_000);
        for (const line of answer.cookies) this.#keep(url, line);
        return { ...answer, url: url.href };
    }

    #cookiesOf(origin) {
        if (!this.#jar.has(origin)) this.#jar.set(origin, new Map());
        return this.#jar.get(origin);
    }

    #headerFor(url, { sameSite, lax }) {
        const now = Date.now();
        const sent = [...this.#cookiesOf(url.origin).values()].filter((cookie) => {
            if (cookie.until <= now || !pathMatches(url.pathname, cookie.path)) return false;
            if (cookie.secure && url.protocol !== 'https:' && !isLocal(url)) return false;
            return sameSite || cookie.sameSite === 'none' || (lax && cookie.sameSite !== 'strict');
        });
        return sent.map(({ name, value }) => `${name}=${value}`).join('; ');
    }

    #keep(url, line) {
        const cookie = parseCookie(line, url);
        if (cookie.secure && url.protocol !== 'https:' && !isLocal(url)) return;
        if (cookie.sameSite === 'none' && !cookie.secure) return;
        if (cookie.name.startsWith('__Secure-') && !cookie.secure) return;
        if (cookie.name.startsWith('__Host-') && !(cookie.secure && cookie.path === '/' && cookie.domain === undefined)) return;
        const jar = this.#cookiesOf(url.origin);
        if (cookie.until <= Date.now()) jar.delete(cookie.name);
        else jar.set(cookie.name, cookie);
    }
}

/** A Set-Cookie line, taken apart. @param {string} line @param {URL} url that it came from */
export function parseCookie(line, url) {
    const [pair, ...attributes] = line.split(';').map((part) => part.trim());
    const equals = pair.indexOf('=');
    const given = new Map(attributes.map((text) => {
        const at = text.indexOf('=');
        return at < 0 ? [text.toLowerCase(), ''] : [text.slice(0, at).toLowerCase(), text.slice(at + 1)];
    }));
    const maxAge = given.has('max-age') ? Number(given.get('max-age')) : undefined;
    const expires = given.has('expires') ? Date.parse(given.get('expires')) : Infinity;
    return {
        name: pair.slice(0, equals), value: pair.slice(equals + 1),
        path: given.get('path') ?? url.pathname.slice(0, url.pathname.lastIndexOf('/')) ?? '/', domain: given.get('domain'),
        secure: given.has('secure'), httpOnly: given.has('httponly'), sameSite: (given.get('samesite') ?? 'lax').toLowerCase(),
        maxAge, until: maxAge === undefined ? expires : Date.now() + maxAge * 1000,
    };
}

function siteBetween(from, to) {
    return new URL(from).origin === new URL(to).origin ? 'same-origin' : 'cross-site';
}

function isLocal(url) {
    return url.hostname === '127.0.0.1' || url.hostname === 'localhost';
}

function pathMatches(path, of) {
    return path === of || (path.startsWith(of) && (of.endsWith('/') || path[of.length] === '/'));
}

function exchange(url, options, body) {
    return new Promise((resolve, reject) => {
        const request = httpRequest(url, options, (response) => {
            const pieces = [];
            response.on('data', (piece) => pieces.push(piece));
            response.on('error', reject);
            response.on('end', () => {
                const text = Buffer.concat(pieces).toString('utf8');
                const { 'set-cookie': cookies = [], ...headers } = response.headers;
                resolve({ status: response.statusCode, headers, cookies, text, json: parseJson(text) });
            });
        });
        request.on('error', reject);
        request.end(body);
    });
}

function parseJson(text) {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}
