// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The rows of checks/*.mjs (run.mjs tells their form), and what is wrong with them: a table that the tree has left behind would test nothing.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = new URL('checks/', import.meta.url);

/** The check forced to pass where it stands as `if (…) return …;`; its condition is still evaluated, for what that does besides. */
function forced(from) {
    const [, condition, rest] = /^if \((.*)\) (return [^;]*;)$/s.exec(from) ?? [];
    return condition && `if ((${condition}) && false) ${rest}`;
}

/** @returns every row of every table, in the order of the files' names */
export async function loadRows() {
    const tables = [];
    for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.mjs')).sort()) {
        tables.push((await import(new URL(name, FOLDER))).default);
    }
    return tables.flat().map((row) => ({ units: [], flows: [], store: 'sqlite', ...row, to: row.to ?? forced(row.from) }));
}

function occurrences(text, part) {
    return text.split(part).length - 1;
}

function faultsOfRow({ file, from, to, units, flows, store }, root) {
    const faults = [];
    if (!existsSync(join(root, file))) return [`there is no ${file}`];
    const count = occurrences(readFileSync(join(root, file), 'utf8'), from);
    if (count !== 1) faults.push(`its text occurs ${count} times in ${file}: ${from}`);
    if (to === undefined || to === from) faults.push('it changes nothing');
    if (units.length + flows.length === 0) faults.push('nothing could kill it');
    if (!['sqlite', 'postgres'].includes(store)) faults.push(`there is no store ${store}`);
    const witnesses = [
        ...units.map((name) => `tests/unit/${name}.c`),
        ...flows.map((name) => `tests/flow/${name.split('#')[0]}.test.mjs`),
    ];
    for (const path of witnesses) {
        if (!existsSync(join(root, path))) faults.push(`there is no ${path}`);
    }
    return faults;
}

/** What is wrong with the rows, a line for each fault. @param {string} root the tree's folder */
export function faultsOf(rows, root) {
    const seen = new Set(), faults = [];
    for (const row of rows) {
        if (seen.has(row.id)) faults.push(`${row.id}: two rows have this id`);
        seen.add(row.id);
        faults.push(...faultsOfRow(row, root).map((fault) => `${row.id}: ${fault}`));
    }
    return faults;
}
