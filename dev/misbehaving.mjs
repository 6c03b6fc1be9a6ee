// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * An OpenID provider that does on request what no honest one would: for the tests of tokens, keys, sign-in, sessions and logout.
 *
 *   const provider = await startMisbehaving();            // {path: '/realms/x'} for an issuer with a path, {tls: {names, authority?}} for https
 *   provider.issuer, provider.audience                    // AGIZO_OIDC_ISSUER, AGIZO_OIDC_AUDIENCE
 *
 * Tokens (`misbehaving/tokens.mjs` says what each stage takes):
 *   provider.token()                                      valid access token of a service with all scopes, ES256
 *   provider.token({key: 'rs256', claims: {sub: 'u1', roles: ['clerk'], scope: undefined}})      a person's
 *   provider.token({header: {alg: 'none'}, signature: () => ''})
 *   provider.token({rawHeader: '{"alg":"ES256","alg":"none",…}'})                                duplicates, bad UTF-8 (Buffer)
 *   provider.token({hmac: provider.keys.rs256.publicKey.export({type: 'spki', format: 'pem'})})  HS256 with the public key
 *   provider.token({der: true}), provider.token({signature: (s) => flipBit(s, -1)}), {signature: () => ecdsaSignature(0n, 1n)}
 *   provider.token({segments: ([h, c, s]) => [h, `${c}=`, s]}), {segments: ([h, c, s]) => `${h}.${c}`}
 *   provider.other('id-token' | 'logout-token' | 'dpop-proof' | 'client-assertion', how?)         right issuer, wrong kind
 *
 * Keys (`misbehaving/keys.mjs`): `provider.keys` by name: rs256 ps256 es256 eddsa ed25519 (published from the start); es384; and bad ones:
 *   rsa1024 rsaE1 rsaEvenE rsaHugeE offCurve useEnc keyOpsEncrypt algMismatch withPrivate noModulus badBase64 numberMember unknownKty
 *   ktyMissing x25519 shortX oct.
 *   provider.publish('es256', 'rsaE1', {kty: 'x'})        exactly these, by name, key or JWK; `publish()` empties the set
 *   provider.publish('es256', {...provider.keys.rs256.jwk, kid: provider.keys.es256.kid})         two keys, one kid
 *   await provider.rotate('es256', {kid?, publish?})      a fresh key under that name in the old one's place; resolves to the old one
 *   provider.manyKeys(10_000)                             JWKs to publish
 *
 * Endpoints (`misbehaving/endpoints.mjs` lists the kinds):
 *   provider.behave('discovery' | 'jwks', {kind: 'hang'}) until the next call, or `times: n`; `{kind: 'ok'}` is honest
 *   provider.metadata({issuer: 'http://else', end_session_endpoint: undefined})                   over the honest document
 *   provider.handle('/elsewhere', (request, response) => …)   any other path
 *   provider.counts()                                     {discovery, jwks, trap, other} requests so far; `resetCounts()`
 *   await provider.reached('jwks', 2)                     resolves once that many came
 *   provider.trapUrl                                      for `jku` and `x5u`: whoever fetches it is counted
 *   await provider.down(), await provider.up()            off the network and back on the same port
 *   provider.reset()                                      honest again: behaviours, metadata, published keys, counters
 *   await provider.close()
 *
 * Sign-in and what belongs to it (`misbehaving/authorization.mjs`): provider.client is who may ask; authorize, token, userinfo, introspection,
 * logout and revocation are endpoints as above for `behave`, and count as `other`.
 *   provider.script.person = {sub: 'u2', roles: ['viewer']}               who is signed in there
 *   provider.script.idToken = {claims: {nonce: undefined}}                wrong in exactly that way
 *   provider.script.callback = (answer) => (answer.delete('iss'), answer)
 *   provider.asked('token')                               the requests that came; `forgetRequests()`
 *   provider.opaque({scope: 'orders:read'}), provider.revoke(token), provider.logoutToken({claims: {sid}})
 *
 * Hosts two issuers when started twice. In-process, loopback; no state outside the object.
 */
import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { LOOPBACK, listen } from './command.mjs';
import { AUDIENCE, SCOPES, WEB_CLIENT } from './identity/accounts.mjs';
import { AuthorizationServer, FLOW_PATHS } from './misbehaving/authorization.mjs';
import { behave, checkBehaviour } from './misbehaving/endpoints.mjs';
import { GOOD, makeKey, makeKeys } from './misbehaving/keys.mjs';
import { makeCertificate } from './misbehaving/tls.mjs';
import { OTHER_KINDS, accessClaims, makeToken } from './misbehaving/tokens.mjs';

