// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Debian's glewlwyd: a second provider that nobody here wrote, and less exact than `oidc-provider`. Its upstream is closed and advises against
 * production; here it lives on loopback for as long as a test file.
 *
 *   describe('…', { skip: NO_GLEWLWYD }, () => {                       on Debian 12 it has to be there; elsewhere tools/setup says that it is not
 *       const glewlwyd = await startGlewlwyd();                        an empty database, one administrator, the people of dev/identity/accounts.mjs
 *       const provider = await glewlwyd.addIssuer({ 'pkce-allowed': false });          an issuer of its own, with its clients `web` and `service`
 *       const service = await startService({ store, identity: provider, settings: signInSettings(provider) });
 *       await provider.setPublicUrl(service.url);
 *
 * An issuer is used like `startIdentity()`: issuer, audience, clients, signIn(url, who), signOut(jar), serviceToken(), userTokens(). What its
 * page does by script is done here by the same requests, with the person's cookies in `jar`.
 * Its parameters are those of its module `oidc`; the ones below make it as honest as it can be, each test changes what it is about.
 *
 * It is unpacked, not installed (tools/setup): the program and the libraries that the machine lacks.
 */
import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SCOPES, USERS } from '../../../dev/identity/accounts.mjs';
import { keep } from './cleanup.mjs';
import { drawPort } from './service.mjs';
import { sqliteModule } from './stores.mjs';
import { until } from './wait.mjs';

const UNPACKED = fileURLToPath(new URL('../../../.cache/glewlwyd', import.meta.url));
const TABLES = `${UNPACKED}/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3`;
const MODULES = `${UNPACKED}/usr/lib/glewlwyd`;
const ADMINISTRATOR = { username: 'admin', password: 'password' }; /* of the package's own tables */
const ATTEMPTS = 20;
/* It takes no URN for a resource. */
const AUDIENCE = 'https://orders.example.com/api';
const KEYS = {
    rs256: { type: 'rsa', options: { modulusLength: 2048 }, jwt: 'rsa' },
    ps256: { type: 'rsa', options: { modulusLength: 2048 }, jwt: 'rsa-pss' },
    es256: { type: 'ec', options: { namedCurve: 'P-256' }, jwt: 'ecdsa' },
    eddsa: { type: 'ed25519', options: {}, jwt: 'eddsa' },
};

/** Why the tests with it are not run on this machine; false where they are. */
export const NO_GLEWLWYD = existsSync(TABLES) || isBookworm() ? false : 'the tests use the glewlwyd of Debian 12, which this is not';

function isBookworm() {
    return existsSync('/etc/os-release') && /^VERSION_CODENAME=bookworm$/m.test(readFileSync('/etc/os-release', 'utf8'));
}

/** Starts one, with the people and scopes of the tests. */
export async function startGlewlwyd() {
    if (!existsSync(TABLES)) throw new Error('Debian 12 has glewlwyd, but it is not unpacked: run tools/setup test');
    const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'agizo-glewlwyd-')); /* nothing of it has to last */
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const glewlwyd = new Glewlwyd(folder, drawPort());
        await makeTables(glewlwyd.database);
        if (!await glewlwyd.start()) continue;
        keep(glewlwyd);
        await glewlwyd.seed();
        glewlwyd.explain();
        return glewlwyd;
    }
    throw new Error('glewlwyd does not start');
}

async function makeTables(path) {
    const { DatabaseSync } = await sqliteModule();
    rmSync(path, { force: true });
    const database = new DatabaseSync(path);
    database.exec(`pragma synchronous = off; ${readFileSync(TABLES, 'utf8')}`);
    database.close();
}

function libraries() {
    const at = `${UNPACKED}/usr/lib`;
    return readdirSync(at).filter((name) => name.endsWith('-linux-gnu')).map((name) => `${at}/${name}`).join(':');
}

class Glewlwyd {
    #child;
    #said = '';
    #administrator;
    #issuers = 0;

    constructor(folder, port) {
        this.folder = folder;
        this.database = join(folder, 'glewlwyd.db');
        this.port = port;
        this.url = `http://127.0.0.1:${port}`;
    }

