// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * docs/api.md says what the tables of the source say: every error, route, state, audited action, limit, and parameter of a list.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const doc = read('docs/api.md');

/* The groups of every match. */
function rows(path, pattern) {
    const found = [...read(path).matchAll(pattern)].map((match) => match.slice(1));
    assert.ok(found.length > 0, `nothing in ${path} looks like ${pattern}`);
    return found;
}

describe('docs/api.md', () => {
    it('has every error with its status, and no other', () => {
        const errors = rows('src/core/err.def', /^ERR\(\w+, (\d+), "(\w+)"/gm).filter(([status]) => status !== '200');
        const documented = rows('docs/api.md', /^\| (\d{3}) \| `(\w+)` \|/gm);
        assert.deepEqual(documented, errors);
    });

    it('has every route with its permission', () => {
        const routes = rows('src/api/routes.c', /\b(ROUTE|STAFF)\("(\w+)",\s+"([^"]+)",\s+\w+,\s+CAN\((\w+)\)/g);
        for (const [macro, method, path, permission] of routes) {
            const scope = `\`${permission.toLowerCase().replace('_', ':')}\`${macro === 'STAFF' ? ', not for customers' : ''}`;
            assert.ok(doc.includes(`| \`${method} ${path}\` | ${scope} |`), `${method} ${path} with ${scope}`);
        }
    });

    it('has every route that asks for credentials itself, or needs none', () => {
        const any = rows('src/api/routes.c', /\bOPEN\("(\w+)", "([^"]+)"/g);
        const visits = rows('src/api/routes.c', /\bVISIT\("([^"]+)"/g).map(([path]) => ['GET', path]);
        for (const [method, path] of [...any, ...visits]) assert.ok(doc.includes(`| \`${method} ${path}\` |`), `${method} ${path}`);
    });

    it('has every member of every resource, and every parameter', () => {
        for (const [member] of rows('src/api/schemas.c', /^ {4}\{"(\w+)", FIELD_/gm)) assert.ok(doc.includes(`\`${member}\``) || doc.includes(`"${member}":`), member);
        for (const [parameter] of rows('src/api/list.c', /^ {4}\{"(\w+)", (?:read_|cursor_)/gm)) assert.ok(doc.includes(`\`${parameter}\``), parameter);
    });

    it('has every state of a message', () => {
        for (const [state] of rows('src/store/states.def', /^MESSAGE_STATE\(\w+, "(\w+)"\)/gm)) assert.ok(doc.includes(`\`${state}\``), state);
    });

    it('has every action of the audit log', () => {
        for (const [action] of rows('src/store/audit.def', /^AUDIT_ACTION\(\w+, "([\w.]+)"\)/gm)) assert.ok(doc.includes(`\`${action}\``), action);
    });

    it('has the limits', () => {
        const limits = Object.fromEntries(rows('src/http/limits.h', /^#define (\w+) ([^/\n]+?)\s*$/gm));
        const bytes = (name) => limits[name].replace(/[()]/g, '').split('*').reduce((product, factor) => product * Number(factor), 1);
        const seconds = (name) => `${bytes(name) / 1000} s`;
        for (const text of [
            `${bytes('HTTP_HEAD_MAX')} bytes, ${limits.HTTP_FIELDS_MAX} fields`, `${bytes('HTTP_TARGET_MAX')} bytes`, `${bytes('HTTP_BODY_MAX')} bytes`,
            seconds('HTTP_HEAD_MS'), seconds('HTTP_BODY_STALL_MS'), seconds('HTTP_IDLE_MS'),
        ]) assert.ok(doc.includes(text), text);
    });
});