export { ecdsaSignature, encode, flipBit, now, P256_ORDER, setUnusedBit } from './misbehaving/tokens.mjs';
export { keyFromJwk, makeKey } from './misbehaving/keys.mjs';

const HONEST = { kind: 'ok' };

/* Unlike what providers usually choose, so that a client that guesses paths fails (JK-02). */
const JWKS_PATH = '/public/keys-of-today?set=1';

/**
 * Starts a provider.
 * @param {{port?: number, path?: string, audience?: string, client?: {id: string, secret: string}, tls?: {names: string[], authority?: {cert: string, key: string}}}} [options]
 */
export async function startMisbehaving({ port = 0, path = '', audience = AUDIENCE, client = WEB_CLIENT, tls } = {}) {
    const certificate = tls && makeCertificate(tls.names, tls.authority);
    const provider = new Misbehaving({ path, audience, client, certificate });
    await provider.up(port);
    provider.keys = await makeKeys();
    provider.reset();
    return provider;
}

class Misbehaving {
    #path;
    #port;
    #server;
    #ending;
    #certificate;
    #behaviours;
    #metadata;
    #published = [];
    #handlers = new Map();
    #counts;
    #flows;
    #arrivals = new EventEmitter().setMaxListeners(0);

    constructor({ path, audience, client, certificate }) {
        this.#path = path;
        this.#certificate = certificate;
        this.audience = audience;
        this.client = client;
        this.#flows = new AuthorizationServer({ issuer: () => this.issuer, client, keyOf: (key) => this.#key(key) });
    }

    /** PEM of the https certificate, for a client that shall trust it. */
    get certificate() {
        return this.#certificate?.cert;
    }

    get trapUrl() {
        return `${this.url}/trap`;
    }

    get script() {
        return this.#flows.script;
    }

    reset() {
        this.#behaviours = Object.fromEntries(['discovery', 'jwks', ...Object.keys(FLOW_PATHS)].map((name) => [name, HONEST]));
        this.#metadata = {};
        this.#flows.reset();
        this.#handlers.clear();
        this.publish(...GOOD);
        this.resetCounts();
    }

    resetCounts() {
        this.#counts = { discovery: 0, jwks: 0, trap: 0, other: 0 };
    }

