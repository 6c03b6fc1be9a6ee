// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Browser sessions, row by row, on both stores. The ids are those of the acceptance table of identity.
 *
 * Time is moved by changing the rows behind the service's back. Everything that any browser here was answered is searched at the end for tokens.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { before, beforeEach, it } from 'node:test';
import { startIdentity } from '../../dev/identity.mjs';
import { startMisbehaving } from '../../dev/misbehaving.mjs';
import {
    Browser, LOGIN_COOKIE, SESSION_COOKIE, browserFor, callbackOf, expireTokens, forEachStore, freshKey, isProblem, keep, raw, signIn, signInSettings, signedIn, sqlite, startPostgres, startService, until,
} from './harness.mjs';

const PER_PERSON = 20;
const COLUMNS = ['created_at', 'seen_at', 'expires_at', 'refresh_at'];

const provider = keep(await startMisbehaving());
/* Whatever tokens were ever given. */
const given = [];
const answered = [];

forEachStore((store) => {
    let service;
    let settings;

    before(async () => {
        settings = signInSettings(provider);
        service = await startService({ store, identity: provider, settings: { AGIZO_LOG_LEVEL: 'debug', ...settings } });
    });

    beforeEach(() => {
        provider.reset();
        provider.script.reply = {};
    });

    async function arrive(on = service) {
        const { browser, page } = await signedIn(on);
        answered.push(...page.chain.filter(({ url }) => url.startsWith(on.url)));
        given.push(...provider.asked('userinfo').map(({ bearer }) => bearer));
        return browser;
    }

    async function sessionOf(browser, options) {
        const answer = await browser.fetch('/auth/session', options);
        answered.push(answer);
        return answer;
    }

    async function isLive(browser) {
        const answer = await sessionOf(browser);
        assert.equal(answer.status, 200, answer.text);
        return answer.json;
    }

    async function isOver(browser) {
        isProblem(await sessionOf(browser), 401, 'no_session');
        assert.equal(browser.cookie(SESSION_COOKIE), undefined, 'the cookie was not cleared');
    }

    /** A browser that shows this value, whatever it is. */
    function showing(value) {
        const browser = browserFor(service);
        browser.setCookie(`${SESSION_COOKIE}=${value}; Secure; Path=/`);
        return browser;
    }

    /** As if all of this had happened so many milliseconds earlier; `columns` are those that move. */
    function age(ms, columns = COLUMNS) {
        const earlier = (column) => (store === sqlite ? `${column} = ${column} - ${ms}` : `${column} = ${column} - interval '${ms} milliseconds'`);
        return service.database.change(`update sessions set ${columns.map(earlier).join(', ')}`);
    }

    it('SE-01 the cookies and their attributes', async () => {
        const browser = browserFor(service);
        const login = await browser.go('/auth/login');
        assert.deepEqual(login.cookies.length, 1);
        const { value: ticket, until: end, ...first } = browser.cookie(LOGIN_COOKIE);
        assert.deepEqual(first, { name: LOGIN_COOKIE, path: '/', domain: undefined, secure: true, httpOnly: true, sameSite: 'lax', maxAge: 600 });
        assert.ok(ticket.length > 100 && end > Date.now());
        const page = await signIn(browser);
        const { value, until: _, ...second } = browser.cookie(SESSION_COOKIE);
        assert.deepEqual(second, { name: SESSION_COOKIE, path: '/', domain: undefined, secure: true, httpOnly: true, sameSite: 'lax', maxAge: undefined });
        assert.ok(value.length >= 43);
        assert.equal(browser.cookie(LOGIN_COOKIE), undefined, 'the cookie of the sign-in is still there');
        for (const line of callbackOf(page).cookies) assert.match(line, /^__Host-/);
    });

    it('SE-02 the way back from the other site works, and only by a visit', async () => {
        const browser = browserFor(service);
        const page = await signIn(browser);
        const callback = callbackOf(page);
        assert.ok(callback.status === 303 && browser.cookie(SESSION_COOKIE));
        await isLive(browser);
        /* Another site's page can bring the browser here, but neither load nor send anything in its name. */
        assert.equal((await browser.go('/', { from: 'https://evil.example' })).status, 200);
        isProblem(await browser.fetch('/auth/session', { from: 'https://evil.example' }), 401);
    });

    it('SE-03 an id that was there before is never the session’s, and only its hash is stored', async () => {
        const planted = randomBytes(32).toString('base64url');
        const browser = showing(planted);
        await signIn(browser);
        const { value } = browser.cookie(SESSION_COOKIE);
        assert.notEqual(value, planted);
        await isOver(showing(planted));
        const ids = new Set([value]);
        for (let i = 0; i < 5; i++) ids.add((await arrive()).cookie(SESSION_COOKIE).value);
        assert.equal(ids.size, 6);
        for (const id of ids) assert.ok(Buffer.from(id, 'base64url').length >= 16);
        const hash = createHash('sha256').update(Buffer.from(value, 'base64url')).digest('hex');
        const stored = store === sqlite ? `lower(hex(id)) = '${hash}'` : `encode(id, 'hex') = '${hash}'`;
        assert.equal((await service.query(`select count(*) from sessions where ${stored}`))[0][0], '1');
    });

    it('SE-03 what is kept of the tokens is sealed', async () => {
        await arrive();
        const tokens = store === sqlite ? 'hex(tokens)' : "encode(tokens, 'hex')";
        const rows = await service.query(`select ${tokens}, subject from sessions`);
        assert.ok(rows.length > 0);
        for (const [hex] of rows) assert.ok(!/refresh-|access-|eyJ/.test(Buffer.from(hex, 'hex').toString('latin1')));
        assert.ok(!JSON.stringify(service.log).match(/refresh-[0-9a-f]{8}-|access-[0-9a-f]{8}-/));
    });

    it('SE-03 the key can be changed while people are signed in; without it a session ends with its tokens', async () => {
        const key = freshKey();
        const own = await startService({ store, identity: provider, settings: { ...settings, AGIZO_SESSION_KEY: key } });
        const browser = await arrive(own);
        const refreshes = () => provider.asked('token').filter(({ parameters }) => parameters.get('grant_type') === 'refresh_token').length;
        const next = freshKey();
        for (const keys of [`${next},${key}`, next]) {
            await own.restart({ AGIZO_SESSION_KEY: keys });
            await expireTokens(own);
            provider.forgetRequests();
            await isLive(browser);
            assert.equal(refreshes(), 1);
        }
        await own.restart({ AGIZO_SESSION_KEY: freshKey() });
        await isLive(browser); /* nothing had to be opened */
        await expireTokens(own);
        await isOver(browser);
        await own.kill();
    });

    it('SE-05 what changes something must come from our own page', async () => {
        const browser = await arrive();
        const create = (options) => browser.fetch('/v1/customers', { method: 'POST', json: { code: `SE05-${randomBytes(4).toString('hex')}`, name: 'Asha' }, ...options });
        const good = await create();
        assert.equal(good.status, 201, good.text);
        const before_ = await service.count('customers');
        for (const headers of [{ 'x-agizo-request': undefined }, { origin: 'https://evil.example' }, { origin: 'null' }, { origin: '' }, { origin: `${service.url}.evil.example` }, { origin: `${service.url}0` },
            { origin: service.url.replace('http:', 'https:') }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { 'sec-fetch-site': '' }]) {
            isProblem(await create({ headers }), 403, 'cross_site');
        }
        /* A form of another site, were the cookie sent. */
        const { value } = browser.cookie(SESSION_COOKIE);
        const form = await service.withToken(null).request('POST', '/v1/customers', {
            body: '{"code":"X","name":"Y"}', headers: { cookie: `${SESSION_COOKIE}=${value}`, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
        });
        isProblem(form, 403, 'cross_site');
        for (const method of ['DELETE', 'POST']) {
            const answer = await browser.fetch(method === 'POST' ? '/v1/orders' : '/v1/sessions?subject=x', { method, json: method === 'POST' ? {} : undefined, headers: { 'x-agizo-request': undefined } });
            isProblem(answer, 403, 'cross_site');
        }
        assert.equal(await service.count('customers'), before_);
        await isLive(browser);
        /* Old browsers send neither; the field alone shows that a script of ours asks, since no other site's may set it. */
        assert.equal((await create({ headers: { origin: undefined, 'sec-fetch-site': undefined } })).status, 201);
    });

    it('SE-06 a session and a token together', async () => {
        const browser = await arrive();
        const headers = { authorization: `Bearer ${provider.token()}` };
        for (const path of ['/v1/orders', '/auth/session']) isProblem(await browser.fetch(path, { headers }), 400, 'invalid_request');
        isProblem(await browser.fetch('/v1/orders', { headers: { authorization: 'DPoP x' } }), 400, 'invalid_request');
        isProblem(await browser.fetch(`/v1/orders?access_token=${provider.token()}`), 400, 'invalid_request');
        assert.equal((await browser.fetch('/v1/orders')).status, 200);
        assert.equal((await service.get('/v1/orders')).status, 200);
    });

    it('SE-07 idle too long', async () => {
        const browser = await arrive();
        await age(1790_000, ['seen_at']);
        await isLive(browser);
        await age(1790_000, ['seen_at']);
        await isLive(browser); /* having been seen counts */
        await age(1810_000, ['seen_at']);
        await isOver(browser);
    });

    it('SE-07 too long altogether', async () => {
        const browser = await arrive();
        const { expires_at: end } = await isLive(browser);
        assert.ok(Math.abs(Date.parse(end) - Date.now() - 43_200_000) < 60_000);
        await age(43_190_000, ['created_at', 'expires_at']);
        await isLive(browser);
        await age(20_000, ['created_at', 'expires_at']);
        await isOver(browser);
    });

    it('SE-07 shorter by settings', async () => {
        const own = await startService({ store, identity: provider, settings: { ...settings, AGIZO_SESSION_IDLE: '60', AGIZO_SESSION_MAX: '300' } });
        const { browser } = await signedIn(own);
        const end = Date.parse((await isLive(browser)).expires_at);
        assert.ok(Math.abs(end - Date.now() - 300_000) < 30_000);
        const shift = store === sqlite ? 'seen_at - 61000' : "seen_at - interval '61 seconds'";
        await own.database.change(`update sessions set seen_at = ${shift}`);
        await isOver(browser);
        await own.kill();
    });

    it('SE-08 cookies of no session', async () => {
        const browser = await arrive();
        const { value } = browser.cookie(SESSION_COOKIE);
        const garbage = ['', 'x', value.slice(0, -1), `${value}x`, `${value}=`, value.toUpperCase(), `"${value}"`, randomBytes(32).toString('base64url'), 'x'.repeat(8192), '%00', '../../etc', `${value.slice(0, 42)}é`];
        for (const text of garbage) {
            for (const path of ['/auth/session', '/v1/orders']) {
                const answer = await raw(service.address, `GET ${path} HTTP/1.1\r\nHost: a\r\nCookie: ${SESSION_COOKIE}=${text}\r\n\r\n`);
                assert.equal(answer[0].status, 401, `${path} ${text.slice(0, 60)}: ${answer[0].text}`);
                assert.match(answer[0].headers['set-cookie'], new RegExp(`^${SESSION_COOKIE}=; .*Max-Age=0`));
            }
        }
        const twice = (cookies) => raw(service.address, `GET /v1/orders HTTP/1.1\r\nHost: a\r\n${cookies}\r\n\r\n`);
        for (const cookies of [`Cookie: ${SESSION_COOKIE}=${value}; ${SESSION_COOKIE}=${value}\r\n`, `Cookie: ${SESSION_COOKIE}=${value}\r\nCookie: ${SESSION_COOKIE}=x\r\n`]) {
            const [answer] = await twice(cookies);
            assert.equal(answer.status, 400, answer.text);
        }
        const [others] = await twice(`Cookie: a=b; ${SESSION_COOKIE}=${value}; c; ; =d; __Host-agizo2=x\r\n`);
        assert.equal(others.status, 200, others.text);
        await isLive(browser);
    });

    it('SE-08 a deleted session', async () => {
        const browser = await arrive();
        const { value } = browser.cookie(SESSION_COOKIE);
        assert.equal((await browser.fetch('/auth/logout', { method: 'POST' })).status, 200);
        await isOver(showing(value));
        const other = showing(value);
        isProblem(await other.fetch('/v1/orders'), 401, 'no_session');
        assert.equal(other.cookie(SESSION_COOKIE), undefined);
    });

    it('SE-09 another origin’s preflight allows nothing', async () => {
        const browser = await arrive();
        for (const path of ['/v1/orders', '/auth/session', '/auth/logout', '/v1/sessions']) {
            const headers = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-agizo-request,content-type', 'x-agizo-request': undefined };
            const answer = await browser.fetch(path, { method: 'OPTIONS', from: 'https://evil.example', headers });
            assert.ok(answer.status === 405 || answer.status === 501 || answer.status === 404, `${path}: ${answer.status}`);
            for (const name of Object.keys(answer.headers)) assert.ok(!name.startsWith('access-control-'), name);
        }
        const read = await browser.fetch('/v1/orders', { headers: { origin: 'https://evil.example' } });
        assert.ok(!Object.keys(read.headers).some((name) => name.startsWith('access-control-')));
    });

    it('SE-11 who somebody says they are is ignored', async () => {
        const viewer = { sub: 'user-viewer', name: 'Vera', roles: ['viewer'] };
        provider.script.person = viewer;
        const browser = await arrive();
        const headers = { 'x-user': 'user-manager', 'x-roles': 'manager', 'x-forwarded-user': 'user-manager', 'x-auth-request-user': 'user-manager', 'remote-user': 'user-manager', 'x-remote-user': 'root' };
        assert.equal((await sessionOf(browser, { headers })).json.subject, viewer.sub);
        isProblem(await browser.fetch('/v1/customers', { method: 'POST', json: { code: 'SE11', name: 'x' }, headers }), 403, 'insufficient_scope');
        isProblem(await browserFor(service).fetch('/v1/orders', { headers }), 401, 'no_credentials');
    });

    it('SE-12 the check tells who and what may be done, and no more', async () => {
        const browser = await arrive();
        const answer = await sessionOf(browser);
        assert.deepEqual(Object.keys(answer.json).sort(), ['expires_at', 'issuer', 'name', 'permissions', 'subject']);
        assert.match(answer.headers['cache-control'], /no-store/);
        provider.script.person = { sub: 'user-customer', name: 'Chris', roles: ['customer'], customer_code: 'C1' };
        const customer = (await sessionOf(await arrive())).json;
        assert.equal(customer.customer_code, 'C1');
        isProblem(await browserFor(service).fetch('/auth/session'), 401, 'no_session');
        isProblem(await service.get('/auth/session'), 400, 'invalid_request');
    });

    it('SE-12 who signs in makes what they make in their own name', async () => {
        const browser = await arrive();
        await browser.fetch('/v1/customers', { method: 'POST', json: { code: 'SE12', name: 'Asha' } });
        const { json } = await browser.fetch('/v1/orders', { method: 'POST', json: { customer: 'SE12', item: 'Tea', amount: '5' } });
        assert.equal(json.created_by, provider.script.person.sub);
    });

    it('SE-07 a person has no more than so many sessions; the one not seen for longest makes room', async () => {
        provider.script.person = { sub: 'user-many', name: 'Many', roles: ['viewer'] };
        const browsers = [];
        for (let i = 0; i < PER_PERSON; i++) {
            await age(1000, ['seen_at']);
            browsers.push(await arrive());
        }
        await isLive(browsers[0]);
        const earlier = await service.count('sessions');
        await age(1000, ['seen_at']);
        const newest = await arrive();
        assert.equal(await service.count('sessions'), earlier);
        await isLive(newest);
        const statuses = await Promise.all(browsers.map(async (browser) => (await sessionOf(browser)).status));
        assert.deepEqual(statuses.filter((status) => status !== 200), [401]);
        assert.equal(statuses[0], 401);
    });

    it('a session lives on after a restart, and at another copy where there can be one', async () => {
        const browser = await arrive();
        await service.restart();
        await isLive(browser);
        if (store === sqlite) return;
        const copy = await startService({ store, identity: provider, database: service.database, settings: { ...settings, AGIZO_PUBLIC_URL: service.url } });
        const there = keep(new Browser(copy.url));
        there.setCookie(`${SESSION_COOKIE}=${browser.cookie(SESSION_COOKIE).value}; Secure; Path=/`);
        assert.equal((await there.fetch('/auth/session')).status, 200);
        assert.equal((await there.fetch('/auth/logout', { method: 'POST', headers: { origin: service.url } })).status, 200);
        await isOver(browser);
        await copy.kill();
    });

    it('a session lives on while the provider is away, with its keys, and nothing opens', async () => {
        const browser = await arrive();
        const token = provider.token();
        await provider.down();
        try {
            await isLive(browser);
            assert.equal((await browser.fetch('/v1/orders')).status, 200);
            assert.equal((await service.withToken(token).get('/v1/orders')).status, 200);
            isProblem(await service.withToken(provider.token({ signature: (bytes) => Buffer.alloc(bytes.length, 1) })).get('/v1/orders'), 401, 'invalid_token');
            isProblem(await browserFor(service).fetch('/v1/orders'), 401, 'no_credentials');
            isProblem(await showing(randomBytes(32).toString('base64url')).fetch('/v1/orders'), 401, 'no_session');
        } finally {
            await provider.up();
        }
    });

    it('a sign-in survives the provider’s restart', async () => {
        const first = await startIdentity();
        const home = await startService({ store, identity: first, settings: signInSettings(first) });
        first.setPublicUrl(home.url);
        const { browser } = await signedIn(home, { login: 'clerk' });
        await first.close();
        assert.equal((await browser.fetch('/v1/orders')).status, 200);
        const second = keep(await startIdentity({ port: Number(new URL(first.url).port), keys: first.keys, memory: first.memory, publicUrl: home.url }));
        /* Past the life of what was given before, only a refresh keeps it. */
        await expireTokens(home);
        assert.equal((await browser.fetch('/v1/orders')).status, 200);
        const due = store === sqlite ? `refresh_at > ${Date.now()}` : 'refresh_at > now()';
        assert.equal((await home.query(`select count(*) from sessions where ${due}`))[0][0], '1');
        await second.close();
        await home.kill();
    });

    it('SE-04 nothing that any of these browsers was answered holds a token', () => {
        assert.ok(answered.length > 50 && given.length > 5);
        for (const { headers, cookies = [], text, url } of answered) {
            const all = `${JSON.stringify(headers)}${cookies.join()}${text}`;
            if (url.includes('/auth/login')) continue;
            for (const token of given) assert.ok(!all.includes(token));
            assert.ok(!/eyJ[\w-]{10,}\.|access-[0-9a-f]{8}-|refresh-[0-9a-f]{8}-/.test(all), `${url}: ${all}`);
        }
    });
});

it('SE-10 without its database the service lets nobody in', async () => {
    provider.reset();
    const server = await startPostgres();
    const { url, name } = await server.createDatabase();
    const database = { store: 'postgres', url, query: (sql) => server.query(name, sql), count: async () => 0 };
    const service = await startService({ store: sqlite, database, identity: provider, settings: signInSettings(provider) });
    const { browser } = await signedIn(service);
    const { subject } = (await browser.fetch('/auth/session')).json;
    await server.stop('immediate');
    const refused = async (ask) => {
        const answer = await ask();
        assert.ok(answer.status === 503, `${answer.status} ${answer.text}`);
        assert.ok(!answer.cookies?.some((line) => line.startsWith(`${SESSION_COOKIE}=;`)), 'the cookie was cleared');
    };
    await refused(() => browser.fetch('/auth/session'));
    await refused(() => browser.fetch('/v1/orders'));
    await refused(() => browser.fetch('/auth/logout', { method: 'POST' }));
    const token = provider.logoutToken({ claims: { sub: subject } });
    const announce = () => service.withToken(null).request('POST', '/auth/backchannel-logout', { body: `logout_token=${token}`, type: 'application/x-www-form-urlencoded' });
    await refused(announce);
    const visitor = browserFor(service);
    const callback = callbackOf(await signIn(visitor));
    assert.equal(callback.status, 503, callback.text);
    assert.equal(visitor.cookie(SESSION_COOKIE), undefined);
    await server.start();
    await until('the service has its database again', async () => (await browser.fetch('/auth/session')).status === 200);
    await until('what was refused may come again', async () => (await announce()).status === 200);
    await until('the end of the session', async () => (await browser.fetch('/auth/session')).status === 401);
});

it('SE-13 there is no way through the service to anywhere else', async () => {
    provider.reset();
    const service = await startService({ store: sqlite, identity: provider, settings: signInSettings(provider) });
    const { host } = new URL(provider.trapUrl);
    for (const head of [`GET ${provider.trapUrl} HTTP/1.1\r\nHost: ${host}`, `CONNECT ${host} HTTP/1.1\r\nHost: ${host}`, `GET /proxy?url=${provider.trapUrl} HTTP/1.1\r\nHost: a`,
        `GET /auth/login?issuer=${encodeURIComponent(provider.trapUrl)} HTTP/1.1\r\nHost: a`, `GET //${host}/trap HTTP/1.1\r\nHost: a`]) {
        const [answer] = await raw(service.address, `${head}\r\n\r\n`);
        assert.ok(!answer || answer.status >= 400, `${head}: ${answer?.status}`);
    }
    assert.equal(provider.counts().trap, 0);
});
