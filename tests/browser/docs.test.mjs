// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * /docs in a real browser: it shows every operation, under a policy that lets it load nothing from elsewhere and run nothing but its own files.
 */
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { keep, sqlite, startService } from '../flow/harness.mjs';
import { startChromium } from './chromium.mjs';

let chromium;
let service;

before(async () => {
    service = await startService({ store: sqlite });
    chromium = keep(await startChromium());
});

/** A page that notes what it is refused, and asks of whom. */
async function watched() {
    const context = await chromium.newContext({ bypassCSP: false });
    const page = await context.newPage();
    const seen = { complaints: [], requests: [] };
    page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) seen.complaints.push(message.text()); });
    page.on('pageerror', (error) => seen.complaints.push(error.message));
    page.on('request', (request) => seen.requests.push(request.url()));
    await page.addInitScript(() => {
        globalThis.violations = [];
        document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => globalThis.violations.push(`${violatedDirective} ${blockedURI}`));
    });
    return { context, page, seen };
}

it('shows the description, and asks nobody else for anything', async () => {
    const { context, page, seen } = await watched();
    const answer = await page.goto(`${service.url}/docs`);
    assert.match(answer.headers()['content-security-policy'], /^default-src 'none'; script-src 'self';/);
    await page.waitForSelector('.opblock');
    const { paths } = (await service.withToken(null).get('/openapi.json')).json;
    const count = Object.values(paths).reduce((sum, item) => sum + Object.keys(item).length, 0);
    assert.equal(await page.locator('.opblock').count(), count);

    await page.click('#operations-orders-order_create .opblock-summary-control');
    await page.waitForSelector('#operations-orders-order_create .responses-table');
    assert.match(await page.innerText('#operations-orders-order_create'), /external_ref_taken/);
    assert.equal(await page.locator('.try-out, .authorize').count(), 0);

    assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
    assert.deepEqual(seen.complaints, []);
    assert.ok(seen.requests.length >= 5);
    for (const url of seen.requests) assert.ok(url.startsWith(`${service.url}/`) || url.startsWith('data:'), url);
    await context.close();
});

it('lets nothing else in: the watch sees what it is to see', async () => {
    const { context, page, seen } = await watched();
    await page.goto(`${service.url}/docs`);
    await page.waitForSelector('.opblock');
    await page.evaluate(() => {
        const picture = document.createElement('img');
        picture.src = 'http://127.0.0.1:9/x.png';
        const script = document.createElement('script');
        script.textContent = 'globalThis.intruder = true';
        document.body.append(picture, script);
    });
    await page.waitForFunction(() => globalThis.violations.length >= 2);
    assert.equal(await page.evaluate(() => globalThis.intruder), undefined);
    assert.ok(seen.complaints.length >= 2);
    await context.close();
});

it('keeps its parts for good, under addresses of this build', async () => {
    const client = service.withToken(null);
    const page = await client.get('/docs');
    const parts = [...page.text.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)].map(([, target]) => target);
    assert.equal(parts.length, 3);
    for (const target of parts) {
        assert.match(target, /\?v=[0-9a-f]{16}$/);
        const part = await client.get(target, { headers: { 'accept-encoding': 'gzip, br' } });
        assert.equal(part.status, 200);
        assert.equal(part.headers['cache-control'], 'public, max-age=31536000, immutable');
        assert.equal((await client.get(target, { headers: { 'if-none-match': part.headers.etag } })).status, 304);
    }
    const described = await client.get('/openapi.json');
    assert.equal(described.headers['cache-control'], 'public, max-age=300');
    assert.equal((await client.get('/openapi.json', { headers: { 'if-none-match': described.headers.etag } })).status, 304);
});
