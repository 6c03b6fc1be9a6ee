// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Who may sign in at the local OpenID provider: four people, one for each role, a service and a web client.
 *
 * Passwords and secrets stand here in plain sight because they open nothing but a provider that lives on loopback and forgets
 * everything when it stops. They are alphanumeric, since some providers do not form-decode Basic credentials (RFC 6749 §2.3.1).
 */

/** The permissions of Agizo's API, which are also its OAuth scopes. */
export const SCOPES = [
    'customers:read', 'customers:write', 'orders:read', 'orders:write',
    'messages:read', 'messages:write', 'imports:write', 'audit:read', 'sessions:write',
];

/** The identifier of Agizo's API at the provider: the `resource` that is asked for and the `aud` of the tokens. */
export const AUDIENCE = 'urn:agizo:api';

/** People by their user name; `sub` is what tokens call them. */
export const USERS = {
    viewer: { sub: 'user-viewer', password: 'viewer1pass', name: 'Vera Viewer', roles: ['viewer'] },
    clerk: { sub: 'user-clerk', password: 'clerk1pass', name: 'Caleb Clerk', roles: ['clerk'] },
    manager: { sub: 'user-manager', password: 'manager1pass', name: 'Maria Manager', roles: ['manager'] },
    customer: {
        sub: 'user-customer', password: 'customer1pass', name: 'Chris Customer', roles: ['customer'], customer_code: 'C1',
    },
};

/** A program that posts orders in its own name (client credentials). */
export const SERVICE_CLIENT = { id: 'agizo-service', secret: 'service1secret' };

/** The console's own client (authorization code with PKCE). */
export const WEB_CLIENT = { id: 'agizo-web', secret: 'web1secret' };

/** The account of a user name and password, or undefined. */
export function checkPassword(login, password) {
    const user = Object.hasOwn(USERS, login) ? USERS[login] : undefined;
    return user !== undefined && user.password === password ? user : undefined;
}

/** The account that tokens call `sub`, or undefined. */
export function findUser(sub) {
    return Object.values(USERS).find((user) => user.sub === sub);
}

/** The claims that decide what this person may do: all of ours that an access token carries. */
export function rightsOf({ roles, customer_code: customerCode }) {
    return customerCode === undefined ? { roles } : { roles, customer_code: customerCode };
}

/** The claims of ours for ID tokens and userinfo. */
export function claimsOf(user) {
    return { name: user.name, ...rightsOf(user) };
}
