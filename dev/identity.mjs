// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The local OpenID provider: npm `oidc-provider` (OpenID certified) with sample people and clients.
 *
 *   dev/node dev/identity.mjs [--port 8081] [--audience urn:agizo:api] [--algorithm ES256]
 *
 * It issues JWT access tokens (`typ: at+jwt`, RFC 9068) for our audience when a request names it as `resource` (RFC 8707), or opaque ones to be
 * introspected; bound to a key where the request has a DPoP proof. The web client gets refresh tokens, good once each, that end with the session.
 * Whoever signs out here has their sessions ended at the clients (back-channel logout). Keys are made at start and live in memory only, so tokens
 * of an earlier run are worthless. It has its own sign-in page; clients of ours need no consent unless they ask with `prompt=consent`.
 * `identity/login.mjs` signs people in and out without a browser.
 *
 * For development and tests, on loopback: secrets are in plain sight and all state is lost at the end.
 */
import { generateKeyPair, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import Provider, { errors } from 'oidc-provider';
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';
import { LOOPBACK, listen, runAsCommand } from './command.mjs';
import {
    AUDIENCE, SCOPES, SERVICE_CLIENT, WEB_CLIENT, checkPassword, claimsOf, findUser, rightsOf,
} from './identity/accounts.mjs';
import { serviceToken, signOut, userToken, userTokens } from './identity/login.mjs';
import { consentPage, errorPage, loginPage } from './identity/pages.mjs';

const FORM_MAX = 16 * 1024;
const KEY_KINDS = [
    { alg: 'ES256', type: 'ec', options: { namedCurve: 'P-256' } },
    { alg: 'EdDSA', type: 'ed25519', options: {} },
    { alg: 'RS256', type: 'rsa', options: { modulusLength: 2048 } },
];

/**
 * Starts the provider.
 * @param {object} [options]
 * @param {number} [options.port] 0 takes any free one
 * @param {string} [options.host]
 * @param {string} [options.audience] the `resource` it knows
 * @param {string} [options.publicUrl] where browsers find the web client; `setPublicUrl` changes it later
 * @param {string} [options.innerUrl] where this provider itself reaches it, to say that sessions are over; `publicUrl` unless said
 * @param {{id: string, secret: string}} [options.webClient] what it is called here
 * @param {'jwt' | 'opaque'} [options.format] of access tokens; `setFormat` changes it later
 * @param {string} [options.algorithm] signs access tokens: ES256, EdDSA or RS256; `setAlgorithm` changes it later
 * @param {number} [options.tokenLifetime] of access tokens, in seconds
 * @param {object[]} [options.keys] private JWKs of an earlier instance, to come back as the same provider
 * @param {object} [options.memory] of an earlier instance, to come back knowing its sessions and grants too
 */
export async function startIdentity(options = {}) {
    const settings = { algorithm: 'ES256', tokenLifetime: 3600, format: 'jwt', ...options };
    settings.audience ??= AUDIENCE;
    settings.publicUrl ??= 'http://127.0.0.1:8080';
    settings.webClient ??= WEB_CLIENT;
    settings.keys ??= await makeKeys();
    settings.memory ??= { adapter: createMemoryAdapter(), cookieKeys: [randomUUID()] };
    const server = createServer();
    const issuer = await listen(server, { port: settings.port, host: settings.host ?? LOOPBACK });
    const provider = new Provider(issuer, configuration(settings));
    server.on('request', requestHandler(provider));
    return {
        url: issuer,
        issuer,
        audience: settings.audience,
        keys: settings.keys,
        memory: settings.memory,
        clients: { service: SERVICE_CLIENT, web: settings.webClient },
        setAlgorithm: (algorithm) => { settings.algorithm = algorithm; },
        setFormat: (format) => { settings.format = format; },
        setPublicUrl: (url, innerUrl = url) => { Object.assign(settings, { publicUrl: url, innerUrl }); },
        setTokenLifetime: (seconds) => { settings.tokenLifetime = seconds; },
        signOut: (jar) => signOut(issuer, jar),
        userToken: (login, more) => userToken(issuer, login, { ...loginDefaults(settings), ...more }),
        userTokens: (login, more) => userTokens(issuer, login, { ...loginDefaults(settings), ...more }),
        serviceToken: (more) => serviceToken(issuer, { audience: settings.audience, ...more }),
        close: () => close(server),
    };
}

function loginDefaults({ audience, publicUrl, webClient }) {
    return { audience, redirectUri: callbackOf(publicUrl), client: webClient };
}

function callbackOf(publicUrl) {
    return `${publicUrl}/auth/callback`;
}

async function makeKeys() {
    const generate = promisify(generateKeyPair);
    return Promise.all(KEY_KINDS.map(async ({ alg, type, options }) => {
        const { privateKey } = await generate(type, options);
        const kid = `${alg.toLowerCase()}-${randomUUID().slice(0, 8)}`;
        return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid };
    }));
}

function configuration(settings) {
    return {
        adapter: (model) => (model === 'Client' ? clientsOf(settings) : settings.memory.adapter(model)),
        jwks: { keys: settings.keys },
        cookies: { keys: settings.memory.cookieKeys },
        findAccount: (ctx, sub) => account(sub),
        claims: { openid: ['sub', 'roles', 'customer_code'], profile: ['name'], roles: ['roles', 'customer_code'] },
        /* Ours belong to the resource server; named here too, they would count as OpenID scopes that need consent of their own. */
        scopes: ['openid', 'offline_access'],
        extraTokenClaims: (ctx, token) => tokenClaims(token),
        conformIdTokenClaims: false,
        loadExistingGrant: (ctx) => grantWithoutAsking(ctx, settings),
        interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
        pkce: { required: () => true },
        /* By itself it would give none without the scope `offline_access`; these end with the person's session here. */
        issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
        rotateRefreshToken: true,
        renderError: (ctx, out) => { ctx.type = 'html'; ctx.body = errorPage(out); },
        /* Its guard against requests to special addresses would stop back-channel logout to loopback. */
        fetch: (url, { dispatcher, ...rest }) => fetch(url, rest),
        ttl: lifetimes(settings),
        features: features(settings),
    };
}

