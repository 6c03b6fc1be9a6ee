// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What flow tests stand on: the real service, on each store, with a provider and a gateway around it.
 *
 *   forEachStore((store) => {                                    'on sqlite', 'on postgres'
 *       let service;
 *       before(async () => { service = await startService({ store }); });       ready; ended with the file if the test does not
 *       it('…', async () => {
 *           const made = await service.post('/v1/customers', {code: 'C1', name: 'Asha'});       a service with all scopes
 *           const seen = await service.as({roles: ['viewer']}).get(made.headers.location);      a person
 *           assert.deepEqual(seen.json, made.json);
 *       });
 *   });
 *
 * startService({store, settings?, identity?, gateway?, database?, waitReady?}) → service
 *   requests    service.request(method, target, {json | body, type, headers, query, key}), .get(target, options), .post(target, json, options)
 *               → {status, headers, bytes, text, json};  .as({roles | scope, sub, customer_code, …claims}), .withToken(token | null)
 *               service.freshClient(claims) has connections of its own: .close() it
 *   bytes       raw(service.address, 'GET …', {count}) → [{status, headers, text, json}], connectRaw(service.address)
 *   admin       service.admin('/readyz'), service.readiness(), service.ready(), service.metrics() → {'series{label="x"}': number}
 *   log         service.log (objects), service.events('request'), await service.logged('identity.ready' | (entry) => …)
 *   database    await service.query('select …') → rows of texts, await service.count('orders'), service.database.change('update …')
 *   life        service.stop() → {code, signal}, .kill(), .restart(settings?), .start(settings?), .signal('SIGTERM'), .exited, .pid
 * SHIPPED: false for the sanitizers' and the coverage builds, where budgets of time and memory do not hold
 * Browser, browserFor(service), signIn(browser), signedIn(service), signInSettings(provider)      people (harness/browser.mjs, harness/sign_in.mjs)
 * order(service, {phone?, name?, customer?, …}) → the order and `to`; message(service, made), reaches(service, made, 'accepted'), acceptedFor(gateway, made),
 * callback(service, 'delivery', fields, {secret?, …}), gatewayIs(service, 'words', (json) => …)      messages and their gateway (harness/sms.mjs)
 * arrive(service, provider, {login}), startGlewlwyd(), NO_GLEWLWYD      people by another provider (harness/glewlwyd.mjs)
 * runProgram(['check-config'], {AGIZO_…}) → {code, stdout, lines}
 * startPostgres({durable}) → a server of one's own: .stop('fast' | 'immediate'), .start(), .url('name'); store.createDatabase(server)
 * until('words', () => condition), inTime('words', promise)      bounded waits; there are no others
 * isProblem(answer, status, code, pointers?)                     asserts an RFC 9457 document
 *
 * Everything started is ended after the file's last test. When a test fails, the living services' log lines are printed.
 */
export { Browser, parseCookie } from './harness/browser.mjs';
export { Client } from './harness/client.mjs';
export { keep } from './harness/cleanup.mjs';
export { NO_GLEWLWYD, startGlewlwyd } from './harness/glewlwyd.mjs';
export { freshCode, sharedProvider } from './harness/people.mjs';
export { startPostgres } from './harness/postgres.mjs';
export { isProblem } from './harness/problem.mjs';
export { connectRaw, parseAnswers, raw } from './harness/raw.mjs';
export { SHIPPED, runProgram, startService } from './harness/service.mjs';
export { CALLBACK_SECRET, acceptedFor, auditOf, callback, callbackUrl, countIn, create, freshNumber, gatewayIs, message, order, reaches, sendsFor, states } from './harness/sms.mjs';
export { LOGIN_COOKIE, SESSION_COOKIE, arrive, browserFor, callbackOf, expireTokens, freshKey, signIn, signInSettings, signedIn } from './harness/sign_in.mjs';
export { forEachStore, postgres, sqlite } from './harness/stores.mjs';
export { inTime, until } from './harness/wait.mjs';