    /** Whether it listens; false when it ended instead, for the port is somebody's. */
    async start() {
        const file = join(this.folder, 'glewlwyd.conf');
        writeFileSync(file, this.#configuration());
        this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', `${UNPACKED}/usr/bin/glewlwyd`, '--config-file', file], {
            env: { PATH: process.env.PATH, LD_LIBRARY_PATH: libraries() }, stdio: ['ignore', 'pipe', 'pipe'],
        });
        this.ended = once(this.#child, 'exit');
        for (const stream of [this.#child.stdout, this.#child.stderr]) stream.on('data', (piece) => { this.#said += piece; });
        await until('glewlwyd answers', () => this.#child.exitCode !== null || fetch(`${this.url}/api/config`).then(() => true, () => false));
        return this.#child.exitCode === null;
    }

    #configuration() {
        const settings = {
            bind_address: '127.0.0.1', external_url: this.url, login_url: 'login.html', api_prefix: 'api',
            static_files_path: `${UNPACKED}/usr/share/glewlwyd/webapp/`, cookie_domain: '', log_mode: 'console', log_level: 'INFO', hash_algorithm: 'SHA512',
            user_module_path: `${MODULES}/user`, user_middleware_module_path: `${MODULES}/user_middleware`, client_module_path: `${MODULES}/client`,
            user_auth_scheme_module_path: `${MODULES}/scheme`, plugin_module_path: `${MODULES}/plugin`,
        };
        const lines = Object.entries(settings).map(([name, value]) => `${name}="${value}"`);
        return [`port=${this.port}`, 'cookie_secure=0', ...lines, `database = { type="sqlite3"; path="${this.database}" };`, ''].join('\n');
    }

    /** People may have several roles, and clients several addresses to come back to: told to its modules, which else keep the first. */
    async seed() {
        this.#administrator = new Map();
        await this.administer('POST', '/auth/', ADMINISTRATOR);
        await this.#declare('user', { roles: true, customer_code: false });
        await this.#declare('client', { post_logout_redirect_uris: true });
        for (const name of SCOPES) await this.administer('POST', '/scope/', { name, display_name: name, password_required: true, password_max_age: 0 });
        for (const [login, user] of Object.entries(USERS)) await this.addPerson(login, user);
    }

    async #declare(kind, properties) {
        const module = await this.administer('GET', `/mod/${kind}/database`);
        const format = Object.entries(properties).map(([name, multiple]) => [name, { multiple, read: true, write: true, 'profile-read': true }]);
        Object.assign(module.parameters['data-format'], Object.fromEntries(format));
        await this.administer('PUT', `/mod/${kind}/database`, module);
        await this.administer('PUT', `/mod/${kind}/database/reset`);
    }

    /** A request as its administrator. */
    async administer(method, path, json) {
        const reply = await send(method, `${this.url}/api${path}`, { json, jar: this.#administrator });
        if (reply.status !== 200) throw new Error(`glewlwyd: ${method} ${path}: ${reply.status} ${reply.text}`);
        return reply.text === '' ? undefined : JSON.parse(reply.text);
    }

    /** Somebody new: `{password, name, roles, customer_code}`. */
    addPerson(login, { sub, ...rest }) {
        return this.administer('POST', '/user/', { username: login, enabled: true, scope: ['openid', ...SCOPES], ...rest });
    }

    /** Changes somebody, as in `{roles: ['viewer']}`. */
    async changePerson(login, change) {
        await this.administer('PUT', `/user/${login}`, { ...await this.administer('GET', `/user/${login}`), ...change });
    }

    /**
     * An issuer of its own, with clients of its own.
     * @param {object} [parameters] of the module `oidc`, over the ones below
     * @param {{key?: keyof typeof KEYS, secret?: string}} [options]
     */
    async addIssuer(parameters, { key = 'es256', secret = 'web1secret' } = {}) {
        const name = `oidc${++this.#issuers}`;
        const issuer = new Issuer(this, name, secret);
        await this.administer('POST', '/mod/plugin/', {
            module: 'oidc', name, display_name: name, enabled: true,
            parameters: { ...honestParameters(issuer), ...keyParameters(key), ...parameters },
        });
        await issuer.register();
        return issuer;
    }

    /** What it said since it was last asked. */
    explain() {
        const said = this.#said;
        this.#said = '';
        return `--- log of glewlwyd\n${said}`;
    }

    async close() {
        this.#child.kill('SIGKILL');
        await this.ended;
        rmSync(this.folder, { recursive: true, force: true });
    }
}

/** `sid` below is what the issuer calls its session with a browser, and the value of its cookie. */
class Issuer {
    #glewlwyd;

    constructor(glewlwyd, name, secret) {
        this.#glewlwyd = glewlwyd;
        this.url = glewlwyd.url;
        this.issuer = `${glewlwyd.url}/api/${name}`;
        this.audience = AUDIENCE;
        this.sidCookie = `SID_${name}`;
        this.clients = { web: { id: `web${name}`, secret }, service: { id: `service${name}`, secret: 'service1secret' } };
    }

    async register() {
        const { web, service } = this.clients;
        await this.#glewlwyd.administer('POST', '/client/', {
            ...clientOf(web), authorization_type: ['code', 'refresh_token'], redirect_uri: [], backchannel_logout_session_required: 'yes',
        });
        await this.#glewlwyd.administer('POST', '/client/', { ...clientOf(service), authorization_type: ['client_credentials'], redirect_uri: [], scope: SCOPES });
    }

    /** Changes the registration of the client `web`. */
    async changeClient(change) {
        const path = `/client/${this.clients.web.id}`;
        await this.#glewlwyd.administer('PUT', path, { ...await this.#glewlwyd.administer('GET', path), ...change });
    }

    /** Where the client `web` is to be found. */
    setPublicUrl(url) {
        return this.changeClient({
            redirect_uri: [`${url}/auth/callback`], post_logout_redirect_uris: [`${url}/`], backchannel_logout_uri: `${url}/auth/backchannel-logout`,
        });
    }

    /**
     * Walks from an authorization request to the redirect that carries its answer.
     * @param {string | URL} authorizationUrl
     * @param {{login: string, password?: string, redirectUri: string, jar?: Map<string, string>}} who as for `signIn` of dev/identity/login.mjs
     */
    async signIn(authorizationUrl, { login, password = USERS[login]?.password, redirectUri, jar = new Map() }) {
        const first = await send('GET', authorizationUrl, { jar });
        if (first.location?.startsWith(redirectUri)) return new URL(first.location);
        const page = new URL(first.location ?? first.fail());
        if (page.pathname !== '/login.html') throw new Error(`glewlwyd's answer to a sign-in: ${page}`);
        const { callback_url: back, client_id: client, scope } = Object.fromEntries(page.searchParams);
        if ((await send('GET', `${this.url}/api/profile_list`, { jar })).status !== 200) {
            await mustSend('POST', `${this.url}/api/auth/`, { json: { username: login, password }, jar });
        }
        await mustSend('PUT', `${this.url}/api/auth/grant/${client}`, { json: { scope }, jar });
        const answer = await send('GET', `${back}&g_continue`, { jar });
        return new URL(answer.location ?? answer.fail());
    }

    /** Ends a person's session here, as the page of `end_session` does when they agree; where that leads, if anywhere. */
    async endSession(url, jar) {
        const asked = await send('GET', url, { jar });
        const page = new URL(asked.location ?? asked.fail());
        if (page.searchParams.get('prompt') !== 'end_session') throw new Error(`glewlwyd's answer to a sign-out: ${page}`);
        await this.signOut(jar, page.searchParams.get('sid'));
        return page.searchParams.get('callback_url');
    }

    /** Ends it without being asked by a client. */
    async signOut(jar, sid = jar.get(this.sidCookie)) {
        await mustSend('DELETE', `${this.issuer}/session/${sid}`, { jar });
        await mustSend('DELETE', `${this.url}/api/auth/`, { jar });
    }

    /** The refresh tokens that it gave for the person whose cookies these are: `[{enabled, token_hash, client_id, …}]`. */
    async refreshTokens(jar) {
        return JSON.parse((await mustSend('GET', `${this.issuer}/token/`, { jar })).text);
    }

    /** As when they take them back on their page. */
    async revokeRefreshTokens(jar) {
        for (const { enabled, token_hash: hash } of await this.refreshTokens(jar)) {
            if (enabled) await mustSend('DELETE', `${this.issuer}/token/${encodeURIComponent(hash)}`, { jar });
        }
    }

    /** A person's tokens, by authorization code; `audience: ''` asks for no resource. */
    async userTokens(login, { scope = SCOPES.join(' '), audience = this.audience, redirectUri, password } = {}) {
        const verifier = randomBytes(32).toString('base64url');
        const back = redirectUri ?? await this.#redirectUri();
        const callback = await this.signIn(`${this.issuer}/auth?${new URLSearchParams({
            client_id: this.clients.web.id, response_type: 'code', redirect_uri: back, scope: `openid ${scope}`.trim(), state: randomBytes(16).toString('hex'),
            nonce: randomBytes(16).toString('hex'), code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
            ...(audience && { resource: audience }),
        })}`, { login, password, redirectUri: back });
        const code = callback.searchParams.get('code');
        if (code === null) throw new Error(`login refused: ${callback.search}`);
        return this.#tokens(this.clients.web, { grant_type: 'authorization_code', code, redirect_uri: back, code_verifier: verifier });
    }

    async #redirectUri() {
        const { redirect_uri: [first] } = await this.#glewlwyd.administer('GET', `/client/${this.clients.web.id}`);
        return first;
    }