    counts() {
        return { ...this.#counts };
    }

    token({ key = 'es256', ...how } = {}) {
        const base = accessClaims({ issuer: this.issuer, audience: this.audience, scope: SCOPES.join(' ') });
        return makeToken(this.#key(key), base, how);
    }

    other(kind, { header, claims, ...how } = {}) {
        const over = OTHER_KINDS[kind](this.#key(how.key ?? 'es256'));
        return this.token({ ...how, header: { ...over.header, ...header }, claims: { ...over.claims, ...claims } });
    }

    logoutToken(how) {
        return this.#flows.logoutToken(how);
    }

    opaque({ sub = this.client.id, ...claims } = {}) {
        return this.#flows.opaque({ sub, client_id: sub, aud: this.audience, scope: SCOPES.join(' '), ...claims });
    }

    revoke(token) {
        this.#flows.revoke(token);
    }

    endRefreshes() {
        this.#flows.endRefreshes();
    }

    asked(endpoint) {
        return this.#flows.asked(endpoint);
    }

    forgetRequests() {
        this.#flows.forgetRequests();
    }

    publish(...keys) {
        this.#published = keys.map((key) => (typeof key === 'string' ? this.#key(key).jwk : key.jwk ?? key));
    }

    async rotate(name, { kid, publish = true } = {}) {
        const old = this.#key(name);
        this.keys[name] = await makeKey(name, { kid });
        if (publish) this.#published = this.#published.map((jwk) => (jwk === old.jwk ? this.keys[name].jwk : jwk));
        return old;
    }

    manyKeys(count) {
        return Array.from({ length: count }, (_, index) => ({ ...this.keys.es256.jwk, kid: `many-${index}` }));
    }

    behave(endpoint, behaviour) {
        if (!Object.hasOwn(this.#behaviours, endpoint)) throw new Error(`no endpoint "${endpoint}"`);
        checkBehaviour(behaviour);
        this.#behaviours[endpoint] = typeof behaviour === 'function' ? behaviour : { ...behaviour };
    }

    metadata(over) {
        Object.assign(this.#metadata, over);
    }

    handle(path, handler) {
        this.#handlers.set(path, handler);
    }

    async reached(endpoint, count) {
        const came = () => (Object.hasOwn(FLOW_PATHS, endpoint) ? this.asked(endpoint).length : this.#counts[endpoint]);
        while (came() < count) {
            await new Promise((resolve) => { this.#arrivals.once(endpoint, resolve); });
        }
    }

    async up(port = this.#port) {
        this.#ending = new AbortController();
        this.#server = this.#certificate ? createTlsServer(this.#certificate) : createServer();
        this.#server.on('request', (request, response) => {
            this.#answer(request, response).catch(() => response.destroy());
        });
        const scheme = this.#certificate ? 'https' : 'http';
        this.url = await listen(this.#server, { port, host: LOOPBACK, scheme });
        this.#port = this.#server.address().port;
        this.issuer = `${this.url}${this.#path}`;
    }

    async down() {
        const closed = new Promise((resolve) => { this.#server.close(resolve); });
        this.#ending.abort();
        this.#server.closeAllConnections();
        await closed;
    }

    async close() {
        if (this.#server.listening) await this.down();
    }

    #key(nameOrKey) {
        if (typeof nameOrKey !== 'string') return nameOrKey;
        if (!Object.hasOwn(this.keys, nameOrKey)) throw new Error(`no key "${nameOrKey}"`);
        return this.keys[nameOrKey];
    }

    async #answer(request, response) {
        const endpoint = this.#endpointOf(request.url);
        this.#counts[endpoint]++;
        this.#arrivals.emit(endpoint);
        if (endpoint === 'discovery') return this.#misbehave(endpoint, request, response, this.#document());
        if (endpoint === 'jwks') return this.#misbehave(endpoint, request, response, { keys: this.#published });
        const path = request.url.split('?')[0].slice(this.#path.length);
        const handler = this.#handlers.get(path);
        if (handler) return handler(request, response);
        const flow = Object.keys(FLOW_PATHS).find((name) => FLOW_PATHS[name] === path);
        return flow ? this.#flow(flow, request, response) : response.writeHead(404).end();
    }

    /* A refusal is honest too: only what was to be a document is subject to the behaviour, and everything else where it is not "ok". */
    async #flow(endpoint, request, response) {
        const { status, document, location } = await this.#flows.answer(endpoint, request);
        this.#arrivals.emit(endpoint);
        const behaviour = this.#behaviours[endpoint];
        if (behaviour.kind !== 'ok' || behaviour.delayMs || status === 200) return this.#misbehave(endpoint, request, response, document);
        const headers = location ? { location } : { 'content-type': 'application/json' };
        return response.writeHead(location ? 303 : status, headers).end(document && JSON.stringify(document));
    }

    #endpointOf(url) {
        if (url === `${this.#path}/.well-known/openid-configuration`) return 'discovery';
        if (url === this.#path + JWKS_PATH) return 'jwks';
        return url.startsWith('/trap') ? 'trap' : 'other';
    }

    #misbehave(endpoint, request, response, document) {
        const behaviour = this.#behaviours[endpoint];
        if (behaviour.times !== undefined && --behaviour.times === 0) this.#behaviours[endpoint] = HONEST;
        return behave(behaviour, { request, response, document, signal: this.#ending.signal });
    }

    #document() {
        const { issuer } = this;
        return {
            issuer,
            authorization_endpoint: issuer + FLOW_PATHS.authorize,
            token_endpoint: issuer + FLOW_PATHS.token,
            jwks_uri: issuer + JWKS_PATH,
            userinfo_endpoint: issuer + FLOW_PATHS.userinfo,
            end_session_endpoint: issuer + FLOW_PATHS.logout,
            introspection_endpoint: issuer + FLOW_PATHS.introspection,
            revocation_endpoint: issuer + FLOW_PATHS.revocation,
            response_types_supported: ['code'],
            subject_types_supported: ['public'],
            id_token_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'],
            code_challenge_methods_supported: ['S256'],
            authorization_response_iss_parameter_supported: true,
            ...this.#metadata,
        };
    }
}
