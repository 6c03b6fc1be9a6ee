// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The two pages a person meets at the local OpenID provider: sign in, and consent where a client insists on asking.
 *
 * Plain HTML forms, no script, nothing fetched from elsewhere. Every value that came from outside passes through `escape`.
 */
import { USERS } from './accounts.mjs';

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;background:#eef1ee;display:grid;place-items:center;min-height:100vh;margin:0}
main{background:#fff;border-radius:12px;padding:2rem;width:20rem;box-shadow:0 2px 16px #0002}h1{font-size:1.25rem;margin:0 0 1rem}
label{display:block;margin:.75rem 0}input{box-sizing:border-box;width:100%;padding:.5rem;font:inherit;border:1px solid #8a958a;border-radius:6px}
button{width:100%;padding:.6rem;font:inherit;border:0;border-radius:6px;background:#14683f;color:#fff;margin-top:.5rem;cursor:pointer}
.error{color:#a31515}small{color:#566056}code{background:#eef1ee;padding:0 .25em}`;

/** The sign-in form; `error` is said above it. */
export function loginPage(action, { login = '', error = '' } = {}) {
    const people = Object.entries(USERS)
        .map(([name, user]) => `<code>${name}</code> / <code>${user.password}</code>`)
        .join('<br>');
    return page('Sign in', `
<form method="post" action="${escape(action)}">
${error === '' ? '' : `<p class="error" role="alert">${escape(error)}</p>`}
<label>User <input name="login" value="${escape(login)}" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button>
</form>
<p><small>Local development only. Sample people:<br>${people}</small></p>`);
}

/** The consent form: which client asks, and for which scopes. */
export function consentPage(action, { client, scopes }) {
    const items = scopes.map((scope) => `<li><code>${escape(scope)}</code></li>`).join('');
    return page('Allow access', `
<form method="post" action="${escape(action)}">
<p><b>${escape(client)}</b> asks for:</p><ul>${items}</ul>
<button>Allow</button>
</form>`);
}

/** What is shown when an answer of the provider is an error and there is no client to send it to. */
export function errorPage({ error, error_description: description = '' }) {
    return page('That did not work', `<p class="error">${escape(error)}: ${escape(description)}</p>`);
}

function page(title, body) {
    return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>${STYLE}</style><main><h1>${title}</h1>${body}</main></html>`;
}

function escape(text) {
    return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