    /** A program's access token, by client credentials. */
    async serviceToken({ scope = SCOPES.join(' '), audience = this.audience } = {}) {
        const { access_token: token } = await this.#tokens(this.clients.service, { grant_type: 'client_credentials', scope, ...(audience && { resource: audience }) });
        return token;
    }

    async #tokens({ id, secret }, form) {
        const reply = await fetch(`${this.issuer}/token`, { method: 'POST', headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` }, body: new URLSearchParams(form) });
        const text = await reply.text();
        if (!reply.ok) throw new Error(`token endpoint: ${reply.status} ${text}`);
        return JSON.parse(text);
    }
}

function clientOf({ id, secret }) {
    return { client_id: id, name: id, client_secret: secret, confidential: true, enabled: true, token_endpoint_auth_method: ['client_secret_basic'] };
}

function honestParameters({ issuer, sidCookie }) {
    const scopes = ['openid', ...SCOPES];
    const claims = ['roles', 'customer_code'];
    return {
        iss: issuer, 'subject-type': 'public', 'jwks-show': true, 'allowed-scope': scopes,
        'access-token-duration': 3600, 'refresh-token-duration': 1_209_600, 'refresh-token-rolling': true, 'refresh-token-one-use': 'always', 'code-duration': 600,
        'allow-non-oidc': true, 'auth-type-code-enabled': true, 'auth-type-code-revoke-replayed': true, 'auth-type-id-token-enabled': true, 'auth-type-client-enabled': true,
        'auth-type-refresh-enabled': true, 'auth-type-token-enabled': false, 'auth-type-none-enabled': false, 'auth-type-password-enabled': false, 'auth-type-device-enabled': false,
        'pkce-allowed': true, 'pkce-required': true, 'pkce-method-plain-allowed': false, 'oauth-as-iss-id': true,
        'introspection-revocation-allowed': true, 'introspection-revocation-allow-target-client': true,
        'session-management-allowed': true, 'session-cookie-name': sidCookie, 'session-cookie-expiration': 3600, 'back-channel-logout-allowed': true, 'front-channel-logout-allowed': false,
        'resource-allowed': true, 'resource-change-allowed': true, 'resource-client-property': '', 'resource-scope-and-client-property': false,
        'resource-scope': Object.fromEntries(scopes.map((scope) => [scope, [AUDIENCE]])),
        'oauth-dpop-allowed': true, 'oauth-dpop-iat-duration': 60, 'request-parameter-allow': false,
        'address-claim': { type: 'no' }, 'name-claim': 'mandatory', 'name-claim-scope': [], 'email-claim': 'no', 'scope-claim': 'no',
        claims: claims.map((name) => ({ name, 'user-property': name, type: 'string', mandatory: true, 'on-demand': false, scope: [] })),
        'additional-parameters': claims.map((name) => ({ 'user-parameter': name, 'token-parameter': name })),
    };
}

function keyParameters(kind) {
    const { type, options, jwt } = KEYS[kind];
    const { privateKey, publicKey } = generateKeyPairSync(type, options);
    return {
        'jwt-type': jwt, 'jwt-key-size': '256',
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert: publicKey.export({ type: 'spki', format: 'pem' }),
    };
}

async function send(method, url, { json, jar }) {
    const reply = await fetch(url, {
        method, redirect: 'manual', body: json && JSON.stringify(json),
        headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '), ...(json && { 'content-type': 'application/json' }) },
    });
    for (const line of reply.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
        jar.set(name, value);
    }
    const text = await reply.text();
    const fail = () => { throw new Error(`glewlwyd: ${method} ${url}: ${reply.status} ${text}`); };
    return { status: reply.status, text, location: reply.headers.get('location'), fail };
}

async function mustSend(method, url, options) {
    const reply = await send(method, url, options);
    return reply.status === 200 ? reply : reply.fail();
}
