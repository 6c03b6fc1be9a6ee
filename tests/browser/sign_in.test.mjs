// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * People sign in with a real browser: headless Chromium, through oidc-provider's own pages.
 *
 * A proxy that ends TLS stands in front of the service, as it does where it is used. The provider stays on http and so is another site for the
 * browser, whose way back must still find the cookie of the sign-in.
 */
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:https';
import { before, it } from 'node:test';
import { listen } from '../../dev/command.mjs';
import { startIdentity } from '../../dev/identity.mjs';
import { USERS } from '../../dev/identity/accounts.mjs';
import { makeCertificate } from '../../dev/misbehaving/tls.mjs';
import { SESSION_COOKIE, expireTokens, keep, sqlite, signInSettings, startService, until } from '../flow/harness.mjs';
import { startChromium } from './chromium.mjs';

let chromium;
let identity;
let proxy;
let service;

before(async () => {
    identity = keep(await startIdentity());
    proxy = keep(await startProxy());
    service = await startService({ store: sqlite, identity, settings: { ...signInSettings(identity), AGIZO_PUBLIC_URL: proxy.url } });
    proxy.port = service.ports.api;
    identity.setPublicUrl(proxy.url, service.url); /* it would not trust the proxy's certificate */
    chromium = keep(await startChromium());
});

/** Ends TLS and hands everything on as it came. */
async function startProxy() {
    const proxy_ = { port: undefined };
    const server = createServer(makeCertificate(['127.0.0.1']), (request, response) => {
        const { method, url: path, headers } = request;
        const onward = httpRequest({ host: '127.0.0.1', port: proxy_.port, method, path, headers }, (answer) => {
            response.writeHead(answer.statusCode, answer.rawHeaders);
            answer.pipe(response);
        });
        onward.on('error', () => response.destroy());
        request.pipe(onward);
    });
    const url = await listen(server, { scheme: 'https' });
    const close = () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); });
    return Object.assign(proxy_, { url, close });
}

/** As the service's own page would ask; `{status, json}`. */
function ask(page, path, options = {}) {
    return page.evaluate(async ([target, init]) => {
        const answer = await fetch(target, { ...init, headers: { 'X-Agizo-Request': '1', ...init.headers } });
        const text = await answer.text();
        return { status: answer.status, text, json: answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined };
    }, [path, options]);
}

async function fillIn(page, login) {
    await page.fill('input[name=login]', login);
    await page.fill('input[name=password]', USERS[login].password);
    await page.click('button');
}

/** A browser of its own, signed in, on the service's page. */
async function arrive(login) {
    const context = await chromium.newContext();
    const page = await context.newPage();
    await page.goto(`${proxy.url}/`);
    await page.click('text=Sign in');
    await page.waitForSelector('input[name=password]');
    assert.ok(page.url().startsWith(identity.issuer));
    await fillIn(page, login);
    await page.waitForURL(`${proxy.url}/**`);
    return { context, page };
}

async function cookieOf(context) {
    return (await context.cookies(proxy.url)).find(({ name }) => name === SESSION_COOKIE);
}

it('somebody signs in, is known, works, and signs out', async () => {
    const { context, page } = await arrive('clerk');
    const { status, json } = await ask(page, '/auth/session');
    assert.equal(status, 200);
    assert.deepEqual([json.subject, json.name, json.issuer], ['user-clerk', 'Caleb Clerk', identity.issuer]);

    const { httpOnly, secure, sameSite, path, expires } = await cookieOf(context);
    assert.deepEqual({ httpOnly, secure, sameSite, path, expires }, { httpOnly: true, secure: true, sameSite: 'Lax', path: '/', expires: -1 });
    assert.deepEqual((await context.cookies(proxy.url)).filter(({ name }) => name.startsWith('__Host-')).map(({ name }) => name), [SESSION_COOKIE]);
    assert.equal(await page.evaluate(() => document.cookie), '');

    const made = await ask(page, '/v1/customers', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"code":"B1","name":"Asha"}' });
    assert.equal(made.status, 201, made.text);

    const left = await ask(page, '/auth/logout', { method: 'POST' });
    assert.equal(left.status, 200, left.text);
    assert.equal(await cookieOf(context), undefined);
    await page.evaluate((url) => { location.assign(url); }, left.json.redirect);
    await page.waitForURL(`${identity.issuer}/**`);
    await page.click('button[value=yes]');
    await page.waitForURL(`${proxy.url}/**`);
    assert.equal((await ask(page, '/auth/session')).status, 401);
    await page.goto(`${proxy.url}/auth/login`);
    await page.waitForSelector('input[name=password]'); /* not signed in at the provider either */
    await context.close();
});

it('a page of another site can do nothing with the session', async () => {
    const { context, page } = await arrive('manager');
    const evil = await context.newPage();
    await evil.goto(`${identity.issuer}/.well-known/openid-configuration`); /* any page from elsewhere */
    const sent = await evil.evaluate(async (url) => {
        const results = [];
        for (const init of [{ credentials: 'include' }, { method: 'POST', credentials: 'include', mode: 'no-cors', body: 'x' }, { method: 'DELETE', credentials: 'include', headers: { 'X-Agizo-Request': '1' } }]) {
            results.push(await fetch(url, init).then(({ type, status }) => `${type} ${status}`, () => 'refused'));
        }
        return results;
    }, `${proxy.url}/auth/logout`);
    assert.deepEqual(sent, ['refused', 'opaque 0', 'refused']);
    assert.equal((await ask(page, '/auth/session')).status, 200);
    await context.close();
});

it('a session survives the provider’s restart, and ends within a second of its word', async () => {
    const { context, page } = await arrive('viewer');
    await identity.close();
    assert.equal((await ask(page, '/v1/orders')).status, 200);
    const { port } = new URL(identity.url);
    identity = keep(await startIdentity({ port: Number(port), keys: identity.keys, memory: identity.memory, publicUrl: proxy.url, innerUrl: service.url }));
    await expireTokens(service);
    assert.equal((await ask(page, '/auth/session')).status, 200); /* by a refresh at the new one */

    const jar = new Map((await context.cookies(identity.url)).map(({ name, value }) => [name, value]));
    await identity.signOut(jar);
    await until('the session is over', async () => (await ask(page, '/auth/session')).status === 401, { within: 1000 });
    assert.equal(await cookieOf(context), undefined);
    await context.close();
});

it('with the provider down sessions go on, and nobody new gets in', async () => {
    const { context, page } = await arrive('clerk');
    await identity.close();
    assert.equal((await ask(page, '/auth/session')).status, 200);
    assert.equal((await ask(page, '/v1/orders')).status, 200);
    const elsewhere = await chromium.newContext();
    const stranger = await elsewhere.newPage();
    await stranger.goto(`${proxy.url}/`);
    assert.equal((await ask(stranger, '/v1/orders')).status, 401);
    await stranger.click('text=Sign in');
    await stranger.waitForURL((url) => url.href.startsWith(identity.issuer) || url.protocol === 'chrome-error:'); /* nobody is there */
    assert.equal(await cookieOf(elsewhere), undefined);
    await elsewhere.close();
    await context.close();
});
