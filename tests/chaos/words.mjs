// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What a chaos run prints.
 */

const SHOWN = 5; /* of the violations of one invariant */

export function say(text) {
    process.stdout.write(`${text}\n`);
}

/** One line per invariant with its count of violations, and the first of them; whether there were none. */
export function printFindings(findings) {
    for (const { id, title, wrong, of } of findings) {
        say(`${id.padEnd(4)} ${title.padEnd(25)} ${String(wrong.length).padStart(4)}  of ${of}`);
        for (const one of wrong.slice(0, SHOWN)) say(`       ${one}`);
    }
    return findings.every(({ wrong }) => wrong.length === 0);
}