/* Asked at each request, so that a client can move to another address. */
function clientsOf(settings) {
    return { find: async (id) => clients(settings).find(({ client_id: name }) => name === id) };
}

function clients({ publicUrl, innerUrl = publicUrl, webClient }) {
    return [{
        client_id: SERVICE_CLIENT.id,
        client_secret: SERVICE_CLIENT.secret,
        client_name: 'Sample service',
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
    }, {
        client_id: webClient.id,
        client_secret: webClient.secret,
        client_name: 'Agizo console',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        /* The second is for where this is the second provider of two (AGIZO_OIDC2_…). */
        redirect_uris: [callbackOf(publicUrl), `${callbackOf(publicUrl)}/2`],
        post_logout_redirect_uris: [`${publicUrl}/`],
        backchannel_logout_uri: `${innerUrl}/auth/backchannel-logout`,
        backchannel_logout_session_required: true,
    }];
}

function account(sub) {
    const user = findUser(sub);
    return user && { accountId: sub, claims: () => ({ sub, ...claimsOf(user) }) };
}

/* A service's token has no account; its `sub` is its client id (RFC 9068 §5). */
function tokenClaims(token) {
    const user = token.accountId && findUser(token.accountId);
    return user && rightsOf(user);
}

/* Clients of ours get what they ask for; a client that wants the page says `prompt=consent` and skips this. */
async function grantWithoutAsking(ctx, { audience }) {
    const { client, session, provider, params, result } = ctx.oidc;
    const known = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
    if (known) return provider.Grant.find(known);
    if (params.prompt?.includes('consent')) return undefined;
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    return allow(grant, audience);
}

async function allow(grant, audience) {
    grant.addOIDCScope('openid profile roles offline_access');
    grant.addResourceScope(audience, SCOPES.join(' '));
    await grant.save();
    return grant;
}

function lifetimes(settings) {
    const hour = 3600;
    const access = () => settings.tokenLifetime;
    return {
        AccessToken: access, ClientCredentials: access, AuthorizationCode: 60, IdToken: hour,
        Interaction: hour, Session: 14 * hour, Grant: 14 * hour, RefreshToken: 14 * hour,
    };
}

function features(settings) {
    return {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        introspection: { enabled: true },
        revocation: { enabled: true },
        backchannelLogout: { enabled: true },
        rpInitiatedLogout: { enabled: true },
        dPoP: { enabled: true },
        resourceIndicators: {
            enabled: true,
            useGrantedResource: () => true,
            getResourceServerInfo: (ctx, resource) => resourceServer(resource, settings),
        },
    };
}

function resourceServer(resource, { audience, algorithm, tokenLifetime, format }) {
    if (resource !== audience) throw new errors.InvalidTarget(`this provider knows only ${audience}`);
    return {
        scope: SCOPES.join(' '),
        audience,
        accessTokenTTL: tokenLifetime,
        accessTokenFormat: format,
        jwt: { sign: { alg: algorithm } },
    };
}

function requestHandler(provider) {
    const callback = provider.callback();
    return (request, response) => {
        if (!request.url.startsWith('/interaction/')) return callback(request, response);
        return interact(provider, request, response).catch((error) => {
            show(response, 400, errorPage({ error: error.name, error_description: error.message }));
        });
    };
}

async function interact(provider, request, response) {
    const details = await provider.interactionDetails(request, response);
    const answer = details.prompt.name === 'login' ? signInStep : consentStep;
    await answer(provider, details, { request, response });
}

async function signInStep(provider, details, { request, response }) {
    if (request.method !== 'POST') return show(response, 200, loginPage(request.url));
    const form = await readForm(request);
    const login = form.get('login') ?? '';
    const user = checkPassword(login, form.get('password'));
    if (user === undefined) {
        return show(response, 401, loginPage(request.url, { login, error: 'Unknown user or wrong password' }));
    }
    return provider.interactionFinished(request, response, { login: { accountId: user.sub } });
}

async function consentStep(provider, details, { request, response }) {
    const { client_id: clientId, scope = '', resource } = details.params;
    if (request.method !== 'POST') {
        return show(response, 200, consentPage(request.url, { client: clientId, scopes: scope.split(' ') }));
    }
    const grant = new provider.Grant({ clientId, accountId: details.session.accountId });
    await allow(grant, resource ?? AUDIENCE);
    return provider.interactionFinished(request, response, { consent: { grantId: grant.jti } }, { mergeWithLastSubmission: true });
}

async function readForm(request) {
    let text = '';
    for await (const chunk of request) {
        text += chunk;
        if (text.length > FORM_MAX) throw new Error('the form is too large');
    }
    return new URLSearchParams(text);
}

function show(response, status, html) {
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    response.end(html);
}

async function close(server) {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
}

await runAsCommand(import.meta, { port: 'number', host: 'string', audience: 'string', publicUrl: 'string', algorithm: 'string' },
    async (options) => {
        const identity = await startIdentity({ port: 8081, ...options });
        const { issuer, audience, clients: known } = identity;
        return { ready: { issuer, audience, clients: known }, close: identity.close };
    });
